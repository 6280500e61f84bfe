import { h, svg } from "../dom.js";
import { badge, stateTone } from "../states.js";

const WIDTH = 176;
const HEIGHT = 46;
const ACROSS = 58;
const DOWN = 14;
const EDGE = 16;

/** Each task's column: one more than the farthest of those it needs. Exported for its test. */
export function layers(names, needs) {
  const column = new Map();
  const visiting = new Set();
  function place(name) {
    if (column.has(name)) return column.get(name);
    if (visiting.has(name)) return 0;
    visiting.add(name);
    const before = (needs.get(name) ?? []).filter((other) => needs.has(other));
    const mine = before.length ? Math.max(...before.map(place)) + 1 : 0;
    visiting.delete(name);
    column.set(name, mine);
    return mine;
  }
  names.forEach(place);
  return column;
}

/** The tasks as boxes from left to right, with lines from what each needs. */
export function taskGraph(tasks, needs, open) {
  const column = layers(tasks.map((task) => task.name), needs);
  const columns = [];
  for (const task of tasks) (columns[column.get(task.name)] ??= []).push(task);
  const row = new Map();
  // A task stands near the middle of those it needs, so that lines cross less.
  columns.forEach((members, index) => {
    if (index > 0) {
      const middle = (task) => {
        const before = (needs.get(task.name) ?? []).map((name) => row.get(name)).filter((value) =>
          value !== undefined
        );
        return before.length ? before.reduce((sum, value) => sum + value, 0) / before.length : 0;
      };
      members.sort((left, right) => middle(left) - middle(right));
    }
    members.forEach((task, place) => row.set(task.name, place));
  });
  const tallest = Math.max(...columns.map((members) => members.length));
  const width = columns.length * (WIDTH + ACROSS) - ACROSS + 2 * EDGE;
  const height = tallest * (HEIGHT + DOWN) - DOWN + 2 * EDGE;
  const left = (task) => EDGE + column.get(task.name) * (WIDTH + ACROSS);
  const top = (task) => {
    const members = columns[column.get(task.name)].length;
    return EDGE + (tallest - members) * (HEIGHT + DOWN) / 2 + row.get(task.name) * (HEIGHT + DOWN);
  };
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const edges = tasks.flatMap((task) =>
    (needs.get(task.name) ?? []).map((name) => byName.get(name)).filter(Boolean).map((source) => {
      const [x1, y1, x2, y2] = [left(source) + WIDTH, top(source) + HEIGHT / 2, left(task), top(task) + HEIGHT / 2];
      const bend = (x2 - x1) / 2;
      return svg("path", {
        class: ["edge", source.state === "succeeded" && "done"],
        d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`,
      });
    })
  );
  return h(
    "div",
    { class: "graph", tabindex: "0", role: "group", "aria-label": "Task graph" },
    h(
      "div",
      { class: "graph-canvas", style: { width: `${width}px`, height: `${height}px` } },
      svg("svg", { width, height, "aria-hidden": "true" }, edges),
      tasks.map((task) =>
        h(
          "button",
          {
            type: "button",
            class: `edge-${stateTone(task.state, "task")}`,
            title: task.name,
            onclick: () => open(task),
            "data-task": task.name,
            "aria-label": `${task.name}, ${task.state.replaceAll("_", " ")}${
              needs.get(task.name)?.length ? `, needs ${needs.get(task.name).join(", ")}` : ""
            }`,
            style: { left: `${left(task)}px`, top: `${top(task)}px`, width: `${WIDTH}px`, height: `${HEIGHT}px` },
          },
          h("span", { class: "name clip" }, task.name),
          badge(task.state, { kind: "task" }),
        )
      ),
    ),
  );
}
