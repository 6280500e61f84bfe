import { svg } from "./dom.js";

// Drawn on a field of 16 by 16, one and a half wide.
const paths = {
  runs: ["M3 4h10M3 8h10M3 12h6"],
  jobs: ["M3 5l5-2.5L13 5v6l-5 2.5L3 11z", "M3 5l5 2.5L13 5M8 7.5v6"],
  schedules: ["M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z", "M8 4.5V8l2.5 1.5"],
  queue: ["M2.5 3.5h11M2.5 8h7M2.5 12.5h4"],
  clusters: ["M3 3h10v4H3zM3 9h10v4H3z", "M5.5 5h.01M5.5 11h.01"],
  teams: [
    "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
    "M1.5 13.5c0-2.5 1.8-4 4.5-4s4.5 1.5 4.5 4",
    "M10.5 3a2.3 2.3 0 0 1 0 4.4M12 9.8c1.6.5 2.5 1.8 2.5 3.7",
  ],
  webhooks: ["M8 13.5h.01M6 13.5a2 2 0 0 0 4 0", "M3.5 11.5c1-1 1.3-2.2 1.3-4a3.2 3.2 0 0 1 6.4 0c0 1.8.3 3 1.3 4z"],
  audit: ["M4 2h6l2.5 2.5V14H4z", "M6.5 7.5h3.5M6.5 10h3.5"],
  tokens: ["M10 6.5a3.5 3.5 0 1 1-1-2.4", "M8.4 8.4 14 14M12 12l1.5-1.5"],
  search: ["M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10z", "M10.7 10.7 14 14"],
  plus: ["M8 3v10M3 8h10"],
  more: ["M3.5 8h.01M8 8h.01M12.5 8h.01"],
  copy: ["M6 6h7v7H6z", "M10 6V3H3v7h3"],
  down: ["M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10"],
  bookmark: ["M4.5 2.5h7V14L8 11l-3.5 3z"],
  gear: ["M2.5 5h11M2.5 11h11", "M6 3.5v3M10 9.5v3"],
  warning: ["M8 2 14.5 13.5h-13z", "M8 6.5V10M8 11.8v.01"],
  nothing: ["M2.5 9.5 4.5 3h7l2 6.5V13h-11z", "M2.5 9.5H6l.7 1.5h2.6l.7-1.5h3.5"],

  // States: each has a shape of its own, so that colour is never needed to tell them apart.
  pending: ["M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z"],
  paused: ["M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z", "M6.5 5.8v4.4M9.5 5.8v4.4"],
  ready: ["M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z", "M5.5 8h5M8.5 6l2 2-2 2"],
  working: ["M8 2a6 6 0 1 1-5.2 3", "M2.5 2.5v3h3"],
  running: ["M4.5 2.8 13 8l-8.5 5.2z"],
  cancelling: ["M3 3l10 10M8 14A6 6 0 1 1 14 8"],
  succeeded: ["M2.5 8.5 6.5 12.5 13.5 4"],
  failed: ["M5.2 2h5.6L14 5.2v5.6L10.8 14H5.2L2 10.8V5.2z", "M6 6l4 4M10 6l-4 4"],
  cancelled: ["M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z", "M3.8 3.8l8.4 8.4"],
  timeout: ["M4 2h8M4 14h8M5 2v2.5L8 8l3-3.5V2M5 14v-2.5L8 8l3 3.5V14"],
  skipped: ["M3 4l5 4-5 4zM9 4l5 4-5 4z"],
  blocked: ["M3 3h10v10H3z", "M5.5 8h5"],
};

/** A drawing beside words, which say what it means: it is not read out. */
export function icon(name) {
  const shapes = paths[name] ?? [];
  return svg(
    "svg",
    { viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    shapes.map((d) =>
      svg("path", {
        d,
        fill: name === "running" || name === "skipped" ? "currentColor" : "none",
        stroke: "currentColor",
        "stroke-width": "1.5",
        "stroke-linecap": "round",
        "stroke-linejoin": "round",
      })
    ),
  );
}

export function brandMark() {
  return svg(
    "svg",
    { viewBox: "0 0 32 32", "aria-hidden": "true" },
    svg("rect", { width: 32, height: 32, rx: 7, class: "hull" }),
    svg("path", {
      d: "M6 20h20l-3.4 5H9.4zM15 6v11H8zM17 9v8h6z",
      fill: "light-dark(#fff, #06282a)",
      style: { fill: "var(--on-accent)" },
    }),
  );
}
