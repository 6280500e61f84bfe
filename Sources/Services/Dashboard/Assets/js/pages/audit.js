import { download, get } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { addressOf, setQuery } from "../router.js";
import { empty, loading, notice, problemNotice, toast } from "../parts/notices.js";
import { card, pageHead, table } from "../parts/widgets.js";
import { sentence } from "../states.js";
import { moment } from "../time.js";

const names = ["team", "actor", "action", "kind", "subject"];

/** What people did, the newest first. */
export function show(stage, { search, signal, setKeys, setTitle }) {
  setTitle("Audit");
  const filter = Object.fromEntries(names.map((name) => [name, search.get(name) ?? ""]));
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
        setQuery(new URLSearchParams(Object.entries(filter).filter(([, value]) => value)));
        load();
      },
    })
  );
  replace(
    stage,
    pageHead({
      title: "Audit",
      sub: h("span", { class: "sub" }, "what people did"),
      actions: h("button", { class: "button", type: "button", onclick: keep }, icon("down"), "Export"),
    }),
    h("div", { class: "toolbar", role: "search" }, inputs),
    slot,
  );
  setKeys({ "/": () => inputs[0].focus() }, [["/", "Filter"]]);
  load();

  async function load(after) {
    try {
      const answer = await get("/audit-events", { ...filter, after, limit: 100 }, { signal });
      events = after ? [...events, ...answer.audit_events] : answer.audit_events;
      next = answer.next;
      draw();
    } catch (problem) {
      if (problem.name === "AbortError") return;
      replace(
        slot,
        isAbsent(problem)
          ? notice({
            title: "This API does not tell of the audit log",
            text: "It is kept in the database all the same. A newer API process serves it.",
          })
          : problemNotice(problem, () => load()),
      );
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
            text: "No recorded action fits, or you are an admin of no team that has any.",
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
              event.kind === "run"
                ? h("a", { class: "mono", href: addressOf.run(event.subject) }, event.subject.slice(-12))
                : event.subject,
            ], "wrap"],
            ["Team", (event) => event.team ?? "", "nowrap"],
            ["Why", (event) => event.why ?? "", "wrap"],
            ["From", (event) => originText(event.origin), "wrap"],
            ["", (event) =>
              (event.before ?? event.after ?? event.details) !== undefined &&
              h(
                "details",
                {},
                h("summary", {}, "Details"),
                h(
                  "pre",
                  { class: "trace", tabindex: "0" },
                  JSON.stringify({ before: event.before, after: event.after, details: event.details }, null, 2),
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

  async function keep() {
    try {
      const { name, blob } = await download("/audit-events:export", filter, "application/x-ndjson");
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

const originText = (origin) =>
  typeof origin === "string"
    ? origin
    : origin
    ? Object.values(origin).filter((value) => typeof value !== "object").join(" · ")
    : "";
const isAbsent = (problem) => problem.code === "route_not_found";
