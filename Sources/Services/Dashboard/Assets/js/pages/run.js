import { follow, get, part, poll } from "../api.js";
import { h, replace } from "../dom.js";
import { addressOf, go, setQuery } from "../router.js";
import { actions, actOnRun, rerun } from "../parts/actions.js";
import { loading, notice, problemNotice } from "../parts/notices.js";
import { copyButton, menu, pageHead, shortID, tabs } from "../parts/widgets.js";
import { badge, isOver, sentence } from "../states.js";
import { duration, lasting, moment, secondsBetween } from "../time.js";
import { showOverview } from "../run/overview.js";
import { showDetails } from "../run/details.js";
import { showEvents } from "../run/events.js";
import { showLogs } from "../run/logs.js";
import { showMetrics } from "../run/metrics.js";
import { showOutputs } from "../run/outputs.js";

/** One run: kept up to date while it is not over. */
export function show(stage, { parameters, search, signal, setKeys, setTitle }) {
  const { id } = parameters;
  setTitle(`Run ${shortID(id)}`);
  const state = { run: null, spec: null, stream: search.get("stream") ?? "", listeners: new Set() };
  const head = h("div", {});
  const banner = h("div", {});
  const body = h("div", {}, loading("Loading the run…"));
  replace(stage, head, banner, body);
  let tabBar = null;
  let followed = false;

  const context = {
    id,
    signal,
    state,
    /** Calls `listener` with the run now and whenever it changed; gives what ends that. */
    watch(listener) {
      state.listeners.add(listener);
      if (state.run) listener(state.run);
      return () => state.listeners.delete(listener);
    },
    openLogs(stream) {
      state.stream = stream;
      tabBar.open("logs");
    },
    reload: () => load(true),
  };

  signal.addEventListener("abort", () => tabBar?.end());
  setKeys({
    c: () => act("cancel"),
    r: () => act("retry"),
    l: () => tabBar?.open("logs"),
    o: () => tabBar?.open("overview"),
    e: () => tabBar?.open("events"),
    "/": () => {
      tabBar?.open("logs");
      body.querySelector(".log input[type=search]")?.focus();
    },
    u: () => go("/runs"),
  }, [["o", "Overview"], ["l", "Logs"], ["/", "Search the logs"], ["e", "Events"], ["c", "Cancel"], ["r", "Retry"], [
    "u",
    "Back to the runs",
  ]]);
  load();

  async function load(isQuiet) {
    try {
      const run = await get(`/runs/${part(id)}`, {}, { signal });
      const isFirst = !state.run;
      state.run = run;
      draw(run);
      if (isFirst) begin(search.get("tab") ?? "overview");
      for (const listener of state.listeners) listener(run);
      if (!followed && !isOver(run.state)) keepUp();
      if (isFirst) loadSpec(run);
    } catch (problem) {
      if (problem.name === "AbortError" || isQuiet && state.run) return;
      replace(head, pageHead({ title: "Run", crumbs: [["Runs", "/runs"], [shortID(id)]] }));
      replace(
        body,
        problem.status === 404
          ? notice({
            title: "There is no such run",
            text: "It may have been deleted, or its time of keeping is over.",
            children: h("p", { class: "request" }, "Request ", h("code", {}, problem.requestID)),
          })
          : problemNotice(problem, () => load()),
      );
    }
  }

  async function loadSpec(run) {
    try {
      const version = await get(`/jobs/${part(run.team)}/${part(run.job)}/versions/${run.version}`, {}, { signal });
      state.spec = version.spec;
      for (const listener of state.listeners) listener(state.run);
    } catch { /* Without it tasks have no lines between them. */ }
  }

  /** Events say that something changed; the run is then read again, at most twice a second. */
  function keepUp() {
    followed = true;
    let timer = null;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = null;
        load(true);
      }, 500);
    };
    follow(`/runs/${part(id)}/watch`, {}, { signal, receive: soon }).catch(() => {});
    const polling = poll(async () => {
      if (isOver(state.run.state)) polling.stop();
      else await load(true);
    }, 5000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      polling.stop();
    });
  }

  function begin(current) {
    tabBar = tabs(
      "Parts of the run",
      [
        ["overview", "Overview", (panel) => showOverview(panel, context)],
        ["logs", "Logs", (panel) => showLogs(panel, context)],
        ["outputs", "Outputs", (panel) => showOutputs(panel, context)],
        ["metrics", "Metrics", (panel) => showMetrics(panel, context)],
        ["events", "Events", (panel) => showEvents(panel, context)],
        ["details", "Details", (panel) => showDetails(panel, context)],
      ],
      current,
      (tab) => {
        const now = new URLSearchParams();
        if (tab !== "overview") now.set("tab", tab);
        if (tab === "logs" && state.stream) now.set("stream", state.stream);
        setQuery(now);
      },
    );
    replace(body, tabBar.element);
  }

  function act(action) {
    const run = state.run;
    if (!run || !actions[action].applies(run)) return;
    if (action === "rerun") rerun(run, { done: () => load(true) });
    else actOnRun(action, run, { done: () => load(true) });
  }

  function draw(run) {
    setTitle(`${run.job} ${shortID(run.id)}`);
    const possible = Object.keys(actions).filter((action) => actions[action].applies(run));
    const first = possible.filter((action) => ["cancel", "retry", "resume"].includes(action)).slice(0, 2);
    const rest = possible.filter((action) => !first.includes(action));
    const key = possible.join();
    if (head.dataset.key === `${run.state} ${key}` && head.dataset.warnings === String(run.warnings)) {
      return drawBanner(run);
    }
    head.dataset.key = `${run.state} ${key}`;
    head.dataset.warnings = String(run.warnings);
    replace(
      head,
      pageHead({
        crumbs: [["Runs", "/runs"], [run.team, addressOf.runs({ team: run.team })], [
          run.job,
          addressOf.job(run.team, run.job),
        ], [shortID(run.id)]],
        title: run.job,
        sub: h(
          "span",
          { class: "sub" },
          badge(run.state, { warnings: run.warnings }),
          " ",
          run.released_at && h("span", { class: "tag" }, "released"),
          run.pinned && h("span", { class: "tag" }, "pinned"),
          " ",
          h("span", { class: "mono" }, run.id),
          copyButton(run.id, "the run’s id"),
        ),
        actions: [
          first.map((action) =>
            h("button", {
              class: ["button", actions[action].isDanger && "danger"],
              type: "button",
              "data-action": action,
              onclick: () => act(action),
            }, actions[action].word)
          ),
          rest.length > 0 && menu(
            "More",
            rest.map((action) => [`${actions[action].word}…`, () => act(action), actions[action].isDanger]),
          ),
        ],
      }),
      h(
        "p",
        { class: "soft meta" },
        "Version ",
        h("a", { href: addressOf.job(run.team, run.job, `?tab=versions&version=${run.version}`) }, `v${run.version}`),
        ` on ${run.cluster || "no cluster yet"} · created `,
        moment(run.created_at),
        run.submitted_by && ` by ${run.submitted_by}`,
        run.trigger?.schedule && ` by schedule ${run.trigger.schedule}`,
        run.running_at &&
          [
            " · ran for ",
            isOver(run.state) ? duration(secondsBetween(run.running_at, run.ended_at)) : lasting(run.running_at),
          ],
        run.ended_at && [" · ended ", moment(run.ended_at)],
      ),
    );
    drawBanner(run);
  }

  function drawBanner(run) {
    const key = JSON.stringify([run.state, run.reason, run.message, run.waiting, run.release_deadline]);
    if (banner.dataset.key === key) return;
    banner.dataset.key = key;
    if (["failed", "timeout"].includes(run.state) || run.state === "cancelled" && run.reason) {
      replace(
        banner,
        notice({
          title: `${sentence(run.reason ?? run.state)}${
            run.failure_class ? ` · ${run.failure_class === "user" ? "in the job’s own code" : run.failure_class}` : ""
          }`,
          text: run.message,
          tone: run.state === "cancelled" ? "warn" : "bad",
          children: [
            run.failed_task && h(
              "p",
              {},
              "Task ",
              h("button", {
                class: "button small",
                type: "button",
                onclick: () => context.openLogs(`task/${run.failed_task}`),
              }, run.failed_task),
              run.error_name && ` · ${run.error_name}`,
            ),
            run.advice && h("p", {}, run.advice),
            run.stack_trace &&
            h(
              "details",
              {},
              h("summary", {}, "Stack trace"),
              h("pre", { class: "trace", tabindex: "0" }, run.stack_trace),
            ),
          ],
        }),
      );
    } else if (["pending", "paused", "ready"].includes(run.state)) {
      replace(
        banner,
        notice({
          title: `It waits${
            run.waiting?.reason ?? run.reason ? `: ${sentence(run.waiting?.reason ?? run.reason).toLowerCase()}` : ""
          }`,
          text: run.waiting?.sentence ?? run.message ?? "Why is being found out…",
          tone: run.state === "paused" ? "warn" : undefined,
          children: h("p", {}, h("a", { href: `/queue?team=${part(run.team)}` }, "Show the queue")),
        }),
      );
      if (!run.waiting?.sentence) explain(run);
    } else if (run.released_at && !isOver(run.state)) {
      replace(
        banner,
        notice({
          title: "Released",
          text: "Nobody observes this run any more.",
          tone: "warn",
          children: run.release_deadline && h("p", {}, "It is given up ", moment(run.release_deadline)),
        }),
      );
    } else if (run.message && !isOver(run.state) && run.state !== "running") {
      replace(banner, notice({ title: sentence(run.reason ?? run.state), text: run.message, tone: "warn" }));
    } else replace(banner);
  }

  async function explain(run) {
    try {
      const why = await get(`/runs/${part(id)}/why`, {}, { signal });
      const text = banner.querySelector("p");
      if (text && state.run.state === run.state) {
        text.textContent = why.sentence +
          (why.position ? ` Position ${why.position.team} in its team, ${why.position.overall} of all.` : "");
      }
    } catch { /* The run's own message stands there. */ }
  }
}
