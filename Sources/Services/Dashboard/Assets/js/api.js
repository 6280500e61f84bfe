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

const PATIENCE = 60_000;
const PROBE_PATIENCE = 10_000;
/** What every API answers at once. */
const WHETHER = "/version";
const PROBE = 2000;
const SLOWEST_PROBE = 15_000;
let isReached = true;

function reached(now) {
  if (now === isReached) return;
  isReached = now;
  signals.dispatchEvent(new Event(now ? "reached" : "unreached"));
  if (!now) probe(PROBE);
}

/** Asks now and then whether the API is there again, also where nothing else does. */
function probe(pause) {
  setTimeout(async () => {
    if (isReached) return;
    try {
      if (!document.hidden) await get(WHETHER);
    } catch { /* That the API answered at all has been noticed. */ }
    if (!isReached) probe(Math.min(pause * 1.5, SLOWEST_PROBE));
  }, pause);
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

const STREAM = "text/event-stream";

/** A name as a part of a path. */
export const part = encodeURIComponent;

const either = (signal, milliseconds) =>
  AbortSignal.any([AbortSignal.timeout(milliseconds), ...(signal ? [signal] : [])]);

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
      signal: accept === STREAM ? signal : either(signal, path === WHETHER ? PROBE_PATIENCE : PATIENCE),
      body: body === undefined ? undefined : type ? body : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (error.name === "TimeoutError" && path !== WHETHER) {
      // One request may take long; whether anything is answered, another one tells.
      get(WHETHER).catch(() => {});
      throw new Problem(0, {
        title: "The API takes too long",
        detail: `No answer came within ${PATIENCE / 1000} seconds. It may have much to do.`,
      });
    }
    reached(false);
    const problem = new Problem(0, {
      detail: "No answer came. The API process may be stopped, or the network is down.",
    });
    throw Object.assign(problem, { isUnreached: true });
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

/** Somebody else asks from now on. */
export function forgetCaller() {
  known = undefined;
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
const SLOWEST_PAUSE = 20_000;
/** The API says something every 15 seconds at least. */
const SILENCE = 45_000;
/** A page that nobody sees gives its connection back: a browser has six for all its pages together. */
const HIDDEN = 10_000;

/**
 * Follows server-sent events until `signal` or the event `end`; goes on after a break where it stopped.
 * `receive(kind, data, id)` gets each event; `opened` and `broken` are told when the stream begins and breaks off.
 * Throws a `Problem` if the API refuses it for good.
 */
export async function follow(path, parameters, { signal, receive, opened, broken }) {
  const place = { last: undefined };
  let failures = 0;
  while (!signal.aborted) {
    await shown(signal);
    if (signal.aborted) return;
    const connection = new AbortController();
    const hide = () => {
      clearTimeout(hide.timer);
      if (document.hidden) hide.timer = setTimeout(() => connection.abort(), HIDDEN);
    };
    document.addEventListener("visibilitychange", hide);
    try {
      const headers = place.last === undefined ? {} : { "Last-Event-ID": place.last };
      const response = await request("GET", path, {
        parameters,
        signal: AbortSignal.any([signal, connection.signal]),
        headers,
        accept: STREAM,
      });
      failures = 0;
      opened?.();
      if (await readEvents(response.body, connection, place, receive)) return;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      const isRefused = error instanceof Problem && error.status >= 400 && error.status < 500;
      if (isRefused && error.status !== 429) throw error;
    } finally {
      clearTimeout(hide.timer);
      document.removeEventListener("visibilitychange", hide);
    }
    broken?.();
    await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE * 2 ** failures, SLOWEST_PAUSE)));
  }
}

/** Whether the stream came to its end, and did not just break off. */
async function readEvents(body, connection, place, receive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const silence = setTimeout(() => connection.abort(), SILENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return false;
    text += value;
    let end;
    let from = 0;
    while ((end = text.indexOf("\n\n", from)) >= 0) {
      const event = parse(text.slice(from, end));
      from = end + 2;
      if (!event) continue;
      if (event.id !== undefined) place.last = event.id;
      receive(event.kind, event.data, event.id);
      if (event.kind === "end") return true;
    }
    text = text.slice(from);
  }
}

/** Waits until somebody sees the page. */
function shown(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look, { once: true });
  });
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
