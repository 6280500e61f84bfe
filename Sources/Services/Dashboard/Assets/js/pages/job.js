import { get, part, send } from "../api.js";
import { h, replace } from "../dom.js";
import { addressOf, setQuery } from "../router.js";
import { showDialog, whyField } from "../parts/dialogs.js";
import { empty, loading, notice, problemNotice, toast } from "../parts/notices.js";
import { newRun } from "../parts/newrun.js";
import { valueText } from "../parts/variables.js";
import { card, menu, pageHead, plural, select, table, tabs, tiles } from "../parts/widgets.js";
import { scheduleTable, upcomingList } from "../parts/schedules.js";
import { badge, isOver, stateFill, stateWord } from "../states.js";
import { duration, moment, secondsBetween } from "../time.js";

/** One job: how its runs go, its versions and what differs between them, its schedules. */
export function show(stage, { parameters, search, signal, setKeys, setTitle }) {
  const path = `/jobs/${part(parameters.team)}/${part(parameters.name)}`;
  setTitle(parameters.name);
  const slot = h("div", {}, loading());
  replace(stage, slot);
  let tabBar = null;
  signal.addEventListener("abort", () => tabBar?.end());
  load();

  async function load(current) {
    try {
      const job = await get(path, {}, { signal });
      draw(job, current ?? search.get("tab") ?? "overview");
    } catch (problem) {
      if (problem.name !== "AbortError") {
        replace(
          slot,
          pageHead({ title: parameters.name, crumbs: [["Jobs", "/jobs"], [parameters.team], [parameters.name]] }),
          problem.status === 404
            ? notice({ title: "There is no such job", text: problem.message })
            : problemNotice(problem, () => load()),
        );
      }
    }
  }

  function draw(job, current) {
    let shown = current;
    const run = () => newRun(job);
    setKeys(job.archived_at ? {} : { n: run }, [["n", "New run"]]);
    tabBar?.end();
    tabBar = tabs(
      "Parts of the job",
      [
        ["overview", "Overview", (panel) => {
          overview(panel, job);
        }],
        ["versions", "Versions", (panel) => {
          versions(panel, job);
        }],
        ["schedules", "Schedules", (panel) => {
          schedules(panel, job);
        }],
        ["file", "File", (panel) => {
          panel.append(
            card(
              `Version ${job.version} as it is executed`,
              h("pre", { class: "code", tabindex: "0" }, JSON.stringify(job.spec, null, 2)),
              { isPlain: true },
            ),
          );
        }],
      ],
      current,
      (tab) => {
        shown = tab;
        setQuery(new URLSearchParams(tab === "overview" ? {} : { tab }));
      },
    );
    const act = (verb, word, text) => () => {
      const why = whyField();
      showDialog({
        title: `${word} ${job.name}`,
        body: [h("p", {}, text), why.element],
        confirmWord: word,
        confirm: async () => {
          await send("POST", `${path}/${verb}`, { why: why.value() });
          toast(`${job.name}: ${verb} done.`);
          load(shown);
        },
      });
    };
    const more = [
      job.paused_at ? ["Resume the job…", act("resume", "Resume", "Its schedules create runs again.")] : [
        "Pause the job…",
        act("pause", "Pause", "Its schedules create no runs until it is resumed. Runs that exist are not touched."),
      ],
      job.archived_at ? ["Unarchive…", act("unarchive", "Unarchive", "It can be changed and run again.")] : [
        "Archive…",
        act("archive", "Archive", "It leaves the lists and can no longer be run. Its runs stay."),
        true,
      ],
    ];
    replace(
      slot,
      pageHead({
        crumbs: [["Jobs", "/jobs"], [job.team, `/jobs?team=${part(job.team)}`], [job.name]],
        title: job.name,
        sub: h(
          "span",
          { class: "sub" },
          `v${job.version}`,
          job.paused_at && [" ", h("span", { class: "tag" }, "paused")],
          job.archived_at && [" ", h("span", { class: "tag" }, "archived")],
          (job.tags ?? []).map((tag) => [" ", h("span", { class: "tag" }, tag)]),
        ),
        actions: [
          !job.archived_at && h("button", { class: "button primary", type: "button", onclick: run }, "New run"),
          menu("More", more),
        ],
      }),
      job.description && h("p", { class: "soft" }, job.description),
      h(
        "p",
        { class: "faint" },
        [
          `Kind ${job.kind || "none"}`,
          job.owner && `owner ${job.owner}`,
          `on ${job.cluster ?? "a cluster by labels"}`,
        ].filter(Boolean).join(" · "),
        " · changed ",
        moment(job.updated_at),
      ),
      tabBar.element,
    );
  }

  // Overview

  async function overview(panel, job) {
    const slots = [h("div", {}, loading()), h("div", {}), h("div", {})];
    replace(panel, slots);
    const names = Object.keys(job.variables ?? {}).sort();
    if (names.length > 0) {
      replace(
        slots[2],
        card(
          "Variables",
          table(
            "Variables",
            [
              ["Variable", (name) => h("code", {}, name), "nowrap"],
              ["Type", (name) => job.variables[name].type, "nowrap"],
              [
                "Default",
                (name) =>
                  job.variables[name].default === undefined
                    ? h("span", { class: "faint" }, "required")
                    : h("span", { class: "mono" }, valueText(job.variables[name].default)),
                "wrap",
              ],
              ["", (name) => job.variables[name].description ?? "", "wrap"],
            ],
            names,
            { isCompact: true },
          ),
          { isPlain: true },
        ),
      );
    }
    try {
      const [statistics, { runs }] = await Promise.all([
        get(`${path}/statistics`, {}, { signal }),
        get("/runs", { team: job.team, job: job.name, limit: 60 }, { signal }),
      ]);
      if (runs.length === 0) {
        replace(
          slots[0],
          h(
            "div",
            { class: "card" },
            empty({
              title: "The job has not run yet",
              text: "Create a run, or give it a schedule in its file.",
              children: !job.archived_at && h("button", {
                class: "button",
                type: "button",
                onclick: () => newRun(job),
              }, "New run"),
            }),
          ),
        );
        return;
      }
      replace(
        slots[0],
        card(
          "How it goes",
          tiles([
            [
              "Success rate",
              statistics.success_rate === undefined
                ? "–"
                : `${(statistics.success_rate * 100).toFixed(statistics.success_rate === 1 ? 0 : 1)} %`,
            ],
            ["Runs counted", statistics.runs],
            ["Failed", statistics.failed + statistics.timeout],
            ["Half run within", duration(statistics.running_seconds?.p50)],
            ["95 % run within", duration(statistics.running_seconds?.p95)],
            ["Half are over within", duration(statistics.total_seconds?.p50)],
          ]),
        ),
      );
      replace(
        slots[1],
        card("The latest runs", [
          durations(runs),
          table(
            "The latest runs",
            [
              ["State", (run) => badge(run.state, { warnings: run.warnings }), "nowrap"],
              ["Run", (run) => h("a", { class: "mono", href: addressOf.run(run.id) }, run.id.slice(-12)), "nowrap"],
              ["Version", (run) => `v${run.version}`, "number"],
              ["Created", (run) => moment(run.created_at), "nowrap"],
              ["Ran for", (run) => duration(secondsBetween(run.running_at, run.ended_at)), "number nowrap"],
              ["Message", (run) => run.message ?? "", "wrap"],
            ],
            runs.slice(0, 15),
            { isCompact: true },
          ),
        ], { isPlain: true, end: h("a", { href: addressOf.runs({ team: job.team, job: job.name }) }, "All runs") }),
      );
    } catch (problem) {
      if (problem.name !== "AbortError") replace(slots[0], problemNotice(problem, () => overview(panel, job)));
    }
  }

  // Versions

  async function versions(panel, job) {
    replace(panel, loading());
    try {
      const answer = await get(`${path}/versions`, { limit: 100 }, { signal });
      const all = answer.versions;
      const difference = h("div", {});
      const wanted = Number(search.get("version")) || job.version;
      let to = all.some((version) => version.version === wanted) ? wanted : job.version;
      let from = Math.max(1, to - 1);
      const numbers = all.map((version) => [String(version.version), `v${version.version}`]);
      const choose = async () => {
        replace(difference, loading());
        try {
          replace(difference, differences(await get(`${path}/diff`, { from, to }, { signal })));
        } catch (problem) {
          if (problem.name !== "AbortError") replace(difference, problemNotice(problem, choose));
        }
      };
      replace(
        panel,
        card(
          "Versions",
          table(
            "Versions",
            [
              ["Version", (version) => h("strong", {}, `v${version.version}`), "nowrap"],
              ["Created", (version) => moment(version.created_at), "nowrap"],
              ["By", (version) => version.created_by ?? ""],
              ["Tasks", (version) => version.task_count, "number"],
              ["Image", (version) => version.image ?? "", "wrap"],
            ],
            all,
            { isCompact: true },
          ),
          { isPlain: true, end: answer.next !== undefined && "the newest 100" },
        ),
        all.length > 1 && card("What differs", difference, {
          isPlain: true,
          end: [
            h("span", {}, "from"),
            select(numbers, String(from), (value) => {
              from = Number(value);
              choose();
            }, { "aria-label": "From version" }),
            h("span", {}, "to"),
            select(numbers, String(to), (value) => {
              to = Number(value);
              choose();
            }, { "aria-label": "To version" }),
          ],
        }),
      );
      if (all.length > 1) choose();
    } catch (problem) {
      if (problem.name !== "AbortError") replace(panel, problemNotice(problem, () => versions(panel, job)));
    }
  }

  async function schedules(panel, job) {
    replace(panel, loading());
    try {
      const [{ schedules: all }, upcoming] = await Promise.all([
        get(`${path}/schedules`, {}, { signal }),
        get("/upcoming-runs", { team: job.team, job: job.name, limit: 30 }, { signal }),
      ]);
      if (all.length === 0) {
        replace(
          panel,
          h(
            "div",
            { class: "card" },
            empty({
              title: "No schedules",
              text: "Write them under schedules in the job file, or:",
              drawing: "schedules",
              children: h("code", {}, `slipway schedule create ${job.name} …`),
            }),
          ),
        );
        return;
      }
      replace(
        panel,
        card("Schedules", scheduleTable(all, { changed: () => schedules(panel, job) }), {
          isPlain: true,
          end: plural(all.length, "schedule"),
        }),
        card("To come", upcomingList(upcoming), { isPlain: true }),
      );
    } catch (problem) {
      if (problem.name !== "AbortError") replace(panel, problemNotice(problem, () => schedules(panel, job)));
    }
  }
}

