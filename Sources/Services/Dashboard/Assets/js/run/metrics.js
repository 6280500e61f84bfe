import { get, part, poll } from "../api.js";
import { h, replace, svg } from "../dom.js";
import { empty, loading, problemNotice } from "../parts/notices.js";
import { bytes, card, cores, tiles } from "../parts/widgets.js";
import { isOver } from "../states.js";
import { duration } from "../time.js";

/** What the run used of processor and memory, beside what it asked for. */
export function showMetrics(panel, context) {
  const slot = h("div", {}, loading());
  panel.append(slot);
  const polling = poll(() => isOver(context.state.run.state) ? polling.stop() : load(), 5000);
  load();
  return () => polling.stop();

  async function load() {
    try {
      const report = await get(`/runs/${part(context.id)}/metrics`, { points: 240 }, { signal: context.signal });
      const measured = report.containers.filter((container) => container.used || container.series);
      replace(
        slot,
        report.cost &&
          card(
            "Cost",
            tiles([["Reserved", `${report.cost.reserved} ${report.cost.currency ?? ""}`], [
              "Used",
              report.cost.used !== undefined && `${report.cost.used} ${report.cost.currency ?? ""}`,
            ], ["Reserved for", duration(report.cost.reserved_seconds)]]),
          ),
        measured.length === 0
          ? h(
            "div",
            { class: "card" },
            empty({
              title: "Nothing was measured",
              text:
                "The cluster’s metrics are read every few seconds while a pod runs. A run that is shorter, or a cluster without metrics, has none.",
            }),
          )
          : measured.map(container),
      );
    } catch (problem) {
      if (problem.name !== "AbortError") replace(slot, problemNotice(problem, load));
    }
  }
}

function container(entry) {
  const used = entry.used ?? {};
  return card(`Container ${entry.name}`, [
    tiles([
      ["Processor time", duration(used.cpu_seconds)],
      ["Peak", cores(used.peak_cpu_millicores)],
      ["Average", cores(used.average_cpu_millicores)],
      ["Requested", entry.requested && cores(entry.requested.cpu_millicores)],
      ["Peak memory", bytes(used.peak_memory_bytes)],
      ["Requested memory", entry.requested && bytes(entry.requested.memory_bytes)],
      ["Samples", used.samples],
    ]),
    entry.series &&
    h(
      "div",
      { class: "columns charts" },
      chart("Processor", entry.series.at, entry.series.cpu_millicores, entry.requested?.cpu_millicores, cores),
      chart("Memory", entry.series.at, entry.series.memory_bytes, entry.requested?.memory_bytes, bytes),
    ),
  ]);
}

const WIDTH = 560;
const HEIGHT = 190;
const LEFT = 70;
const BOTTOM = 24;
const TOP = 12;

function chart(title, moments, values, limit, word) {
  const times = moments.map((moment) => Date.parse(moment));
  const start = times[0];
  const span = Math.max(1, times.at(-1) - start);
  const highest = Math.max(1, ...values.filter((value) => value !== null), limit ?? 0) * 1.08;
  const x = (time) => LEFT + (WIDTH - LEFT - 8) * (time - start) / span;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / highest);
  const points = values.map((value, index) =>
    value === null ? null : `${x(times[index]).toFixed(1)} ${y(value).toFixed(1)}`
  ).filter(Boolean);
  const known = values.filter((value) => value !== null);
  const words = `${title}: from ${word(Math.min(...known))} to ${word(Math.max(...known))} over ${
    duration(span / 1000)
  }${limit ? `; requested ${word(limit)}` : ""}`;
  return h(
    "figure",
    {},
    h(
      "figcaption",
      {},
      h("h3", {}, title),
      limit && h("span", { class: "faint" }, `dashed: ${word(limit)} requested`),
    ),
    svg(
      "svg",
      { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
      [0, 0.5, 1].map((part) => {
        const value = highest * part / 1.08;
        return [
          svg("line", { class: "grid", x1: LEFT, x2: WIDTH - 8, y1: y(value), y2: y(value) }),
          svg("text", { class: "axis", x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, word(Math.round(value))),
        ];
      }),
      limit && svg("line", { class: "limit", x1: LEFT, x2: WIDTH - 8, y1: y(limit), y2: y(limit) }),
      svg("path", {
        class: "area-fill",
        d: `M${x(start)} ${y(0)}L${points.join("L")}L${x(times.at(-1)).toFixed(1)} ${y(0)}Z`,
      }),
      svg("path", { class: "curve", d: `M${points.join("L")}` }),
      points.length < 3 &&
        points.map((point) =>
          svg("circle", { class: "dot", cx: point.split(" ")[0], cy: point.split(" ")[1], r: 3.5 })
        ),
      svg("text", { class: "axis", x: LEFT, y: HEIGHT - 6 }, "0"),
      svg("text", { class: "axis", x: WIDTH - 8, y: HEIGHT - 6, "text-anchor": "end" }, duration(span / 1000)),
    ),
  );
}
