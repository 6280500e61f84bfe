import { h } from "./dom.js";
import { icon } from "./icons.js";

// The word and the tone of each state; the shape beside it is the icon's.
const runs = {
  pending: ["Pending", "idle", "pending"],
  paused: ["Paused", "warn", "paused"],
  ready: ["Ready", "idle", "ready"],
  starting: ["Starting", "busy", "working"],
  creating_sail: ["Creating Sail", "busy", "working"],
  waiting_for_sail: ["Waiting for Sail", "busy", "working"],
  creating_runner: ["Creating runner", "busy", "working"],
  running: ["Running", "busy", "running"],
  cancelling: ["Cancelling", "stopped", "cancelling"],
  succeeded: ["Succeeded", "good", "succeeded"],
  failed: ["Failed", "bad", "failed"],
  cancelled: ["Cancelled", "stopped", "cancelled"],
  timeout: ["Timed out", "warn", "timeout"],
};

const tasks = {
  initial: ["Not begun", "idle", "pending"],
  queued: ["Queued", "idle", "ready"],
  running: runs.running,
  succeeded: runs.succeeded,
  failed: runs.failed,
  cancelled: runs.cancelled,
  upstream_failed: ["Upstream failed", "bad", "blocked"],
  condition_failed: ["Condition not met", "stopped", "skipped"],
  skipped: ["Skipped", "stopped", "skipped"],
};

const others = {
  active: ["Active", "good", "succeeded"],
  alive: ["Alive", "good", "succeeded"],
  silent: ["Silent", "bad", "failed"],
  draining: ["Draining", "warn", "paused"],
  drained: ["Drained", "stopped", "cancelled"],
  destroying: ["Leaving", "stopped", "cancelling"],
  failing: ["Failing", "bad", "failed"],
  healthy: ["Healthy", "good", "succeeded"],
  unhealthy: ["Unhealthy", "bad", "failed"],
  job_paused: ["Job paused", "warn", "paused"],
  over: ["Over", "stopped", "cancelled"],
  fired: ["Fired", "good", "succeeded"],
  caught_up: ["Caught up", "busy", "ready"],
  suspended: ["Suspended", "warn", "paused"],
  delivered: ["Delivered", "good", "succeeded"],
  waiting: ["Waiting", "idle", "pending"],
  off: ["Off", "stopped", "cancelled"],
  valid: ["Valid", "good", "succeeded"],
  invalid: ["Not valid", "bad", "failed"],
  revoked: ["Revoked", "stopped", "cancelled"],
  expired: ["Expired", "warn", "timeout"],
};

export const runStates = Object.keys(runs);
export const terminal = new Set(["succeeded", "failed", "cancelled", "timeout"]);
export const isOver = (state) => terminal.has(state);

function known(state, kind) {
  const table = kind === "task" ? tasks : runs;
  return table[state] ?? others[state] ?? [sentence(state), "idle", "pending"];
}

/** `waiting_for_sail` becomes `Waiting for sail`. */
export function sentence(code) {
  const text = String(code ?? "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const stateWord = (state, kind) => known(state, kind)[0];
export const stateTone = (state, kind) => known(state, kind)[1];
export const stateIcon = (state, kind) => icon(known(state, kind)[2]);

/** What fills a bar while a run is in this state: what comes before the code has a colour of its own. */
export function stateFill(state, kind) {
  if (kind !== "task" && ["starting", "creating_sail", "waiting_for_sail", "creating_runner"].includes(state)) {
    return "fill-prepare";
  }
  return `fill-${stateTone(state, kind)}`;
}

/** A state as shape and word. */
export function badge(state, { kind, warnings } = {}) {
  const [word, tone, shape] = known(state, kind);
  return h(
    "span",
    {},
    h(
      "span",
      { class: ["state", `tone-${tone}`, shape === "working" && "working"], "data-state": state },
      icon(shape),
      word,
    ),
    warnings > 0 &&
      h(
        "span",
        { class: "warned", title: `${warnings} warnings` },
        `△ ${warnings}`,
        h("span", { class: "visually-hidden" }, warnings === 1 ? " warning" : " warnings"),
      ),
  );
}
