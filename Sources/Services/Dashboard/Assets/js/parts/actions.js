import { get, send } from "../api.js";
import { h, replace } from "../dom.js";
import { addressOf, go } from "../router.js";
import { badge, isOver, sentence } from "../states.js";
import { field, showDialog, whyField } from "./dialogs.js";
import { loading, problemNotice, toast } from "./notices.js";
import { plural, select, shortID, table } from "./widgets.js";
import { moment } from "../time.js";
import { variableFields } from "./variables.js";

// What can be done to runs: the words for it, and to which states it applies.
export const actions = {
  cancel: {
    word: "Cancel",
    title: "Cancel",
    isDanger: true,
    applies: (run) => !isOver(run.state) && run.state !== "cancelling",
    text: "A run that waits ends at once. One that runs has its pod deleted, and is cancelled once the pod is gone.",
  },
  retry: {
    word: "Retry",
    title: "Retry",
    applies: (run) => isOver(run.state),
    text: "A new run of the same version of the job with the same variables. This one stays as it is.",
  },
  resume: {
    word: "Resume",
    title: "Resume",
    applies: (run) => isOver(run.state) && run.state !== "succeeded",
    text: "A new run that takes over the tasks that succeeded and executes the others.",
  },
  rerun: {
    word: "Rerun",
    title: "Rerun",
    applies: (run) => isOver(run.state),
    text: "A new run of the newest version of the job. Variables that you do not change are kept.",
  },
  promote: {
    word: "Promote",
    title: "Promote past the queue",
    applies: (run) => ["pending", "ready"].includes(run.state) && !run.promoted,
    text: "The run is placed at once, past limits and shares of its team.",
  },
  unpause: {
    word: "Unpause",
    title: "Unpause",
    applies: (run) => run.state === "paused",
    text: "The run waits for admission again. If what paused it is still so, it will be paused again.",
  },
  release: {
    word: "Release",
    title: "Release from its placement",
    isDanger: true,
    applies: (run) => !isOver(run.state) && !["pending", "paused", "ready"].includes(run.state) && !run.released_at,
    text:
      "The run is detached from its pod without being cancelled. Code that executes goes on, and nobody observes it.",
  },
  pin: {
    word: "Pin",
    title: "Pin",
    applies: (run) => run.pinned === false,
    text: "The run is kept with its logs and outputs, whatever its age, until somebody unpins it.",
  },
  unpin: {
    word: "Unpin",
    title: "Unpin",
    applies: (run) => run.pinned === true,
    text: "The run goes when it is old enough, as what is kept of its team says.",
  },
  delete: {
    word: "Delete",
    title: "Delete",
    isDanger: true,
    applies: (run) => isOver(run.state),
    text: "The run goes with its logs, outputs and events. A record of who deleted it stays.",
  },
};

const path = (action, id) => action === "delete" ? ["DELETE", `/runs/${id}`] : ["POST", `/runs/${id}/${action}`];

/** Asks, then acts on one run. */
export function actOnRun(action, run, { fromTask, done }) {
  const entry = actions[action];
  const why = whyField();
  const name = `run ${shortID(run.id)} of ${run.job}`;
  const tasks = action === "retry" && run.tasks?.length > 1
    ? select(
      [["", "All tasks"], ...run.tasks.map((task) => [task.name, `From ${task.name} on`])],
      fromTask ?? "",
      () => {},
    )
    : null;
  showDialog({
    title: `${entry.title}: ${name}`,
    body: [h("p", {}, entry.text), tasks && field("Which tasks", tasks), why.element],
    confirmWord: entry.word,
    isDanger: entry.isDanger,
    confirm: async () => {
      const [method, address] = path(action, run.id);
      const answer = await send(method, address, { why: why.value(), from_task: tasks?.value || undefined });
      finished(action, run, answer, done);
    },
  });
}

/** A rerun asks for variables too. */
export async function rerun(run, { done }) {
  const entry = actions.rerun;
  const why = whyField();
  const job = await get(`/jobs/${encodeURIComponent(run.team)}/${encodeURIComponent(run.job)}`);
  const values = variableFields(job.variables ?? {}, run.variables ?? {});
  showDialog({
    title: `Rerun: run ${shortID(run.id)} of ${run.job}`,
    body: [
      h("p", {}, entry.text),
      run.version !== job.version && h("p", {}, `The run had version ${run.version}; the newest is ${job.version}.`),
      values.element,
      why.element,
    ],
    confirmWord: "Rerun",
    confirm: async () => {
      const answer = await send("POST", `/runs/${run.id}/rerun`, { why: why.value(), variables: values.changed() });
      finished("rerun", run, answer, done);
    },
  });
}

