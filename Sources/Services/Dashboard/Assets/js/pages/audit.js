import { download, get } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { addressOf, setQuery } from "../router.js";
import { empty, loading, problemNotice, toast } from "../parts/notices.js";
import { card, pageHead, select, table } from "../parts/widgets.js";
import { sentence } from "../states.js";
import { moment } from "../time.js";

const names = ["team", "actor", "action", "kind", "subject"];
const ages = [["", "Any time"], ["1", "Last hour"], ["24", "Last day"], ["168", "Last week"], ["720", "Last 30 days"]];
const HOUR = 3_600_000;

/** What people did, the newest first. */
export function show(stage, { search, signal, setKeys, setTitle }) {
  setTitle("Audit");
  const filter = Object.fromEntries(names.map((name) => [name, search.get(name) ?? ""]));
  let hours = ages.some(([key]) => key === search.get("hours")) ? search.get("hours") : "";
  let since;
  let events = [];
  let next;
  const slot = h("div", {}, loading());
  const inputs = names.map((name) =>
    h("input", {
      class: "input",
      value: filter[name],
      placeholder: sentence(name),
      "aria-label": sentence(name),
      autocomplete: "off",
      spellcheck: "false",
      onchange: (event) => {
        filter[name] = event.target.value.trim();
        changed();
      },
    })
  );
  const age = select(ages, hours, (value) => {
    hours = value;
    changed();
  }, { "aria-label": "Since when" });
  replace(
    stage,
    pageHead({
      title: "Audit",
      sub: h("span", { class: "sub" }, "what people did"),
      actions: h("button", { class: "button", type: "button", onclick: keep }, icon("down"), "Export"),
    }),
    h("div", { class: "toolbar", role: "search" }, inputs, age),
    slot,
  );
  setKeys({ "/": () => inputs[0].focus() }, [["/", "Filter"]]);
  load();

  function changed() {
    setQuery(new URLSearchParams(Object.entries({ ...filter, hours }).filter(([, value]) => value)));
    load();
  }

  async function load(after) {
    // A page after another one is of the same list: its parameters stay the same.
    if (!after) since = hours ? new Date(Date.now() - hours * HOUR).toISOString() : undefined;
    try {
      const answer = await get("/audit-events", { ...filter, since, after, limit: 100 }, { signal });
      events = after ? [...events, ...answer.audit_events] : answer.audit_events;
      next = answer.next;
      draw();
    } catch (problem) {
      if (problem.name !== "AbortError") replace(slot, problemNotice(problem, () => load()));
    }
  }

  function draw() {
    if (events.length === 0) {
      replace(
        slot,
        h(
          "div",
          { class: "card" },
          empty({
            title: "Nothing to show",
            text: hasFilter()
              ? "Nothing that people did fits all parts of the filter."
              : "Whatever people change is recorded here, for admins of the team that it was changed in.",
            drawing: "audit",
          }),
        ),
      );
      return;
    }
    replace(
      slot,
      card(
        "What people did",
        table(
          "What people did",
          [
            ["When", (event) => moment(event.at), "nowrap"],
            ["Who", (event) => event.actor ?? h("span", { class: "faint" }, "not said"), "nowrap"],
            ["Did", (event) => sentence(event.action), "nowrap"],
            ["To", (event) => [
              h("span", { class: "faint" }, `${event.kind} `),
              subjectLink(event),
            ], "wrap"],
            ["Team", (event) => event.team ?? "", "nowrap"],
            ["Why", (event) => event.why ?? "", "wrap"],
            ["From", (event) => originText(event.origin), "nowrap soft"],
            ["", (event) =>
              (event.before ?? event.after ?? event.details ?? event.origin) !== undefined &&
              h(
                "details",
                {},
                h("summary", {}, "Details"),
                h(
                  "pre",
                  { class: "trace", tabindex: "0" },
                  JSON.stringify(
                    { before: event.before, after: event.after, details: event.details, origin: event.origin },
                    null,
                    2,
                  ),
                ),
              ), "wrap"],
          ],
          events,
          { isCompact: true },
        ),
        { isPlain: true },
      ),
      next !== undefined &&
        h("button", { class: "button", type: "button", onclick: () => load(next) }, "Show older entries"),
    );
  }

  const hasFilter = () => Boolean(since) || Object.values(filter).some(Boolean);

  async function keep() {
    try {
      const { name, blob } = await download("/audit-events:export", { ...filter, since }, "application/x-ndjson");
      const address = URL.createObjectURL(blob);
      const link = h("a", { href: address, download: name });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (problem) {
      toast(problem.message, { tone: "bad" });
    }
  }
}

/** What it was done to, with the page that shows it. */
function subjectLink({ kind, subject, team }) {
  if (kind === "run") return h("a", { class: "mono", href: addressOf.run(subject) }, subject.slice(-12));
  const name = subject.startsWith(`${team}/`) ? subject.slice(team.length + 1) : subject;
  if (kind === "team") return h("a", { href: addressOf.team(subject) }, subject);
  if (kind === "job" && team) return h("a", { href: addressOf.job(team, name) }, name);
  if (kind === "webhook" && team) return h("a", { href: addressOf.webhook(team, name) }, name);
  return subject;
}

/** Where it came from; by which request, the details tell. */
const originText = (origin) =>
  typeof origin === "string" ? origin : [origin?.address, origin?.agent].filter(Boolean).join(" · ");
