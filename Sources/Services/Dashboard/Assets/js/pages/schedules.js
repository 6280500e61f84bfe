import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { setQuery } from "../router.js";
import { empty, loading, problemNotice } from "../parts/notices.js";
import { card, pageHead, plural, select } from "../parts/widgets.js";
import { scheduleTable, upcomingList } from "../parts/schedules.js";

/** All schedules, and the calendar of what they will create. */
export function show(stage, { search, signal, setTitle }) {
  setTitle("Schedules");
  let team = search.get("team") ?? "";
  const teams = h("span", {});
  const slot = h("div", {}, loading());
  replace(stage, pageHead({ title: "Schedules" }), h("div", { class: "toolbar" }, teams), slot);
  get("/teams", {}, { signal }).then(
    (answer) =>
      replace(
        teams,
        select([["", "All teams"], ...answer.teams.map((one) => [one.name, one.name])], team, (value) => {
          team = value;
          setQuery(new URLSearchParams(team ? { team } : {}));
          load();
        }, { "aria-label": "Team" }),
      ),
    () => {},
  );
  load();

  async function load() {
    try {
      const [{ schedules, next }, upcoming] = await Promise.all([
        get("/schedules", { team, limit: 300 }, { signal }),
        get("/upcoming-runs", { team, limit: 100 }, { signal }),
      ]);
      replace(
        slot,
        schedules.length === 0
          ? h(
            "div",
            { class: "card" },
            empty({
              title: "No schedules",
              text:
                "A schedule creates runs of a job: by cron, at intervals, once, or always one. Write it under schedules in the job file, or:",
              drawing: "schedules",
              children: h("code", {}, "slipway schedule create JOB …"),
            }),
          )
          : [
            card("Schedules", scheduleTable(schedules, { showsJob: true, changed: load }), {
              isPlain: true,
              end: `${plural(schedules.length, "schedule")}${next ? " so far" : ""}`,
            }),
            card("To come", upcomingList(upcoming), { isPlain: true, end: "in this browser’s time" }),
          ],
      );
    } catch (problem) {
      if (problem.name !== "AbortError") replace(slot, problemNotice(problem, load));
    }
  }
}
