import { get, part, poll } from "../api.js";
import { h, replace } from "../dom.js";
import { addressOf, setQuery } from "../router.js";
import { empty, loading, problemNotice } from "../parts/notices.js";
import { bytes, card, cores, pageHead, plural, select, table } from "../parts/widgets.js";
import { badge, sentence } from "../states.js";
import { moment } from "../time.js";

const scopes = { own: "its own limit", team: "its team", cluster: "the cluster", order: "the order", job: "its job" };

/** Why runs wait, and how what is scarce is divided. */
export function show(stage, { search, signal, setTitle }) {
  setTitle("Queue");
  let team = search.get("team") ?? "";
  const teams = h("span", {});
  const slots = { trouble: h("div", {}), holds: h("div", {}, loading()), shares: h("div", {}), runs: h("div", {}) };
  replace(
    stage,
    pageHead({ title: "Queue", sub: h("span", { class: "sub" }, "what waits, and why") }),
    h("div", { class: "toolbar" }, teams),
    Object.values(slots),
  );
  get("/teams", {}, { signal }).then(
    (answer) =>
      replace(
        teams,
        select([["", "All teams"], ...answer.teams.map((one) => [one.name, one.name])], team, (value) => {
          team = value;
          setQuery(new URLSearchParams(team ? { team } : {}));
          load().catch(() => {});
        }, { "aria-label": "Team" }),
      ),
    () => {},
  );
  load().catch(() => {});
  const polling = poll(load, 3000);
  signal.addEventListener("abort", () => polling.stop());
  let last = "";

  async function load() {
    try {
      const [{ holds }, shares, { runs, next }] = await Promise.all([
        get("/admission/holds", { team }, { signal }),
        get("/admission/shares", { team }, { signal }),
        get("/runs", { team, state: "pending,paused,ready", limit: 50 }, { signal }),
      ]);
      const key = JSON.stringify([holds, shares, runs.map((run) => [run.id, run.state, run.message]), next]);
      if (key === last) return;
      last = key;
      replace(slots.trouble);
      replace(slots.holds, drawHolds(holds));
      replace(slots.shares, drawShares(shares));
      replace(slots.runs, drawRuns(runs, next));
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (last === "") {
        replace(slots.holds);
        replace(slots.trouble, problemNotice(problem, () => load().catch(() => {})));
      }
      throw problem;
    }
  }

  function drawHolds(holds) {
    if (holds.length === 0) {
      return h(
        "div",
        { class: "card" },
        empty({
          title: "No run waits for admission",
          text: "Whatever was submitted has been let go, or nothing was submitted.",
          drawing: "queue",
        }),
      );
    }
    const most = Math.max(...holds.map((hold) => hold.runs));
    return card(
      "Why runs wait",
      table("Why runs wait", [
        ["Team", (hold) => hold.team, "nowrap"],
        ["State", (hold) => badge(hold.state), "nowrap"],
        ["Reason", (hold) => sentence(hold.reason ?? "unknown"), "nowrap"],
        ["Held by", (hold) => scopes[hold.scope] ?? hold.scope ?? "", "nowrap soft"],
        [
          "Runs",
          (hold) =>
            h("a", { href: addressOf.runs({ team: hold.team, state: hold.state }) }, hold.runs.toLocaleString("en")),
          "number",
        ],
        ["", (hold) =>
          h(
            "div",
            { class: "bar", "aria-hidden": "true" },
            h("span", { class: "fill-accent", style: { width: `${100 * hold.runs / most}%` } }),
          )],
      ], holds),
      { isPlain: true, end: plural(holds.reduce((sum, hold) => sum + hold.runs, 0), "run") },
    );
  }

  function drawShares({ shares, whole }) {
    if (shares.length === 0) return null;
    const widest = Math.max(0.01, ...shares.flatMap((share) => [share.share, share.fair_share]));
    const percent = (value) => `${(100 * value).toFixed(value < 0.1 ? 1 : 0)} %`;
    return card("Shares of teams", [
      shares.map((share) =>
        h(
          "div",
          { class: "share" },
          h(
            "div",
            {},
            h("strong", {}, share.team),
            h("div", { class: "faint" }, `weight ${share.weight}${share.cohort ? ` · ${share.cohort}` : ""}`),
          ),
          h(
            "div",
            {
              class: "track",
              role: "img",
              "aria-label": `${share.team} uses ${percent(share.share)}, its fair share is ${
                percent(share.fair_share)
              }`,
            },
            h("span", {
              class: ["used", share.share > share.fair_share ? "fill-warn" : "fill-accent"],
              style: { width: `${100 * Math.min(1, share.share / widest)}%` },
            }),
            h("span", {
              class: "fair",
              style: { left: `min(calc(100% - 2px), ${100 * share.fair_share / widest}%)` },
            }),
          ),
          h(
            "div",
            {},
            percent(share.share),
            h("div", { class: "faint" }, `${share.used.runs} live · ${share.waiting} wait`),
          ),
        )
      ),
      h(
        "p",
        { class: "card-body legend" },
        h("span", {}, h("i", { class: "fill-accent" }), "used, within the fair share"),
        h("span", {}, h("i", { class: "fill-warn" }), "used, beyond it"),
        h("span", {}, h("i", { class: "line" }), "fair share by weight"),
      ),
    ], {
      isPlain: true,
      end: `of ${whole.runs.toLocaleString("en")} runs, ${cores(whole.cpu_millicores)}, ${bytes(whole.memory_bytes)}`,
    });
  }

  function drawRuns(runs, next) {
    if (runs.length === 0) return null;
    return card(
      "Waiting runs",
      table("Waiting runs", [
        ["State", (run) => badge(run.state), "nowrap"],
        ["Job", (run) => h("a", { href: addressOf.run(run.id) }, run.job), "nowrap"],
        ["Team", (run) => run.team, "nowrap"],
        ["Priority", (run) => run.priority, "number"],
        ["Since", (run) => moment(run.state_since), "nowrap"],
        ["Why", (run) =>
          run.message ??
            h("button", {
              class: "button small",
              type: "button",
              "aria-label": `Why does run ${run.id.slice(-12)} wait?`,
              onclick: (event) => explain(event.target, run),
            }, "Why?"), "wrap"],
      ], runs),
      {
        isPlain: true,
        end: next &&
          h(
            "a",
            { href: addressOf.runs({ ...(team ? { team } : {}), state: "pending,paused,ready" }) },
            "All of them",
          ),
      },
    );
  }

  async function explain(button, run) {
    button.disabled = true;
    try {
      const why = await get(`/runs/${part(run.id)}/why`, {}, { signal });
      button.replaceWith(why.sentence);
    } catch (problem) {
      button.replaceWith(problem.message);
    }
  }
}
