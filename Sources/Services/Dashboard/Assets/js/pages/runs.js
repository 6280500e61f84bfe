import { get, poll } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { removeView, saveView, views } from "../preferences.js";
import { addressOf, go, setQuery } from "../router.js";
import { actions, actOnMany } from "../parts/actions.js";
import { field, showDialog } from "../parts/dialogs.js";
import { empty, loading, problemNotice, toast } from "../parts/notices.js";
import { newRun } from "../parts/newrun.js";
import { card, menu, pageHead, plural, select } from "../parts/widgets.js";
import { asBody, blank, names, parameters, read, write } from "./runfilter.js";
import { RunRows } from "./runrows.js";
import { runStates, stateIcon, stateWord } from "../states.js";

const PAGE = 50;
const MOST = 500;
const EVERY = 2000;
const chipNames = ["search", "job", "kind", "schedule", "variable", "released", "origin"];
const shortcuts = [
  [
    "Unfinished",
    runStates.filter((state) => !["succeeded", "failed", "cancelled", "timeout"].includes(state)).join(","),
  ],
  ["Waiting", "pending,paused,ready"],
  ["Running", "running"],
  ["Failed", "failed,timeout"],
  ["Succeeded", "succeeded"],
];
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The list of runs. What is shown stands in the address. */
export function show(stage, { search, signal, setKeys, setTitle }) {
  setTitle("Runs");
  let filter = read(search);
  let runs = [];
  let next = null;
  let isLoaded = false;
  let asked = 0;

  const status = h("span", { role: "status", "aria-live": "polite" });
  const searchBox = h("input", {
    class: "input",
    type: "search",
    "aria-label": "Search the runs",
    placeholder: "Job, run id, or variable=value",
    autocomplete: "off",
    spellcheck: "false",
    onkeydown: (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        find(searchBox.value.trim());
      }
    },
  });
  const shortcutBar = h("div", { class: "chips", role: "group", "aria-label": "States" });
  const chipBar = h("div", { class: "chips" });
  const teamSlot = h("span", {});
  const triggerSlot = h("span", {});
  const viewSlot = h("span", {});
  const list = h("div", {}, loading("Loading the runs…"));
  const batch = h("div", { class: "batch-place" });
  const rows = new RunRows({ selectionChanged: showBatch, open: (run) => go(addressOf.run(run.id)) });

  replace(
    stage,
    pageHead({
      title: "Runs",
      actions: h(
        "button",
        { class: "button primary", type: "button", onclick: () => newRun() },
        icon("plus"),
        "New run",
      ),
    }),
    h(
      "div",
      { class: "toolbar", role: "search" },
      h("div", { class: "search" }, icon("search"), searchBox, h("kbd", { "aria-hidden": "true" }, "/")),
      teamSlot,
      triggerSlot,
      menu("State", runStates.map((state) => [stateWord(state), () => toggleState(state)])),
      viewSlot,
    ),
    h("div", { class: "toolbar" }, shortcutBar, chipBar, h("span", { class: "end" }, status)),
    list,
    batch,
  );

  drawFilter();
  loadTeams();
  refresh();
  const polling = poll(() => refresh(true), EVERY);
  signal.addEventListener("abort", () => polling.stop());

  setKeys({
    j: () => rows.move(1),
    k: () => rows.move(-1),
    x: () => rows.toggleCurrent(),
    Enter: () => rows.openCurrent(),
    "/": () => searchBox.focus(),
    n: () => newRun(),
    Escape: () => rows.clear(),
    A: () => rows.selectAll(),
    C: () => actSelected("cancel"),
    R: () => actSelected("retry"),
  }, [
    ["j", "Next run"],
    ["k", "Previous run"],
    ["x", "Select or leave out"],
    ["Enter", "Open the run"],
    ["/", "Search"],
    ["A", "Select all that are shown"],
    ["C", "Cancel the selection"],
    ["R", "Retry the selection"],
    ["Escape", "Select nothing"],
    ["n", "New run"],
  ]);

  // Loading

  async function refresh(isQuiet) {
    asked += 1;
    const mine = asked;
    try {
      const wanted = Math.min(MOST, Math.max(PAGE, runs.length));
      const answer = await get("/runs", { ...parameters(filter), limit: wanted }, { signal });
      if (mine !== asked) return;
      runs = isQuiet && runs.length > wanted ? [...answer.runs, ...runs.slice(wanted)] : answer.runs;
      if (!isQuiet || runs.length <= wanted) next = answer.next ?? null;
      isLoaded = true;
      draw();
    } catch (problem) {
      if (problem.name === "AbortError" || mine !== asked) return;
      if (!isQuiet || !isLoaded) replace(list, problemNotice(problem, () => refresh()));
      if (isQuiet) throw problem;
    }
  }

  async function more(button) {
    button.disabled = true;
    try {
      const answer = await get("/runs", { ...parameters(filter), limit: PAGE, after: next }, { signal });
      const known = new Set(runs.map((run) => run.id));
      runs = [...runs, ...answer.runs.filter((run) => !known.has(run.id))];
      next = answer.next ?? null;
      draw();
    } catch (problem) {
      button.disabled = false;
      toast(problem.message, { tone: "bad" });
    }
  }

  async function loadTeams() {
    try {
      const { teams } = await get("/teams", {}, { signal });
      replace(
        teamSlot,
        select(
          [["", "All teams"], ...teams.map((team) => [team.name, team.name])],
          filter.team[0],
          (value) => change({ team: value ? [value] : [] }),
          { "aria-label": "Team" },
        ),
      );
    } catch { /* The list itself tells what is wrong. */ }
  }

  // Drawing

  function draw() {
    status.textContent = runs.length === 0 ? "" : `${runs.length}${next ? "+" : ""} shown`;
    if (runs.length === 0) {
      const isFiltered = names.some((name) => filter[name].length > 0);
      replace(
        list,
        card(
          "Runs",
          isFiltered
            ? empty({
              title: "No run matches",
              text: "Nothing that is known fits all parts of the filter.",
              children: h("button", {
                class: "button",
                type: "button",
                onclick: () => change(blank()),
              }, "Clear the filter"),
            })
            : empty({
              title: "Nothing has run yet",
              text: "A run is one execution of a job. Apply a job file, then create a run of it here or with:",
              children: h("code", {}, "slipway run create JOB"),
            }),
          { isPlain: true },
        ),
      );
      rows.reset();
      showBatch();
      return;
    }
    if (!list.contains(rows.element)) {
      replace(list, h("div", { class: "card" }, rows.element), h("p", { class: "more" }));
    }
    rows.show(runs);
    const foot = list.querySelector(".more");
    if (!next) replace(foot);
    else if (!foot.firstChild) {
      const button = h("button", { class: "button", type: "button", onclick: () => more(button) }, "Show older runs");
      replace(foot, button);
    } else foot.firstChild.disabled = false;
    showBatch();
  }

  function drawFilter() {
    const states = filter.state.join(",");
    replace(
      shortcutBar,
      shortcuts.map(([word, value]) =>
        h("button", {
          class: "chip",
          type: "button",
          "aria-pressed": String(states === value),
          onclick: () => change({ state: states === value ? [] : value.split(",") }),
        }, word)
      ),
      shortcuts.every(([, value]) => value !== states) && filter.state.map((state) =>
        chip(
          [stateIcon(state), stateWord(state)],
          `Leave out ${stateWord(state)}`,
          () => toggleState(state),
        )
      ),
    );
    replace(
      chipBar,
      chipNames.flatMap((name) =>
        filter[name].map((value) =>
          chip(
            `${name}: ${value}`,
            `Remove ${name} ${value}`,
            () => change({ [name]: filter[name].filter((other) => other !== value) }),
          )
        )
      ),
    );
    replace(
      triggerSlot,
      select(
        [["", "Any trigger"], ["manual", "By hand"], ["schedule", "By a schedule"], ["backfill", "By a backfill"]],
        filter.trigger[0],
        (value) => change({ trigger: value ? [value] : [] }),
        { "aria-label": "Trigger" },
      ),
    );
    replace(
      viewSlot,
      menu([icon("bookmark"), "Views"], [
        ...views().map((view) => [view.name, () => go(`/runs${view.query ? `?${view.query}` : ""}`)]),
        ["Save this view…", save],
        ...views().map((view) => [`Forget ${view.name}`, () => {
          removeView(view.name);
          drawFilter();
        }, true]),
      ]),
    );
  }

  function chip(content, label, remove) {
    return h(
      "button",
      { class: "chip", type: "button", "aria-label": label, onclick: remove },
      content,
      h("span", { class: "remove", "aria-hidden": "true" }, "×"),
    );
  }

  // The filter

  function change(part) {
    filter = { ...filter, ...part };
    setQuery(write(filter));
    runs = [];
    next = null;
    isLoaded = false;
    rows.clear();
    drawFilter();
    const team = teamSlot.querySelector("select");
    if (team) team.value = filter.team[0] ?? "";
    replace(list, loading("Loading the runs…"));
    refresh();
  }

  function toggleState(state) {
    change({
      state: filter.state.includes(state)
        ? filter.state.filter((other) => other !== state)
        : [...filter.state, state],
    });
  }

  function find(text) {
    searchBox.value = "";
    if (!text) return;
    if (uuid.test(text)) go(addressOf.run(text));
    else if (/^[^=\s]+=/.test(text)) change({ variable: [...filter.variable, text] });
    else searchFor(text);
  }

  /** Words are looked for in all that a run tells; an API that cannot do that takes them for a job's name. */
  async function searchFor(text) {
    try {
      await get("/runs", { search: text, limit: 1 }, { signal });
      change({ search: [text] });
    } catch (problem) {
      if (problem.errors?.some((error) => error.field === "search" && error.message.includes("not a parameter"))) {
        change({ job: [text] });
      } else if (problem.name !== "AbortError") toast(problem.message, { tone: "bad" });
    }
  }

  function save() {
    const input = h("input", { class: "input", maxlength: "60", required: true });
    showDialog({
      title: "Save this view",
      body: field("Name", input, { hint: "It is kept in this browser." }),
      confirmWord: "Save",
      confirm: () => {
        saveView(input.value.trim() || "Unnamed", write(filter).toString());
        drawFilter();
      },
    });
  }

  // Many at a time

  function actSelected(action) {
    if (rows.selected.size === 0 && !rows.isWhole) {
      toast("Select runs first: x selects the current one.");
      return;
    }
    actOnMany(action, rows.isWhole ? { filter: asBody(filter) } : { ids: [...rows.selected] }, {
      done: () => {
        rows.clear();
        refresh(true).catch(() => {});
      },
    });
  }

  function showBatch() {
    const count = rows.selected.size;
    if (count === 0 && !rows.isWhole) {
      replace(batch);
      return;
    }
    replace(
      batch,
      h(
        "div",
        { class: "batch", role: "region", "aria-label": "Selection" },
        h(
          "span",
          { class: "count", role: "status" },
          rows.isWhole ? "All runs of the filter" : plural(count, "run") + " selected",
        ),
        !rows.isWhole && isWholePossible() && h("button", {
          class: "button small quiet",
          type: "button",
          onclick: () => rows.selectWhole(),
        }, "Select all that match the filter"),
        ["cancel", "retry", "resume", "unpause", "delete"].map((action) =>
          h("button", {
            class: ["button", "small", actions[action].isDanger && "danger"],
            type: "button",
            "data-batch": action,
            onclick: () => actSelected(action),
          }, `${actions[action].word}…`)
        ),
        h("button", { class: "button small quiet", type: "button", onclick: () => rows.clear() }, "Clear"),
      ),
    );
  }

  function isWholePossible() {
    return filter.trigger.length === 0 && filter.schedule.length === 0;
  }
}
