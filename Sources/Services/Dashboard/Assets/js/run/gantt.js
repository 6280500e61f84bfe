import { h } from "../dom.js";
import { stateFill } from "../states.js";
import { duration } from "../time.js";

/** The tasks as bars over the time in which they executed. */
export function gantt(run, tasks, open) {
  const begun = tasks.filter((task) => task.started_at && !task.carried_from);
  if (begun.length === 0) return null;
  const start = Math.min(...begun.map((task) => Date.parse(task.started_at)));
  const now = run.ended_at ? Date.parse(run.ended_at) : Date.now();
  const end = Math.max(start + 1, ...begun.map((task) => task.ended_at ? Date.parse(task.ended_at) : now));
  const share = (moment) => `${(100 * (moment - start) / (end - start)).toFixed(3)}%`;
  return h(
    "div",
    { class: "gantt" },
    begun.map((task) => {
      const from = Date.parse(task.started_at);
      const until = task.ended_at ? Date.parse(task.ended_at) : now;
      const seconds = Math.max(0, (until - from) / 1000);
      return h(
        "div",
        { class: "gantt-row" },
        h("button", { class: "clip", type: "button", title: task.name, onclick: () => open(task) }, task.name),
        h(
          "div",
          { class: "lane" },
          h("span", {
            class: stateFill(task.state, "task"),
            title: `${task.name}: ${duration(seconds)}, begun after ${duration((from - start) / 1000)}`,
            style: { left: `min(${share(from)}, calc(100% - 3px))`, width: share(start + Math.max(0, until - from)) },
          }),
        ),
        h("span", { class: "faint" }, duration(seconds)),
      );
    }),
    h(
      "div",
      { class: "gantt-axis", "aria-hidden": "true" },
      h("span", {}),
      h(
        "div",
        {},
        h("span", {}, "0"),
        h("span", {}, duration((end - start) / 2000)),
        h("span", {}, duration((end - start) / 1000)),
      ),
      h("span", {}),
    ),
  );
}