/** The latest runs as bars as long as they ran, the newest at the right. */
function durations(runs) {
  const over = runs.filter((run) => isOver(run.state)).reverse();
  if (over.length < 2) return null;
  const seconds = over.map((run) => secondsBetween(run.running_at, run.ended_at) ?? 0);
  const longest = Math.max(1e-3, ...seconds);
  return h(
    "div",
    { class: "card-body" },
    h(
      "div",
      {
        class: "history",
        role: "group",
        "aria-label": `Durations of the last ${over.length} runs, the longest ${duration(longest)}`,
      },
      over.map((run, index) =>
        h("a", {
          class: stateFill(run.state),
          href: addressOf.run(run.id),
          title: `${stateWord(run.state)}, ${duration(seconds[index]) || "did not run"}`,
          "aria-label": `${stateWord(run.state)}, ${duration(seconds[index]) || "did not run"}`,
          style: { height: `${Math.max(5, 100 * seconds[index] / longest)}%` },
        })
      ),
    ),
  );
}

function differences(answer) {
  if (answer.differences.length === 0) {
    return h("p", { class: "card-body soft" }, `v${answer.from} and v${answer.to} are the same.`);
  }
  const text = (value) => typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return h(
    "div",
    { class: "diff" },
    answer.differences.map((difference) =>
      h(
        "div",
        { class: "diff-row" },
        h("div", {}, h("strong", {}, difference.path), h("span", { class: "faint" }, ` ${difference.kind}`)),
        difference.too_long && h("span", { class: "faint" }, "too long to show here"),
        difference.before !== undefined &&
          h(
            "pre",
            { class: "before" },
            h("span", { "aria-hidden": "true" }, "− "),
            h("span", { class: "visually-hidden" }, "before: "),
            text(difference.before),
          ),
        difference.after !== undefined &&
          h(
            "pre",
            { class: "after" },
            h("span", { "aria-hidden": "true" }, "+ "),
            h("span", { class: "visually-hidden" }, "after: "),
            text(difference.after),
          ),
      )
    ),
    answer.difference_count > answer.differences.length &&
      h("p", { class: "card-body faint" }, `and ${answer.difference_count - answer.differences.length} more`),
  );
}
