// Addresses and the pages they lead to. Each page is loaded when it is first needed.

const routes = [
  [/^\/$/, () => import("./pages/runs.js"), []],
  [/^\/runs$/, () => import("./pages/runs.js"), []],
  [/^\/runs\/([^/]+)$/, () => import("./pages/run.js"), ["id"]],
  [/^\/jobs$/, () => import("./pages/jobs.js"), []],
  [/^\/jobs\/([^/]+)\/([^/]+)$/, () => import("./pages/job.js"), ["team", "name"]],
  [/^\/schedules$/, () => import("./pages/schedules.js"), []],
  [/^\/queue$/, () => import("./pages/queue.js"), []],
  [/^\/clusters$/, () => import("./pages/clusters.js"), []],
  [/^\/teams$/, () => import("./pages/teams.js"), []],
  [/^\/teams\/([^/]+)$/, () => import("./pages/team.js"), ["team"]],
  [/^\/teams\/([^/]+)\/webhooks\/([^/]+)$/, () => import("./pages/webhook.js"), ["team", "name"]],
  [/^\/audit$/, () => import("./pages/audit.js"), []],
  [/^\/tokens$/, () => import("./pages/tokens.js"), []],
];

let show = () => {};

/** - `present(load, parameters, search)` shows a page; `load` is `null` for an address that leads nowhere. */
export function start(present) {
  show = present;
  addEventListener("popstate", () => arrive());
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (
      !link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey ||
      event.altKey
    ) return;
    const address = new URL(link.href, location.href);
    if (address.origin !== location.origin || link.target || link.hasAttribute("download") || address.hash) return;
    if (address.pathname.startsWith("/api/") || address.pathname.startsWith("/assets/")) return;
    event.preventDefault();
    go(address.pathname + address.search);
  });
  arrive();
}

/** Leads to another page. */
export function go(address) {
  history.pushState(null, "", address);
  scrollTo(0, 0);
  arrive();
}

/** Changes the address's query without showing the page anew. */
export function setQuery(search) {
  const text = search.toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
}

export function arrive() {
  const path = location.pathname.replace(/\/+$/, "") || "/";
  for (const [pattern, load, names] of routes) {
    const match = pattern.exec(path);
    if (!match) continue;
    let parameters;
    try {
      parameters = Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1])]));
    } catch {
      break;
    }
    show(load, parameters, new URLSearchParams(location.search));
    return;
  }
  show(null, {}, new URLSearchParams());
}

/** Loads the pages that were not needed yet, so that they are there when they are, also if the API is not. */
export async function loadOthers() {
  for (const [, load] of routes) await load().catch(() => {});
}

export const addressOf = {
  run: (id, search = "") => `/runs/${encodeURIComponent(id)}${search}`,
  job: (team, name, search = "") => `/jobs/${encodeURIComponent(team)}/${encodeURIComponent(name)}${search}`,
  team: (team, search = "") => `/teams/${encodeURIComponent(team)}${search}`,
  webhook: (team, name) => `/teams/${encodeURIComponent(team)}/webhooks/${encodeURIComponent(name)}`,
  runs: (filter) => `/runs?${new URLSearchParams(filter)}`,
};