function finished(action, run, answer, done) {
  if (["retry", "resume", "rerun"].includes(action) && answer?.id) {
    toast(answer.change?.startsWith("already") ? "There is such a run already." : "A new run was created.");
    go(addressOf.run(answer.id));
    return;
  }
  if (action === "delete") {
    toast("The run was deleted.");
    go("/runs");
    return;
  }
  if (answer?.pinned !== undefined) {
    toast(`Run ${shortID(run.id)} is ${answer.pinned ? "pinned" : "no longer pinned"}.`);
    done?.();
    return;
  }
  toast(`${sentence(answer?.change ?? action)}: run ${shortID(run.id)}.`);
  done?.();
}

const PART = 1000;
const PARTS = 100;
const SHOWN = 12;

/**
 * Shows what an action would do to many runs, then does it.
 * `selection` is `{ids}` or `{filter}`, the latter as the API takes it.
 */
export function actOnMany(action, selection, { done }) {
  const entry = actions[action];
  const why = whyField();
  const preview = h("div", {}, loading("Asking the API what would happen…"));
  const progress = h("p", { role: "status" });
  let bound = selection;
  const { agree } = showDialog({
    title: `${entry.title}: ${selection.ids ? plural(selection.ids.length, "selected run") : "all runs of the filter"}`,
    body: [h("p", {}, entry.text), preview, why.element, progress],
    confirmWord: entry.word,
    isDanger: entry.isDanger,
    confirm: async () => {
      const counts = await goThrough(action, bound, why.value(), (done) => {
        progress.textContent = `${plural(done, "run")} so far…`;
      });
      toast(summary(counts));
      done?.();
    },
  });
  agree.disabled = true;
  look();

  async function look() {
    try {
      const answer = await send("POST", `/runs:${action}`, { ...selection, dry_run: true });
      const runs = answer.runs;
      const counts = tally(runs);
      const doable = runs.filter((run) => run.code === undefined && !run.change.startsWith("already"));
      // Runs that come into being after this look are not what was agreed to.
      if (selection.filter && runs.length > 0) {
        const newest = Math.max(...runs.map((run) => Date.parse(run.created_at)));
        bound = { filter: { ...selection.filter, before: new Date(newest + 1).toISOString() } };
      }
      replace(
        preview,
        h(
          "p",
          {},
          h("strong", {}, summary(counts) || "No run is meant."),
          answer.more && ` These are the newest ${PART}; the others that match follow.`,
        ),
        doable.length > 0 && table(
          "What would happen",
          [
            ["Run", (run) => h("code", {}, shortID(run.id))],
            ["Job", (run) => run.job],
            ["State", (run) => badge(run.state)],
            ["Created", (run) => moment(run.created_at)],
          ],
          doable.slice(0, SHOWN),
          { isCompact: true },
        ),
        doable.length > SHOWN && h("p", { class: "faint" }, `and ${plural(doable.length - SHOWN, "other run")}`),
      );
      agree.disabled = doable.length === 0 && !answer.more;
      if (!agree.disabled) {
        agree.textContent = answer.more ? `${entry.word} all` : `${entry.word} ${plural(doable.length, "run")}`;
      }
    } catch (problem) {
      replace(preview, problemNotice(problem, look));
    }
  }
}

async function goThrough(action, selection, why, tell) {
  const counts = new Map();
  let after;
  let done = 0;
  const parts = selection.ids ? chunks(selection.ids).map((ids) => ({ ids })) : null;
  for (let index = 0; index < PARTS; index += 1) {
    const body = parts ? parts[index] : { filter: selection.filter, after };
    if (!body) break;
    let answer;
    try {
      answer = await send("POST", `/runs:${action}`, { ...body, why });
    } catch (problem) {
      if (done > 0) problem.message = `${problem.message} Before that: ${summary(counts)}.`;
      throw problem;
    }
    for (const [change, count] of tally(answer.runs)) counts.set(change, (counts.get(change) ?? 0) + count);
    done += answer.runs.length;
    tell(done);
    if (!parts && !answer.more) break;
    after = answer.next;
    if (index === PARTS - 1 && (parts ? index < parts.length - 1 : answer.more)) counts.set(REST, 1);
  }
  return counts;
}

function chunks(ids) {
  return Array.from(
    { length: Math.ceil(ids.length / PART) },
    (_, index) => ids.slice(index * PART, (index + 1) * PART),
  );
}

function tally(runs) {
  const counts = new Map();
  for (const run of runs) counts.set(run.change, (counts.get(run.change) ?? 0) + 1);
  return counts;
}

const REST = "others were not reached: ask again for them";

const summary = (counts) =>
  [...counts].map(([change, count]) => change === REST ? REST : `${count} ${change.replaceAll("_", " ")}`).join(" · ");
