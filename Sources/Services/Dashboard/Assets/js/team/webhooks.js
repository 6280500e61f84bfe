import { get, part, send } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { addressOf, go } from "../router.js";
import { field, showDialog } from "../parts/dialogs.js";
import { empty, loading, problemNotice, toast } from "../parts/notices.js";
import { showSecret } from "../parts/newtoken.js";
import { card, plural, select, table } from "../parts/widgets.js";
import { badge } from "../states.js";
import { moment } from "../time.js";

const forms = [
  ["slipway", "Slipway"],
  ["cloudevents", "CloudEvents"],
  ["slack", "Chat: one sentence"],
  ["openlineage", "OpenLineage"],
];
const lineage = ["run.running", "run.succeeded", "run.failed", "run.cancelled", "run.timeout"];
const events = [
  "run.failed",
  "run.timeout",
  "run.sla_missed",
  "job.repeated_failure",
  "credential.invalid",
  "schedule.paused",
  "cluster.failed",
  "webhook.disabled",
  "run.succeeded",
  "run.cancelled",
  "run.running",
  "run.pending",
  "run.paused",
  "run.ready",
  "run.starting",
  "run.creating_sail",
  "run.waiting_for_sail",
  "run.creating_runner",
  "run.cancelling",
  "credential.valid",
  "schedule.resumed",
  "cluster.recovered",
];
/** What a webhook is told of that does not choose. */
const usual = events.slice(0, 8);

/** Whom a team tells of what happens. */
export async function showWebhooks(panel, { team, signal }) {
  replace(panel, loading());
  const again = () => showWebhooks(panel, { team, signal });
  let webhooks;
  let next;
  try {
    ({ webhooks, next } = await get("/webhooks", { team, limit: 500 }, { signal }));
  } catch (problem) {
    if (problem.name !== "AbortError") replace(panel, problemNotice(problem, again));
    return;
  }
  const add = () => askForWebhook({ team, done: (made) => go(addressOf.webhook(made.team, made.name)) });
  replace(
    panel,
    webhooks.length === 0
      ? h(
        "div",
        { class: "card" },
        empty({
          title: "Nobody is told",
          text:
            "A webhook is told of what happens to the team’s runs: failures, late runs and the like, signed and repeated until it takes them.",
          drawing: "webhooks",
          children: h("button", { class: "button", type: "button", onclick: add }, "New webhook…"),
        }),
      )
      : card(
        "Webhooks",
        table("Webhooks", [
          ["Name", (one) => h("a", { href: addressOf.webhook(one.team, one.name) }, one.name), "nowrap"],
          ["State", (one) => badge(stateOf(one)), "nowrap"],
          ["Address", (one) => h("code", {}, one.url), "wrap"],
          ["Told of", (one) => plural(one.events.length, "event"), "nowrap"],
          ["Form", (one) => formWord(one.form), "nowrap"],
          ["Last delivered", (one) => moment(one.delivered_at) ?? h("span", { class: "faint" }, "never"), "nowrap"],
        ], webhooks),
        {
          isPlain: true,
          end: [
            next ? "the first 500" : plural(webhooks.length, "webhook"),
            h("button", { class: "button small", type: "button", onclick: add }, icon("plus"), "New…"),
          ],
        },
      ),
  );
}

export const formWord = (form) => forms.find(([key]) => key === form)?.[1] ?? form;

export const stateOf = (webhook) => !webhook.enabled ? "off" : webhook.failing_since ? "failing" : "active";

/** Makes a webhook, or changes `webhook`; `done` gets it as it is then. */
export function askForWebhook({ team, webhook, done }) {
  const name = h("input", { class: "input", required: true, maxlength: "63", autocomplete: "off" });
  // Of a chat service's address only the host is told: left empty it stays.
  const isHidden = webhook?.form === "slack";
  const url = h("input", {
    class: "input",
    type: "url",
    required: !isHidden,
    maxlength: "2048",
    value: isHidden ? "" : webhook?.url ?? "",
    placeholder: isHidden ? "As it is" : "Begins with https",
    autocomplete: "off",
    spellcheck: "false",
  });
  const description = h("input", {
    class: "input",
    maxlength: "500",
    value: webhook?.description ?? "",
    autocomplete: "off",
  });
  const chosen = new Set(webhook?.events ?? usual);
  const known = [...events, ...[...chosen].filter((event) => !events.includes(event))];
  const boxes = known.map((event) => h("input", { type: "checkbox", value: event, checked: chosen.has(event) }));
  const form = select(forms, webhook?.form ?? "slipway", (value) => {
    if (value !== "openlineage") return;
    for (const box of boxes) box.checked = lineage.includes(box.value);
  });
  showDialog({
    title: webhook ? `Change ${webhook.name}` : `New webhook of ${team}`,
    body: [
      !webhook && field("Name", name, { hint: "Small letters, digits and hyphens." }),
      field("Address", url),
      field("Form", form),
      field("Description", description),
      h(
        "fieldset",
        { class: "events" },
        h("legend", {}, "Told of"),
        boxes.map((box) => h("label", { class: "check" }, box, h("code", {}, box.value))),
      ),
    ],
    confirmWord: webhook ? "Change" : "Make the webhook",
    confirm: async () => {
      const said = {
        url: url.value.trim() || undefined,
        form: form.value,
        description: description.value.trim(),
        events: boxes.filter((box) => box.checked).map((box) => box.value),
      };
      if (webhook) {
        done(await changeWebhook(webhook, said));
        toast("The webhook was changed.");
        return;
      }
      const made = await send("POST", "/webhooks", {
        team,
        name: name.value.trim(),
        ...said,
        description: said.description || undefined,
      });
      done(made);
      showSecret(`Secret of ${made.name}`, made.secret, "the secret");
    },
  });
}

export const webhookPath = (webhook) => `/webhooks/${part(webhook.team)}/${part(webhook.name)}`;

export const changeWebhook = (webhook, change) =>
  send("PATCH", webhookPath(webhook), change, { headers: { "If-Match": `"${webhook.revision}"` } });
