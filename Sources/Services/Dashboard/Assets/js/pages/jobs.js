import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { addressOf, setQuery } from "../router.js";
import { empty, loading, problemNotice } from "../parts/notices.js";
import { newRun } from "../parts/newrun.js";
import { card, pageHead, plural, select, table } from "../parts/widgets.js";
import { moment } from "../time.js";

/** The jobs, by team and name. */
export function show(stage, { search, signal, setKeys, setTitle }) {
  setTitle("Jobs");
  const filter = {
    team: search.get("team") ?? "",
    text: search.get("text") ?? "",
    archived: search.get("archived") ?? "",
  };
  let jobs = [];
  let next;
  const box = h("input", {
    class: "input",
    type: "search",
    value: filter.text,
    "aria-label": "Search the jobs",
    placeholder: "Name or description",
    autocomplete: "off",
    onkeydown: (event) => {
      if (event.key === "Enter") change({ text: box.value.trim() });
    },
    onsearch: () => change({ text: box.value.trim() }),
  });
  const teams = h("span", {});
  const archived = select(
    [["", "Not archived"], ["true", "Archived"], ["all", "All"]],
    filter.archived,
    (value) => change({ archived: value }),
    { "aria-label": "Archived" },
  );
  const slot = h("div", {}, loading());
  replace(
    stage,
    pageHead({ title: "Jobs" }),
    h(
      "div",
      { class: "toolbar", role: "search" },
      h("div", { class: "search" }, icon("search"), box, h("kbd", { "aria-hidden": "true" }, "/")),
      teams,
      archived,
    ),
    slot,
  );
  setKeys({ "/": () => box.focus() }, [["/", "Search"]]);
  loadTeams();
  load();

  function change(part) {
    if (Object.entries(part).every(([name, value]) => filter[name] === value)) return;
    Object.assign(filter, part);
    setQuery(new URLSearchParams(Object.entries(filter).filter(([, value]) => value)));
    load();
  }

  async function loadTeams() {
    try {
      const answer = await get("/teams", {}, { signal });
      replace(
        teams,
        select(
          [["", "All teams"], ...answer.teams.map((team) => [team.name, team.name])],
          filter.team,
          (value) => change({ team: value }),
          { "aria-label": "Team" },
        ),
      );
    } catch { /* The list tells what is wrong. */ }
  }

  async function load(after) {
    try {
      const answer = await get("/jobs", { ...filter, after, limit: 100 }, { signal });
      jobs = after ? [...jobs, ...answer.jobs] : answer.jobs;
      next = answer.next;
      draw();
    } catch (problem) {
      if (problem.name !== "AbortError") replace(slot, problemNotice(problem, () => load()));
    }
  }

  function draw() {
    if (jobs.length === 0) {
      const isFiltered = Object.values(filter).some(Boolean);
      replace(
        slot,
        h(
          "div",
          { class: "card" },
          empty({
            title: isFiltered ? "No job matches" : "There is no job yet",
            drawing: "jobs",
            text: isFiltered
              ? "Search for something else, or show the archived ones too."
              : "A job is a YAML file: its tasks, variables and resources. Apply one with:",
            children: !isFiltered && h("code", {}, "slipway job apply FILE"),
          }),
        ),
      );
      return;
    }
    replace(
      slot,
      card(
        "Jobs",
        table("Jobs", [
          ["Job", (job) => h("a", { href: addressOf.job(job.team, job.name) }, job.name), "nowrap"],
          ["Team", (job) => job.team, "nowrap"],
          ["Version", (job) => `v${job.version}`, "number"],
          [
            "",
            (
              job,
            ) => [
              job.paused_at && h("span", { class: "tag" }, "paused"),
              job.archived_at && h("span", { class: "tag" }, "archived"),
            ],
          ],
          ["Description", (job) => job.description ?? "", "wrap"],
          ["Tasks", (job) => job.task_count, "number"],
          ["Tags", (job) => (job.tags ?? []).map((tag) => [h("span", { class: "tag" }, tag), " "])],
          ["Changed", (job) => moment(job.updated_at), "nowrap"],
          ["", (job) =>
            h("button", {
              class: "button small",
              type: "button",
              disabled: Boolean(job.archived_at),
              "aria-label": `New run of ${job.name}`,
              onclick: () => newRun(job),
            }, "Run…")],
        ], jobs),
        { isPlain: true, end: `${plural(jobs.length, "job")}${next ? " so far" : ""}` },
      ),
      next && h("button", { class: "button", type: "button", onclick: () => load(next) }, "Show more"),
    );
  }
}
