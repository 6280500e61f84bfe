import { append, h, replace } from "../dom.js";
import { addressOf } from "../router.js";
import { badge, sentence, stateFill, stateWord } from "../states.js";
import { duration, moment } from "../time.js";
import { card, facts, shortID, table } from "../parts/widgets.js";
import { taskGraph } from "./graph.js";
import { gantt } from "./gantt.js";

/** Where the run's time went, its tasks, and the runs that belong together with it. */
export function showOverview(panel, context) {
  const slots = { timeline: h("div", {}), tasks: h("div", {}), warnings: h("div", {}), chain: h("div", {}) };
  append(panel, Object.values(slots));
  const shown = {};
  return context.watch((run) => {
    draw("timeline", [run.states], () => timeline(run));
    draw("tasks", [run.tasks, Boolean(context.state.spec)], () => tasks(run, context));
    draw("warnings", [run.first_warnings], () => run.first_warnings?.length > 0 && warnings(run));
    draw("chain", [run.chain, run.placements, run.cost], () => [chain(run), placements(run)]);
  });

  function draw(name, facts, make) {
    const key = JSON.stringify(facts);
    if (shown[name] === key) return;
    // What a person is using is not taken from under their hands: it is drawn at the next change.
    if (shown[name] !== undefined && slots[name].contains(document.activeElement)) return;
    shown[name] = key;
    replace(slots[name], make());
  }
}

function timeline(run) {
  const stays = run.states.filter((stay) => stay.seconds !== undefined);
  const total = stays.reduce((sum, stay) => sum + Number(stay.seconds), 0);
  const shown = new Map();
  for (const stay of stays) shown.set(stay.state, (shown.get(stay.state) ?? 0) + Number(stay.seconds));
  return card("Time in each state", [
    h(
      "div",
      {
        class: "timeline",
        role: "img",
        "aria-label": stays.map((stay) => `${stateWord(stay.state)} ${duration(Number(stay.seconds))}`).join(", "),
      },
      stays.map((stay) =>
        h("span", {
          class: stateFill(stay.state),
          title: `${stateWord(stay.state)} ${duration(Number(stay.seconds))}`,
          style: { flex: `${(1000 * Math.max(Number(stay.seconds), total / 400) / (total || 1)).toFixed(2)} 1 0` },
        })
      ),
    ),
    h(
      "ol",
      { class: "legend" },
      [...shown].map(([state, seconds]) =>
        h(
          "li",
          {},
          h("i", { class: stateFill(state) }),
          stateWord(state),
          " ",
          h("strong", {}, duration(seconds)),
          total > 0 && h("span", { class: "faint" }, ` ${Math.round(100 * seconds / total)} %`),
        )
      ),
    ),
  ], { end: `${duration(total)} in all` });
}

function tasks(run, context) {
  const list = run.tasks ?? [];
  if (list.length === 0) return card("Tasks", h("p", { class: "soft" }, "The job has no tasks to show."));
  const open = (task) => context.openLogs(`task/${task.name}`);
  const needs = new Map(
    (context.state.spec?.tasks ?? []).map((
      task,
      index,
      all,
    ) => [task.name, task.needs ?? (index > 0 ? [all[index - 1].name] : [])]),
  );
  return [
    list.length > 1 && list.length <= 300 && needs.size > 0 &&
    card("Task graph", taskGraph(list, needs, open), { isPlain: true }),
    card("Tasks", [
      gantt(run, list.slice(0, 500), open),
      table(
        "Tasks",
        [
          [
            "Task",
            (task) =>
              h("button", { class: "button small quiet", type: "button", onclick: () => open(task) }, task.name),
          ],
          ["State", (task) => badge(task.state, { kind: "task", warnings: task.warnings })],
          ["Attempt", (task) => task.attempt || "", "number"],
          ["Took", (task) => duration(task.seconds), "number nowrap"],
          [
            "Progress",
            (task) =>
              task.items
                ? itemWords(task.items)
                : task.progress
                ? `${task.progress.done} of ${task.progress.total ?? "?"}`
                : "",
          ],
          ["", (task) =>
            [
              task.failure?.message,
              task.note,
              task.carried_from &&
              ["taken over from ", h("a", { href: addressOf.run(task.carried_from) }, shortID(task.carried_from))],
              !task.failure?.message && task.exit_code > 0 && `exit code ${task.exit_code}`,
            ].filter(Boolean), "wrap"],
        ],
        list.slice(0, 500),
        { isCompact: true },
      ),
    ], { isPlain: true, end: list.length > 500 ? "the first 500" : `${list.length}` }),
  ];
}

const itemWords = (items) =>
  Object.entries(items).filter(([state]) => state !== "total").map(([state, count]) =>
    `${count} ${stateWord(state, "task").toLowerCase()}`
  ).join(", ");

function warnings(run) {
  return card(
    "Warnings",
    h(
      "ul",
      {},
      run.first_warnings.map((warning) =>
        h("li", {}, warning.task && h("strong", {}, `${warning.task}: `), warning.message)
      ),
    ),
    { end: `${run.warnings}` },
  );
}

function chain(run) {
  if ((run.chain?.length ?? 0) < 2) return null;
  return card(
    "Chain of retries",
    h(
      "ol",
      { class: "chain" },
      run.chain.map((link) =>
        h(
          "li",
          {},
          h(
            "span",
            { class: link.id === run.id && "here" },
            badge(link.state),
            " ",
            link.id === run.id
              ? h("strong", {}, "this run")
              : h("a", { href: addressOf.run(link.id) }, shortID(link.id)),
            h(
              "span",
              { class: "faint" },
              ` v${link.version}${link.origin_kind ? ` · ${link.origin_kind}` : ""}`,
              link.reason && ` · ${sentence(link.reason).toLowerCase()}`,
            ),
          ),
        )
      ),
    ),
  );
}

function placements(run) {
  if (!run.placements?.length) return null;
  return card(
    "Placements that did not end well",
    run.placements.map((placement) => [
      facts([
        ["Placement", placement.placement],
        ["Outcome", sentence(placement.outcome)],
        ["Reason", placement.reason && sentence(placement.reason)],
        ["Message", placement.message],
        ["Node", placement.node],
        ["Begun", moment(placement.started_at)],
        ["Ended", moment(placement.ended_at)],
      ]),
      placement.evidence &&
      h(
        "details",
        {},
        h("summary", {}, "Evidence"),
        h("pre", { class: "trace", tabindex: "0" }, JSON.stringify(placement.evidence, null, 2)),
      ),
    ]),
  );
}
