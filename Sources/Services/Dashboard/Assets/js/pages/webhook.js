import { get, part, poll, send } from "../api.js";
import { h, replace } from "../dom.js";
import { addressOf, go } from "../router.js";
import { showDialog, whyField } from "../parts/dialogs.js";
import { showSecret } from "../parts/newtoken.js";
import { empty, loading, notice, problemNotice, toast } from "../parts/notices.js";
import { card, facts, menu, pageHead, plural, select, table } from "../parts/widgets.js";
import { badge } from "../states.js";
import { askForWebhook, changeWebhook, formWord, stateOf, webhookPath } from "../team/webhooks.js";
import { duration, moment } from "../time.js";

const PAGE = 50;
const EVERY = 5000;

/** One webhook: what it is told of, what it was told and how that went. */
export function show(stage, { parameters, signal, setTitle }) {
  const path = webhookPath(parameters);
  setTitle(parameters.name);
  const slots = { head: h("div", {}), trouble: h("div", {}), about: h("div", {}), log: h("div", {}, loading()) };
  let wanted = "";
  let deliveries = [];
  let next;
  let shown = "";
  replace(stage, Object.values(slots));
  load().catch(() => {});
  const polling = poll(load, EVERY);
  signal.addEventListener("abort", () => polling.stop());

  async function load() {
    try {
      const [webhook, answer] = await Promise.all([
        get(path, {}, { signal }),
        get(`${path}/deliveries`, { state: wanted, limit: PAGE }, { signal }),
      ]);
      const isFirst = deliveries.length <= PAGE;
      const known = new Set(answer.deliveries.map((delivery) => delivery.id));
      deliveries = isFirst
        ? answer.deliveries
        : [...answer.deliveries, ...deliveries.filter((delivery) => !known.has(delivery.id))];
      if (isFirst) next = answer.next;
      const key = JSON.stringify([webhook, deliveries]);
      if (key === shown || shown !== "" && stage.contains(document.activeElement)) return;
      shown = key;
      draw(webhook);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (shown === "" || problem.status === 404) {
        polling.stop();
        replace(slots.head, pageHead({ title: parameters.name, crumbs: crumbs(parameters) }));
        replace(slots.about);
        replace(slots.log);
        replace(
          slots.trouble,
          problem.status === 404
            ? notice({ title: problem.title, text: problem.message })
            : problemNotice(problem, () => location.reload()),
        );
      }
      throw problem;
    }
  }

  /** After something was done: also what has the keyboard is drawn anew. */
  function reload() {
    shown = "";
    load().catch(() => {});
  }

  function draw(webhook) {
    replace(
      slots.head,
      pageHead({
        title: webhook.name,
        crumbs: crumbs(webhook),
        sub: h(
          "span",
          { class: "sub" },
          badge(stateOf(webhook)),
          webhook.failing_since && [" since ", moment(webhook.failing_since)],
        ),
        actions: [
          h("button", {
            class: "button primary",
            type: "button",
            disabled: !webhook.enabled || webhook.form === "openlineage",
            title: webhook.form === "openlineage" ? "OpenLineage has no word for a test" : undefined,
            onclick: (event) => test(event.currentTarget),
          }, "Send a test"),
          menu("More", [
            ["Change…", () => askForWebhook({ team: webhook.team, webhook, done: reload })],
            webhook.enabled ? ["Turn off", () => turn(webhook, false)] : ["Turn on", () => turn(webhook, true)],
            ["New secret…", () => rotate(webhook)],
            ["Delete…", () => remove(webhook), true],
          ]),
        ],
      }),
    );
    replace(
      slots.about,
      !webhook.enabled && notice({
        title: "It is off: nothing is written for it",
        text: webhook.disabled_reason,
        tone: "warn",
        children: webhook.disabled_at && h("p", { class: "soft" }, "Since ", moment(webhook.disabled_at)),
      }),
      card(
        "What it is",
        facts([
          ["Description", webhook.description],
          ["Address", h("code", {}, webhook.url)],
          ["Form", formWord(webhook.form)],
          ["Told of", h("span", {}, webhook.events.map((event) => [h("span", { class: "tag" }, event), " "]))],
          ["Key", webhook.api_key && h("code", {}, webhook.api_key)],
          ["Last delivered", moment(webhook.delivered_at)],
          ["Old secret until", moment(webhook.previous_secret_until)],
          ["Made", [moment(webhook.created_at), webhook.created_by && ` by ${webhook.created_by}`]],
        ]),
      ),
    );
    drawLog(webhook);
  }

  function drawLog(webhook) {
    const states = select(
      [["", "All"], ["waiting", "Waiting"], ["delivered", "Delivered"], ["failed", "Failed"]],
      wanted,
      (value) => {
        wanted = value;
        deliveries = [];
        reload();
      },
      { "aria-label": "State of deliveries" },
    );
    replace(
      slots.log,
      card(
        "Deliveries",
        deliveries.length === 0
          ? empty({
            title: wanted ? "None of these" : "It was told nothing yet",
            text: wanted ? "Deliveries in other states there may be." : "Send a test to see whether it answers.",
            drawing: "webhooks",
          })
          : table(
            "Deliveries",
            [
              ["State", (one) => badge(one.state), "nowrap"],
              ["Event", (one) => h("code", {}, one.type), "nowrap"],
              ["When", (one) => moment(one.created_at), "nowrap"],
              ["Attempts", (one) => attempts(one), "wrap"],
              ["Next", (one) => one.state === "waiting" ? moment(one.next_at) : "", "nowrap"],
              ["", (one) =>
                h("button", {
                  class: "button small",
                  type: "button",
                  disabled: !webhook.enabled,
                  "aria-label": `Send ${one.type} again`,
                  onclick: (event) => resend(one, event.currentTarget),
                }, "Send again"), "end"],
            ],
            deliveries,
            { isCompact: true },
          ),
        { isPlain: true, end: states },
      ),
      next &&
        h("p", { class: "more" }, h("button", { class: "button", type: "button", onclick: more }, "Show older ones")),
    );
  }

  async function more() {
    try {
      const answer = await get(`${path}/deliveries`, { state: wanted, limit: PAGE, after: next }, { signal });
      deliveries = [...deliveries, ...answer.deliveries];
      next = answer.next;
      reload();
    } catch (problem) {
      if (problem.name !== "AbortError") toast(problem.message, { tone: "bad" });
    }
  }

  async function act(button, work, words) {
    button.disabled = true;
    try {
      await work();
      toast(words);
    } catch (problem) {
      toast(problem.message, { tone: "bad" });
    }
    button.disabled = false;
    reload();
  }

  const test = (button) => act(button, () => send("POST", `${path}/test`), "A test is on its way.");
  const resend = (delivery, button) =>
    act(button, () => send("POST", `${path}/deliveries/${part(delivery.id)}/resend`), "It is sent again.");

  async function turn(webhook, enabled) {
    try {
      await changeWebhook(webhook, { enabled });
      toast(enabled ? "The webhook is on." : "The webhook is off.");
      reload();
    } catch (problem) {
      toast(problem.message, { tone: "bad" });
    }
  }

  function rotate(webhook) {
    showDialog({
      title: `New secret of ${webhook.name}`,
      body: h("p", {}, "For a day the old one signs too, so that the receiver can be changed meanwhile."),
      confirmWord: "Make a new secret",
      confirm: async () => {
        const made = await send("POST", `${path}/rotate-secret`, {});
        reload();
        showSecret(`Secret of ${webhook.name}`, made.secret, "the secret");
      },
    });
  }

  function remove(webhook) {
    const why = whyField();
    showDialog({
      title: `Delete ${webhook.name}`,
      body: [h("p", {}, "It goes with its deliveries, also those that wait."), why.element],
      confirmWord: "Delete",
      isDanger: true,
      confirm: async () => {
        await send("DELETE", path, { why: why.value() });
        toast("The webhook was deleted.");
        go(addressOf.team(webhook.team, "?tab=webhooks"));
      },
    });
  }
}

const crumbs = ({ team, name }) => [
  ["Teams", "/teams"],
  [team, addressOf.team(team)],
  ["Webhooks", addressOf.team(team, "?tab=webhooks")],
  [name],
];

/** How it went: the last attempt in words, all of them when they are asked for. */
function attempts(delivery) {
  const all = Array.isArray(delivery.attempts) ? delivery.attempts : [];
  const last = all.at(-1);
  if (!last) return h("span", { class: "faint" }, delivery.attempt > 0 ? "one is under way" : "none yet");
  const words = (one) =>
    [one.status && `status ${one.status}`, one.error, one.seconds !== undefined && duration(Number(one.seconds))]
      .filter(Boolean).join(" · ");
  return all.length === 1 ? words(last) : h(
    "details",
    {},
    h("summary", {}, `${plural(all.length, "attempt")}, the last: ${words(last)}`),
    h("ol", { class: "attempts" }, all.map((one) => h("li", {}, moment(one.at), ` ${words(one)}`))),
  );
}
