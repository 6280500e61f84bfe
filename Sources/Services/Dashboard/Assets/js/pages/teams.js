import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { addressOf } from "../router.js";
import { empty, loading, problemNotice } from "../parts/notices.js";
import { card, pageHead, plural, table } from "../parts/widgets.js";
import { badge } from "../states.js";
import { forecastCard, retentionCard } from "../team/retention.js";
import { moment } from "../time.js";

/** The teams, and for how long is kept what no team says otherwise of. */
export function show(stage, { signal, setTitle }) {
  setTitle("Teams");
  const list = h("div", {}, loading());
  const kept = h("div", {});
  let teams = [];
  replace(stage, pageHead({ title: "Teams" }), list, kept);
  load();

  async function load(after) {
    try {
      const answer = await get("/teams", { limit: 200, after }, { signal });
      teams = after ? [...teams, ...answer.teams] : answer.teams;
      draw(answer.next);
      if (!after) replace(kept, retentionCard(undefined, { signal }), forecastCard({ signal }));
    } catch (problem) {
      if (problem.name !== "AbortError") replace(list, problemNotice(problem, () => load()));
    }
  }

  function draw(next) {
    if (teams.length === 0) {
      replace(
        list,
        h(
          "div",
          { class: "card" },
          empty({
            title: "You are in no team",
            text: "Who has a role in a team sees it here. A new one is made of a file with:",
            drawing: "teams",
            children: h("code", {}, "slipway team apply FILE"),
          }),
        ),
      );
      return;
    }
    replace(
      list,
      card(
        "Teams",
        table("Teams", [
          ["Team", (team) => h("a", { href: addressOf.team(team.name) }, team.name), "nowrap"],
          ["State", (team) => badge(team.suspended ? "suspended" : "active"), "nowrap"],
          ["Description", (team) => team.description ?? "", "wrap"],
          ["Weight", (team) => team.weight, "number"],
          ["Cohort", (team) => team.cohort ?? "", "nowrap"],
          ["Namespace", (team) => h("code", {}, team.namespace), "nowrap"],
          ["Changed", (team) => moment(team.updated_at), "nowrap"],
        ], teams),
        { isPlain: true, end: `${plural(teams.length, "team")}${next ? " so far" : ""}` },
      ),
      next &&
        h(
          "p",
          { class: "more" },
          h("button", { class: "button", type: "button", onclick: () => load(next) }, "Show more"),
        ),
    );
  }
}
