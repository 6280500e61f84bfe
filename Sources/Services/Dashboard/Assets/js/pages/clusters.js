import { get, part, poll, send } from "../api.js";
import { h, replace } from "../dom.js";
import { showDialog, whyField } from "../parts/dialogs.js";
import { empty, loading, problemNotice, toast } from "../parts/notices.js";
import { bytes, card, cores, facts, pageHead, plural, table } from "../parts/widgets.js";
import { badge } from "../states.js";
import { moment } from "../time.js";

/** The clusters with what they hold, and the processes that serve them. */
export function show(stage, { signal, setTitle }) {
  setTitle("Clusters");
  const slot = h("div", {}, loading());
  replace(stage, pageHead({ title: "Clusters and processes" }), slot);
  let last = "";
  load().catch(() => {});
  const polling = poll(load, 5000);
  signal.addEventListener("abort", () => polling.stop());

  async function load() {
    try {
      const [{ clusters }, holders] = await Promise.all([get("/clusters", {}, { signal }), readHolders()]);
      const reporters = await Promise.all(
        clusters.slice(0, 20).map((cluster) =>
          get(`/clusters/${part(cluster.name)}`, {}, { signal }).then((described) => described.reporters, () => [])
        ),
      );
      const key = JSON.stringify([
        clusters,
        holders?.map((holder) => [holder.id, holder.alive, holder.runs, holder.duties]),
      ]);
      if (key === last || slot.contains(document.activeElement) && last !== "") return;
      last = key;
      replace(
        slot,
        clusters.length === 0
          ? h(
            "div",
            { class: "card" },
            empty({
              title: "No cluster is registered",
              text: "Runs are placed on clusters. Register one with:",
              drawing: "clusters",
              children: h("code", {}, "slipway cluster apply FILE"),
            }),
          )
          : h(
            "div",
            { class: "columns" },
            clusters.map((cluster, index) => drawCluster(cluster, reporters[index] ?? [])),
          ),
        holders && drawHolders(holders),
      );
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (last === "") replace(slot, problemNotice(problem, () => load().catch(() => {})));
      throw problem;
    }
  }

  function drawCluster(cluster, reporters) {
    const gauge = (
      name,
      used,
      whole,
      word,
    ) => [
      name,
      h(
        "div",
        {},
        whole
          ? [
            h(
              "div",
              { class: "bar", role: "img", "aria-label": `${word(used)} of ${word(whole)}` },
              h("span", {
                class: used > whole * 0.9 ? "fill-warn" : "fill-accent",
                style: { width: `${Math.min(100, 100 * used / whole)}%` },
              }),
            ),
            h("span", { class: "soft" }, `${word(used)} of ${word(whole)}`),
          ]
          : `${word(used)}, no limit stated`,
      ),
    ];
    const nodes = cluster.nodes ?? {};
    const capacity = cluster.capacity ?? {};
    const act = (verb, word, text) => () => {
      const why = whyField();
      showDialog({
        title: `${word} ${cluster.name}`,
        body: [h("p", {}, text), why.element],
        confirmWord: word,
        isDanger: verb === "drain",
        confirm: async () => {
          await send("POST", `/clusters/${part(cluster.name)}/${verb}`, { why: why.value() });
          toast(`Cluster ${cluster.name}: ${verb}.`);
          last = "";
          document.activeElement?.blur();
          await load();
        },
      });
    };
    const count = (number) => Number(number).toLocaleString("en");
    return card(cluster.name, [
      cluster.message && h("p", { class: "soft" }, cluster.message),
      facts([
        ["State", [badge(cluster.state), h("span", { class: "faint" }, " since "), moment(cluster.state_since)]],
        ["", cluster.description],
        gauge("Runs", cluster.used.runs, capacity.runs, count),
        gauge("Processor", cluster.used.cpu_millicores, capacity.cpu_millicores ?? nodes.cpu_millicores, cores),
        gauge("Memory", cluster.used.memory_bytes, capacity.memory_bytes ?? nodes.memory_bytes, bytes),
        [
          "Being placed",
          `${cluster.used.placing ?? 0}${cluster.placement_window ? ` of ${cluster.placement_window}` : ""}`,
        ],
        ["Nodes", nodes.count],
        ["Teams", cluster.teams?.join(", ")],
        [
          "Labels",
          Object.keys(cluster.labels ?? {}).length > 0 &&
          Object.entries(cluster.labels ?? {}).map((
            [key, value],
          ) => [h("span", { class: "tag" }, `${key}=${value}`), " "]),
        ],
        [
          "Seen by",
          reporters.length > 0 && h(
            "ul",
            {},
            reporters.map((reporter) =>
              h(
                "li",
                {},
                badge(reporter.healthy ? "healthy" : "unhealthy"),
                ` ${reporter.kind ?? "gone"} ${reporter.name ?? ""} `,
                h("span", { class: "faint" }, "checked ", moment(reporter.checked_at)),
                reporter.message && ` ${reporter.message}`,
              )
            ),
          ),
        ],
      ]),
    ], {
      end: cluster.wanted === "draining"
        ? h("button", {
          class: "button small",
          type: "button",
          onclick: act("undrain", "Use again", "New runs are placed on it again."),
        }, "Use again…")
        : h("button", {
          class: "button small",
          type: "button",
          onclick: act("drain", "Drain", "No new run is placed on it. What runs there is not touched."),
        }, "Drain…"),
    });
  }

  /** `null`: who has roles in teams only may not see the processes. */
  async function readHolders() {
    try {
      return (await get("/holders", {}, { signal })).holders;
    } catch (problem) {
      if (problem.status === 403) return null;
      throw problem;
    }
  }

  function drawHolders(holders) {
    if (holders.length === 0) {
      return h(
        "div",
        { class: "card" },
        empty({
          title: "No scheduler, dispatcher or worker is alive",
          text: "Runs are accepted and wait until one is started.",
        }),
      );
    }
    return card(
      "Processes",
      table(
        "Processes",
        [
          ["Kind", (holder) => h("strong", {}, holder.kind), "nowrap"],
          ["Name", (holder) => holder.name, "nowrap"],
          ["State", (holder) => badge(holder.alive ? "alive" : "silent"), "nowrap"],
          ["Leases", (holder) => (holder.runs ?? 0).toLocaleString("en"), "number"],
          [
            "Duties",
            (holder) =>
              (holder.duties ?? []).map((duty) => [h("span", { class: "tag" }, duty.replaceAll("_", " ")), " "]),
            "wrap",
          ],
          ["Clusters", (holder) => holder.clusters.join(", ")],
          ["Version", (holder) => holder.version, "nowrap"],
          ["Started", (holder) => moment(holder.started_at), "nowrap"],
          ["Lease until", (holder) => moment(holder.expires_at), "nowrap"],
        ],
        holders,
        { isCompact: true },
      ),
      { isPlain: true, end: plural(holders.length, "process", "processes") },
    );
  }
}
