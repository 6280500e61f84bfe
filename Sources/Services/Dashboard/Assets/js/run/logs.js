import { get, part } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { setQuery } from "../router.js";
import { problemNotice } from "../parts/notices.js";
import { plural, select } from "../parts/widgets.js";
import { FoundLines, MergedLines, StreamLines } from "./lines.js";
import { LogView } from "./logview.js";

const RUN = "run";

/** The run's log: all streams together or one of them, searched or whole, followed while the run goes on. */
export function showLogs(panel, context) {
  const { state } = context;
  let source = null;
  let sought = "";
  let ignoresCase = true;
  let streams = [];
  let turn = 0;
  const trouble = h("div", {});
  const note = h("span", { role: "status", "aria-live": "polite" });
  const streamSlot = h("span", {});
  const view = new LogView({
    lineClicked: null,
    endChanged: (isAtEnd) => end.setAttribute("aria-pressed", String(isAtEnd)),
  });
  const found = new LogView({ lineClicked: jump });
  const search = h("input", {
    class: "input",
    type: "search",
    "aria-label": "Search the log",
    placeholder: "Search the log",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "300",
    onkeydown: (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        look(search.value);
      }
    },
    onsearch: () => look(search.value),
  });
  const sensitive = h(
    "button",
    {
      class: "button small",
      type: "button",
      "aria-pressed": "false",
      title: "Tell capital letters from small ones",
      onclick: () => {
        ignoresCase = !ignoresCase;
        sensitive.setAttribute("aria-pressed", String(!ignoresCase));
        if (sought) look(sought);
      },
    },
    "Aa",
    h("span", { class: "visually-hidden" }, " match case"),
  );
  const times = h("button", {
    class: "button small",
    type: "button",
    "aria-pressed": "true",
    onclick: () => times.setAttribute("aria-pressed", String(!stage.classList.toggle("log-hide-time"))),
  }, "Times (UTC)");
  const end = h("button", {
    class: "button small",
    type: "button",
    "aria-pressed": "true",
    onclick: () => view.toEnd(),
  }, "Follow the end");
  const start = h(
    "button",
    { class: "button small", type: "button", onclick: () => view.scrollTo(0) },
    "To the start",
  );
  const stage = h("div", {}, view.element);
  const clear = h("button", {
    class: "button small",
    type: "button",
    hidden: true,
    onclick: () => {
      search.value = "";
      look("");
    },
  }, "Back to the log");
  const box = h(
    "section",
    { class: "card log", "aria-label": "Log" },
    h(
      "div",
      { class: "toolbar" },
      streamSlot,
      h("div", { class: "search" }, icon("search"), search),
      sensitive,
      clear,
      times,
      start,
      end,
    ),
    h("div", { class: "log-foot" }, note),
    trouble,
    stage,
  );
  panel.append(box);
  open();
  loadStreams();
  const unwatch = context.watch(() => {
    if (streams.length === 0) loadStreams();
  });
  return () => {
    turn += 1;
    source?.close();
    unwatch();
  };

  async function loadStreams() {
    try {
      const answer = await get(`/runs/${part(context.id)}/logs`, { tail: 1 }, { signal: context.signal });
      streams = answer.streams;
      drawStreams();
    } catch { /* The log itself says what is wrong. */ }
  }

  function drawStreams() {
    const names = new Set([
      ...streams.map((stream) => stream.name),
      ...(state.run.tasks ?? []).slice(0, 300).map((task) => `task/${task.name}`),
      ...(state.stream ? [state.stream] : []),
    ]);
    names.delete(RUN);
    const lines = new Map(streams.map((stream) => [stream.name, stream.lines]));
    replace(
      streamSlot,
      select(
        [
          ["", "All streams"],
          [RUN, "run: events"],
          ...[...names].sort().map((
            name,
          ) => [name, lines.has(name) ? `${name} (${lines.get(name).toLocaleString("en")})` : name]),
        ],
        state.stream,
        (value) => {
          state.stream = value;
          const now = new URLSearchParams({ tab: "logs" });
          if (value) now.set("stream", value);
          setQuery(now);
          sought ? look(sought) : open();
        },
        { "aria-label": "Stream" },
      ),
    );
  }

  /** - at: the position of a line to be shown in its place. */
  async function open(at) {
    turn += 1;
    const mine = turn;
    source?.close();
    replace(trouble);
    note.textContent = "Loading…";
    stage.classList.toggle("log-hide-stream", Boolean(state.stream));
    drawStreams();
    const isNumbered = state.stream && state.stream !== RUN;
    const next = isNumbered
      ? new StreamLines(context, state.stream, () => drawn(mine, next))
      : new MergedLines(context, state.stream || undefined, () => drawn(mine, next));
    source = next;
    try {
      const opened = await next.open({ at });
      if (mine !== turn) return;
      if (!stage.contains(view.element)) replace(stage, view.element);
      view.show(next, { target: opened.found ?? -1 });
      tell(next);
    } catch (problem) {
      if (mine === turn && problem.name !== "AbortError") {
        replace(trouble, problemNotice(problem, () => open(at)));
        note.textContent = "";
      }
    }
  }

  function drawn(mine, from) {
    if (mine !== turn) return;
    (from instanceof FoundLines ? found : view).draw();
    tell(from);
  }

  function tell(from) {
    if (from instanceof FoundLines) {
      note.textContent = from.note === "Searching…"
        ? `Searching… ${plural(from.total, "line")} so far`
        : from.note || `${plural(from.total, "line")} found`;
    } else if (from.total === 0) {
      note.textContent = from.isComplete
        ? "This log has no lines."
        : "No lines yet. They appear here as they are written.";
    } else {note.textContent = [from.note || plural(from.total, "line"), from.isComplete ? "" : "live"].filter(
        Boolean,
      ).join(" · ");}
  }

  async function look(text) {
    if (text === "" && sought === "") return;
    sought = text;
    clear.hidden = !sought;
    for (const button of [start, end]) button.hidden = Boolean(sought);
    if (!sought) {
      replace(stage, view.element);
      open();
      return;
    }
    turn += 1;
    const mine = turn;
    source?.close();
    replace(trouble);
    const next = new FoundLines(
      context,
      { stream: state.stream, contains: sought, ignoresCase },
      () => drawn(mine, next),
    );
    source = next;
    replace(stage, found.element);
    stage.classList.toggle("log-hide-stream", Boolean(state.stream));
    found.show(next, { mark: { text: sought, ignoresCase }, atEnd: false });
    tell(next);
    try {
      await next.open();
    } catch (problem) {
      if (mine === turn) {
        replace(trouble, problemNotice(problem, () => look(text)));
        note.textContent = "";
      }
    }
  }

  /** From a line that was found to the same line among its neighbours. */
  function jump(line) {
    search.value = "";
    sought = "";
    clear.hidden = true;
    for (const button of [start, end]) button.hidden = false;
    state.stream = line.stream ?? state.stream;
    replace(stage, view.element);
    open(state.stream === RUN ? undefined : `${line.placement}.${line.sequence}`);
  }
}
