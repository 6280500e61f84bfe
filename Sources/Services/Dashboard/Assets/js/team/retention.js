import { get, part, send } from "../api.js";
import { h, replace } from "../dom.js";
import { addressOf } from "../router.js";
import { field, showDialog, whyField } from "../parts/dialogs.js";
import { loading, problemNotice, toast } from "../parts/notices.js";
import { bytes, card, plural, shortID, table } from "../parts/widgets.js";
import { sentence } from "../states.js";
import { moment } from "../time.js";

/** For how long what is kept: of one team, or, with `undefined`, of all that say nothing themselves. */
export function retentionCard(team, { signal }) {
  const slot = h("div", {}, loading());
  load();
  return slot;

  async function load() {
    try {
      draw(await get("/retention", { team }, { signal }));
    } catch (problem) {
      if (problem.name !== "AbortError") replace(slot, problemNotice(problem, load));
    }
  }

  function draw({ kinds, teams }) {
    replace(
      slot,
      card(
        team ? "For how long what is kept" : "For how long what is kept of all teams",
        [
          table(
            "For how long what is kept",
            [
              ["What", (kind) => h("strong", {}, sentence(kind.kind)), "nowrap"],
              ["Kept for", (kind) => daysText(kind.keep), "nowrap"],
              [
                "Said by",
                (kind) => kind.said ? (team ? "this team" : "the installation") : "the standard",
                "nowrap soft",
              ],
              ["Standard", (kind) => daysText(kind.standard), "nowrap soft"],
              ["Goes by", (kind) => kind.by, "nowrap soft"],
            ],
            kinds,
            { isCompact: true },
          ),
          !team && teams.length > 0 && h(
            "p",
            { class: "card-body soft" },
            "Teams with times of their own: ",
            teams.map((name, index) => [
              index > 0 && ", ",
              h("a", { href: addressOf.team(name, "?tab=retention") }, name),
            ]),
          ),
        ],
        {
          isPlain: true,
          end: h("button", { class: "button small", type: "button", onclick: () => change(kinds) }, "Change…"),
        },
      ),
    );
  }

  function change(kinds) {
    const why = whyField();
    const inputs = kinds.map((kind) =>
      h("input", {
        class: "input",
        value: kind.said ?? "",
        placeholder: `standard: ${kind.standard}`,
        autocomplete: "off",
        maxlength: "12",
      })
    );
    showDialog({
      title: team ? `What is kept of ${team}` : "What is kept of all teams",
      body: [
        h(
          "p",
          {},
          "Days such as 90d, or forever. What is left empty is kept as the standard says. What is too old then goes at the next round, and does not come back.",
        ),
        h("div", { class: "field-grid" }, kinds.map((kind, index) => field(sentence(kind.kind), inputs[index]))),
        why.element,
      ],
      confirmWord: "Keep it so",
      isDanger: true,
      confirm: async () => {
        const keep = Object.fromEntries(
          kinds.map((kind, index) => [kind, inputs[index].value.trim()])
            .filter(([kind, text]) => text !== (kind.said ?? ""))
            .map(([kind, text]) => [kind.kind, text || "standard"]),
        );
        if (Object.keys(keep).length > 0) {
          draw(await send("PATCH", "/retention", { team, keep, why: why.value() }));
          toast("What is kept was changed.");
        }
      },
    });
  }
}

/** What would go now. Who may not see that of the whole installation sees nothing. */
export function forecastCard({ signal }) {
  const slot = h("div", {});
  load();
  return slot;

  async function load() {
    try {
      const { partitions, rows, bytes: freed } = await get("/retention/forecast", {}, { signal });
      const parts = [
        ...partitions.map((one) => ({
          what: sentence(one.kind),
          where: h("code", {}, one.name),
          amount: `${one.rows_are_counted ? "" : "about "}${plural(one.rows, "row")}`,
          size: bytes(one.bytes),
        })),
        ...rows.map((one) => ({
          what: sentence(one.kind),
          where: one.team ? `of team ${one.team}` : "of teams that say nothing",
          amount: `${one.more ? "at least " : ""}${plural(one.runs, "run")}`,
          size: "",
        })),
      ];
      replace(
        slot,
        card(
          "What would go now",
          parts.length === 0 ? h("p", { class: "soft" }, "Nothing is too old.") : table(
            "What would go now",
            [
              ["What", (one) => one.what, "nowrap"],
              ["Where", (one) => one.where, "wrap"],
              ["How much", (one) => one.amount, "nowrap"],
              ["Size", (one) => one.size, "number nowrap"],
            ],
            parts,
            { isCompact: true },
          ),
          { isPlain: parts.length > 0, end: parts.length > 0 && bytes(freed) },
        ),
      );
    } catch (problem) {
      if (problem.name !== "AbortError" && problem.status !== 403) replace(slot, problemNotice(problem, load));
    }
  }
}

/** The runs of a team that stay, whatever their age. */
export function pinnedCard(team, { signal }) {
  const slot = h("div", {}, loading());
  let runs = [];
  load();
  return slot;

  async function load(after) {
    try {
      const answer = await get("/pinned-runs", { team, limit: 100, after }, { signal });
      runs = after ? [...runs, ...answer.runs] : answer.runs;
      draw(answer.next);
    } catch (problem) {
      if (problem.name !== "AbortError") replace(slot, problemNotice(problem, () => load()));
    }
  }

  function draw(next) {
    replace(
      slot,
      card(
        "Pinned runs",
        runs.length === 0
          ? h("p", { class: "soft" }, "None. A run that is pinned on its page stays, with its logs and outputs.")
          : table(
            "Pinned runs",
            [
              ["Run", (run) => h("a", { class: "mono", href: addressOf.run(run.id) }, shortID(run.id)), "nowrap"],
              ["Pinned", (run) => moment(run.pinned_at), "nowrap"],
              ["By", (run) => run.pinned_by ?? "", "nowrap"],
              ["Why", (run) => run.why ?? "", "wrap"],
              ["", (run) =>
                h("button", {
                  class: "button small",
                  type: "button",
                  "aria-label": `Unpin run ${shortID(run.id)}`,
                  onclick: (event) => unpin(run, event.currentTarget),
                }, "Unpin"), "end"],
            ],
            runs,
            { isCompact: true },
          ),
        {
          isPlain: runs.length > 0,
          end: next && h("button", { class: "button small", type: "button", onclick: () => load(next) }, "Show more"),
        },
      ),
    );
  }

  async function unpin(run, button) {
    button.disabled = true;
    try {
      await send("POST", `/runs/${part(run.id)}/unpin`, {});
      runs = runs.filter((other) => other.id !== run.id);
      draw();
      toast("The run goes when it is old enough.");
    } catch (problem) {
      button.disabled = false;
      toast(problem.message, { tone: "bad" });
    }
  }
}

const daysText = (text) => {
  const days = /^(\d+)d$/.exec(text)?.[1];
  return days ? plural(Number(days), "day") : text;
};
