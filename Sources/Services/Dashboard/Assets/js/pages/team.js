import { get, part, send } from "../api.js";
import { h, replace } from "../dom.js";
import { addressOf, setQuery } from "../router.js";
import { showDialog, whyField } from "../parts/dialogs.js";
import { loading, notice, problemNotice, toast } from "../parts/notices.js";
import { bytes, card, cores, facts, menu, pageHead, table, tabs } from "../parts/widgets.js";
import { badge } from "../states.js";
import { showAccounts } from "../team/accounts.js";
import { showCredentials } from "../team/credentials.js";
import { showMembers } from "../team/members.js";
import { pinnedCard, retentionCard } from "../team/retention.js";
import { showWebhooks } from "../team/webhooks.js";
import { moment } from "../time.js";

const units = {
  runs: ["Runs", (value) => Number(value).toLocaleString("en")],
  cpu: ["Processor", (value) => typeof value === "number" ? cores(value * 1000) : value],
  memory: ["Memory", (value) => typeof value === "number" ? bytes(value) : value],
};

/** One team: what it may use, who is in it, whom it tells of what happens, and what is kept of it. */
export function show(stage, { parameters, search, signal, setTitle }) {
  const { team: name } = parameters;
  const path = `/teams/${part(name)}`;
  setTitle(name);
  const slot = h("div", {}, loading());
  replace(stage, slot);
  let tabBar = null;
  signal.addEventListener("abort", () => tabBar?.end());
  load(search.get("tab") ?? "overview");

  async function load(current) {
    try {
      draw(await get(path, {}, { signal }), current);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      replace(
        slot,
        pageHead({ title: name, crumbs: [["Teams", "/teams"], [name]] }),
        problem.status === 404
          ? notice({ title: "There is no such team", text: problem.message })
          : problemNotice(problem, () => load(current)),
      );
    }
  }

  function draw(team, current) {
    let shown = current;
    const context = { team: name, path, signal };
    tabBar?.end();
    tabBar = tabs(
      "Parts of the team",
      [
        ["overview", "Overview", (panel) => void replace(panel, overview(team))],
        ["members", "Members", (panel) => void showMembers(panel, context)],
        ["webhooks", "Webhooks", (panel) => void showWebhooks(panel, context)],
        ["accounts", "Service accounts", (panel) => void showAccounts(panel, context)],
        ["credentials", "Credentials", (panel) => void showCredentials(panel, context)],
        [
          "retention",
          "Retention",
          (panel) => void replace(panel, retentionCard(name, { signal }), pinnedCard(name, { signal })),
        ],
      ],
      current,
      (tab) => {
        shown = tab;
        setQuery(new URLSearchParams(tab === "overview" ? {} : { tab }));
      },
    );
    const act = (verb, word, text) => () => {
      const why = whyField();
      showDialog({
        title: `${word} ${name}`,
        body: [h("p", {}, text), why.element],
        confirmWord: word,
        isDanger: verb === "suspend",
        confirm: async () => {
          await send("POST", `${path}/${verb}`, { why: why.value() });
          toast(verb === "suspend" ? "The team is suspended." : "The team goes on.");
          load(shown);
        },
      });
    };
    replace(
      slot,
      pageHead({
        title: team.name,
        crumbs: [["Teams", "/teams"], [team.name]],
        sub: h("span", { class: "sub" }, badge(team.suspended ? "suspended" : "active")),
        actions: menu("More", [
          team.suspended
            ? ["Resume the team…", act("resume", "Resume", "Its runs are let go again.")]
            : ["Suspend the team…", act("suspend", "Suspend", "Nothing of it begins. What runs goes on."), true],
        ]),
      }),
      team.description && h("p", { class: "soft meta" }, team.description),
      tabBar.element,
    );
  }

  function overview(team) {
    const quotas = Object.entries(team.spec?.quotas ?? {});
    return [
      card(
        "What it may use",
        [
          facts([
            ["Weight", `${team.weight}, relative to the other teams`],
            ["Cohort", team.cohort ?? h("span", { class: "faint" }, "none: it lends and borrows nothing")],
            ["Credits", team.credits ?? h("span", { class: "faint" }, "it needs none")],
            ["Namespace", h("code", {}, team.namespace)],
            ["Jobs", h("a", { href: `/jobs?team=${part(name)}` }, "Show its jobs")],
            ["Runs", h("a", { href: addressOf.runs({ team: name }) }, "Show its runs")],
            ["Queue", h("a", { href: `/queue?team=${part(name)}` }, "What of it waits, and why")],
            ["Changed", moment(team.updated_at)],
          ]),
        ],
      ),
      quotas.length > 0 && card(
        "Quotas",
        table(
          "Quotas",
          [
            ["Of", ([kind]) => units[kind]?.[0] ?? kind, "nowrap"],
            ["Its own", ([kind, quota]) => amount(kind, quota?.nominal ?? quota), "nowrap"],
            ["Borrows up to", ([kind, quota]) => amount(kind, quota?.borrowing_limit), "nowrap"],
            ["Lends up to", ([kind, quota]) => amount(kind, quota?.lending_limit), "nowrap"],
          ],
          quotas,
          { isCompact: true },
        ),
        { isPlain: true },
      ),
      team.spec && card(
        "The team’s file",
        h("pre", { class: "code", tabindex: "0" }, JSON.stringify(team.spec, null, 2)),
        { isPlain: true },
      ),
    ];
  }
}

function amount(kind, value) {
  if (value === undefined || value === null || typeof value === "object") return h("span", { class: "faint" }, "–");
  return units[kind]?.[1](value) ?? String(value);
}
