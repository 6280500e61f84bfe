import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { removeView, saveView, views } from "../preferences.js";
import { addressOf, go, setQuery } from "../router.js";
import { actions, actOnMany } from "../parts/actions.js";
import { field, showDialog } from "../parts/dialogs.js";
import { empty, loading, problemNotice, toast } from "../parts/notices.js";
import { newRun } from "../parts/newrun.js";
import { card, menu, pageHead, plural, select } from "../parts/widgets.js";
import { RunFeed } from "./runfeed.js";
import { asBody, blank, names, read, understood, write } from "./runfilter.js";
import { RunRows } from "./runrows.js";
import { runStates, stateIcon, stateWord } from "../states.js";

const chipNames = ["search", "filter", "job", "kind", "schedule", "variable", "released", "origin"];
const orders = [
  ["", "Newest first"],
  ["created_at", "Oldest first"],
  ["ended_at desc", "Last ended first"],
  ["ended_at", "First ended first"],
];
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
  let feed = null;

  const status = h("span", { role: "status", "aria-live": "polite" });
  const live = h("span", { class: "live", hidden: true });
  const searchBox = h("input", {
    class: "input",
    type: "search",
    "aria-label": "Search the runs",
    title: "For instance: nightly orders · country=NL · duration>1h AND NOT cluster=east",
    placeholder: "Words, run id, name=value or condition",
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
  const orderSlot = h("span", {});
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
      orderSlot,
      menu("State", runStates.map((state) => [stateWord(state), () => toggleState(state)])),
      viewSlot,
    ),
    h("div", { class: "toolbar" }, shortcutBar, chipBar, h("span", { class: "end" }, status, live)),
    list,
    batch,
  );

  begin();
  drawFilter();
  loadTeams();
  signal.addEventListener("abort", () => feed.close());

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

  function begin() {
    feed?.close();
    const mine = new RunFeed(filter, {
      changed: () => mine === feed && draw(),
      failed: (problem) => mine === feed && replace(list, problemNotice(problem, begin)),
    });
    feed = mine;
  }

  async function more(button) {
    button.disabled = true;
    try {
      await feed.readMore();
    } catch (problem) {
      if (problem.name !== "AbortError") toast(problem.message, { tone: "bad" });
    }
    button.disabled = false;
  }

  async function loadTeams() {
    try {
      const { teams } = await get("/teams", { limit: 500 }, { signal });
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
    const { runs, next } = feed;
    live.hidden = false;
    live.textContent = feed.isLive ? "live" : "asked again every few seconds";
    live.classList.toggle("on", feed.isLive);
    status.textContent = runs.length === 0 ? "" : `${runs.length}${next ? "+" : ""} shown`;
    if (runs.length === 0 && next) {
      const further = h("button", { class: "button", type: "button", onclick: () => more(further) }, "Look further");
      replace(
        list,
        card(
          "Runs",
          empty({
            title: "None among those that were looked through",
            text: "The newest runs do not match. Older ones have not been looked at yet.",
            children: further,
          }),
          { isPlain: true },
        ),
      );
      rows.reset();
      showBatch();
      return;
    }
    if (runs.length === 0) {
      const isFiltered = names.some((name) => name !== "order_by" && filter[name].length > 0);
      replace(
        list,
        card(
          "Runs",
          isFiltered
            ? empty({
              title: "No run matches",
              text: filter.order_by[0]?.startsWith("ended")
                ? "No run that is over fits all parts of the filter."
                : "Nothing that is known fits all parts of the filter.",
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
      const button = h("button", { class: "button", type: "button", onclick: () => more(button) }, "Show more runs");
      replace(foot, button);
    }
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
      orderSlot,
      select(orders, filter.order_by[0], (value) => change({ order_by: value ? [value] : [] }), {
        "aria-label": "Order",
      }),
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
    rows.clear();
    drawFilter();
    const team = teamSlot.querySelector("select");
    if (team) team.value = filter.team[0] ?? "";
    replace(list, loading("Loading the runs…"));
    begin();
  }

  function toggleState(state) {
    change({
      state: filter.state.includes(state) ? filter.state.filter((other) => other !== state) : [...filter.state, state],
    });
  }

  function find(text) {
    searchBox.value = "";
    if (!text) return;
    if (uuid.test(text)) {
      go(addressOf.run(text));
      return;
    }
    const [name, value] = understood(text);
    change({ [name]: filter[name].includes(value) ? filter[name] : [...filter[name], value] });
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
        feed.read(true).catch(() => {});
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
        !rows.isWhole && h("button", {
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
}
