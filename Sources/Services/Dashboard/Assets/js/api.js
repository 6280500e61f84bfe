import { token } from "./preferences.js";

const ROOT = "/api/v1";

/** Why the API did not do something, in its own words. */
export class Problem extends Error {
  constructor(status, body, requestID) {
    super(body?.detail || body?.title || `The API answered ${status}.`);
    this.status = status;
    this.code = body?.code ?? "";
    this.title = body?.title ?? (status ? `The API answered ${status}` : "The API cannot be reached");
    this.requestID = body?.request_id ?? requestID ?? "";
    this.errors = body?.errors ?? [];
  }
}

/** Tells the shell: `signed-out` when a token is needed, `reached` and `unreached` as answers come or not. */
export const signals = new EventTarget();

let isReached = true;

function reached(now) {
  if (now === isReached) return;
  isReached = now;
  signals.dispatchEvent(new Event(now ? "reached" : "unreached"));
}

/** `{a: [1, 2], b: undefined}` becomes `?a=1&a=2`. */
export function query(parameters) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters ?? {})) {
    for (const one of [value].flat()) if (one !== undefined && one !== null && one !== "") search.append(name, one);
  }
  // A space is not everywhere understood as a plus.
  const text = search.toString().replaceAll("+", "%20");
  return text ? `?${text}` : "";
}

/** A name as a part of a path. */
export const part = encodeURIComponent;

async function request(method, path, { parameters, body, type, headers, signal, accept } = {}) {
  const all = { Accept: accept ?? "application/json", ...headers };
  if (token()) all.Authorization = `Bearer ${token()}`;
  else if (method !== "GET") {
    const csrf = (await caller())?.csrf_token;
    if (csrf) all["X-CSRF-Token"] = csrf;
  }
  if (body !== undefined) all["Content-Type"] = type ?? "application/json";
  let response;
  try {
    response = await fetch(ROOT + path + query(parameters), {
      method,
      headers: all,
      signal,
      body: body === undefined ? undefined : type ? body : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    reached(false);
    throw new Problem(0, { detail: "No answer came. The API process may be stopped, or the network is down." });
  }
  reached(true);
  if (response.ok) return response;
  let problem = null;
  try {
    problem = await response.json();
  } catch { /* A proxy's own page: its status is all there is to tell. */ }
  if (response.status === 401) signals.dispatchEvent(new Event("signed-out"));
  throw new Problem(response.status, problem, response.headers.get("x-request-id"));
}

/** Reads JSON. */
export async function get(path, parameters, options) {
  return (await request("GET", path, { parameters, ...options })).json();
}

let known;

/** Who asks, as the API sees it; `null` where it does not tell. A session's changes need the token that it names. */
export function caller() {
  known ??= get("/caller").catch((problem) => {
    known = undefined;
    if (problem.status === 404) return null;
    throw problem;
  });
  return known;
}

/** Changes something; gives the answer's JSON. */
export async function send(method, path, body, options) {
  const response = await request(method, path, { body, ...options });
  return response.status === 204 ? null : response.json();
}

/** Reads a file, for saving it. */
export async function download(path, parameters, accept) {
  const response = await request("GET", path, { parameters, accept });
  const disposition = response.headers.get("content-disposition") ?? "";
  const name = /filename="([^"]+)"/.exec(disposition)?.[1] ?? "slipway-output";
  return { name, blob: await response.blob() };
}

const PAUSE = 1500;

/**
 * Follows server-sent events until `signal` or the event `end`; goes on after a break where it stopped.
 * `receive(kind, data, id)` gets each event.
 */
export async function follow(path, parameters, { signal, receive }) {
  let last;
  while (!signal.aborted) {
    try {
      const headers = last === undefined ? {} : { "Last-Event-ID": last };
      const response = await request("GET", path, { parameters, signal, headers, accept: "text/event-stream" });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        text += value;
        let end;
        let from = 0;
        while ((end = text.indexOf("\n\n", from)) >= 0) {
          const event = parse(text.slice(from, end));
          from = end + 2;
          if (!event) continue;
          if (event.id !== undefined) last = event.id;
          receive(event.kind, event.data, event.id);
          if (event.kind === "end") return;
        }
        text = text.slice(from);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

function parse(text) {
  let kind = "message";
  let id;
  let data = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("event: ")) kind = line.slice(7);
    else if (line.startsWith("id: ")) id = line.slice(4);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (!data) return null;
  try {
    return { kind, id, data: JSON.parse(data) };
  } catch {
    return null;
  }
}

/** Calls `work` now and then again some time after each end, but not while the page is hidden. */
export function poll(work, milliseconds) {
  let timer;
  let isOver = false;
  let failures = 0;
  async function turn() {
    clearTimeout(timer);
    if (isOver) return;
    if (!document.hidden) {
      try {
        await work();
        failures = 0;
      } catch {
        failures = Math.min(failures + 1, 5);
      }
    }
    if (!isOver) timer = setTimeout(turn, milliseconds * 2 ** failures);
  }
  const shown = () => {
    if (!document.hidden) turn();
  };
  document.addEventListener("visibilitychange", shown);
  timer = setTimeout(turn, milliseconds);
  return {
    now: turn,
    stop() {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    },
  };
}
