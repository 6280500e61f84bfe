import { get, part, send } from "../api.js";
import { h, replace } from "../dom.js";
import { addressOf, go } from "../router.js";
import { field, showDialog, whyField } from "./dialogs.js";
import { loading, problemNotice } from "./notices.js";
import { select } from "./widgets.js";
import { variableFields } from "./variables.js";

/** Asks for a job and its variables, and creates a run. With `given`, `{team, name}`, the job is known. */
export async function newRun(given) {
  const body = h("div", {}, loading());
  const why = whyField();
  let values = null;
  let chosen = null;
  // A second press of the button, or an answer that got lost, does not make a second run.
  const key = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16).padStart(8, "0"))
    .join("");
  const { agree } = showDialog({
    title: given ? `New run of ${given.name}` : "New run",
    body: [body, why.element],
    confirmWord: "Create the run",
    confirm: async () => {
      const run = await send("POST", "/runs", {
        team: chosen.team,
        job: chosen.name,
        variables: values.changed(),
        why: why.value(),
      }, { headers: { "Idempotency-Key": keyOf(values.changed()) } });
      go(addressOf.run(run.id));
    },
  });
  agree.disabled = true;
  const keyOf = (given) => {
    const body = JSON.stringify([chosen.team, chosen.name, given, why.value()]);
    if (!keys.has(body)) keys.set(body, `${key}-${keys.size}`);
    return keys.get(body);
  };
  const keys = new Map();
  const variables = h("div", {});
  try {
    if (given) {
      replace(body, variables);
      await choose(given);
      return;
    }
    const { jobs } = await get("/jobs", { limit: 500 });
    if (jobs.length === 0) {
      replace(
        body,
        h("p", {}, "There is no job yet. Apply a job file first: ", h("code", {}, "slipway job apply FILE")),
      );
      return;
    }
    const picker = select(
      jobs.map((job, index) => [String(index), `${job.team} / ${job.name}`]),
      "0",
      (value) => choose(jobs[Number(value)]),
    );
    picker.style.setProperty("width", "100%");
    replace(body, field("Job", picker), variables);
    await choose(jobs[0]);
  } catch (problem) {
    replace(body, problemNotice(problem));
  }

  async function choose(job) {
    chosen = job;
    agree.disabled = true;
    try {
      const described = await get(`/jobs/${part(job.team)}/${part(job.name)}`);
      if (chosen !== job) return;
      values = variableFields(described.variables ?? {});
      replace(variables, described.description && h("p", { class: "soft" }, described.description), values.element);
      agree.disabled = false;
    } catch (problem) {
      replace(variables, problemNotice(problem));
    }
  }
}
