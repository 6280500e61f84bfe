import { follow, get, poll } from "../api.js";
import { isFitting, parameters, streamParameters } from "./runfilter.js";

const PAGE = 50;
/** Rows that are read anew at once. */
const MOST = 500;
/** A list is drawn no more often than this, however much changes. */
const DRAW = 150;
const REREAD = 2000;
/** A list is read anew so often while its changes are told, in case one was missed, and while they are not. */
const CHECK = 60_000;
const POLL = 5000;

/** The runs of one filter: read by pages, and then kept as they are by the stream of what changes. */
export class RunFeed {
  runs = [];
  /** Where older ones begin; `null`: these are all. */
  next = null;
  isLoaded = false;
  /** Whether changes are told as they happen. */
  isLive = false;
  #filter;
  #tell;
  #over = new AbortController();
  #polling;
  #timers = {};
  #readAt = 0;
  #turn = 0;
  /** Changes that were told while a page was on its way: they are newer than it. */
  #told = new Map();

  /** - `changed()` is called when there is something to draw, `failed(problem)` when there is nothing to show. */
  constructor(filter, { changed, failed }) {
    this.#filter = filter;
    this.#tell = { changed, failed };
    this.read();
    this.#watch();
    this.#polling = poll(async () => {
      if (Date.now() - this.#readAt >= (this.isLive ? CHECK : POLL)) await this.read(true);
    }, POLL);
  }

  close() {
    this.#over.abort();
    this.#polling.stop();
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
  }

  get #isNewestFirst() {
    return !this.#filter.order_by[0];
  }

  /** Reads what is shown anew. - isQuiet: what is shown stays if that fails, and the failure is thrown. */
  async read(isQuiet) {
    this.#turn += 1;
    const mine = this.#turn;
    this.#told.clear();
    this.#readAt = Date.now();
    try {
      const limit = Math.min(MOST, Math.max(PAGE, this.runs.length));
      const answer = await get("/runs", { ...parameters(this.#filter), limit }, { signal: this.#over.signal });
      if (mine !== this.#turn) return;
      const last = answer.runs.at(-1);
      const isCut = this.runs.length > limit && this.#isNewestFirst && last !== undefined;
      const older = isCut ? this.runs.filter((run) => run.id < last.id) : [];
      this.runs = [...answer.runs, ...older];
      if (older.length === 0) this.next = answer.next ?? null;
      this.isLoaded = true;
      for (const run of this.#told.values()) this.#take(run);
      this.#tell.changed();
    } catch (problem) {
      if (problem.name === "AbortError" || mine !== this.#turn) return;
      if (!this.isLoaded) this.#tell.failed(problem);
      if (isQuiet) throw problem;
    }
  }

  /** Reads the next page of older ones. */
  async readMore() {
    const after = this.next;
    const answer = await get("/runs", { ...parameters(this.#filter), limit: PAGE, after }, {
      signal: this.#over.signal,
    });
    if (after !== this.next) return;
    const known = new Set(this.runs.map((run) => run.id));
    this.runs = [...this.runs, ...answer.runs.filter((run) => !known.has(run.id))];
    this.next = answer.next ?? null;
    this.#tell.changed();
  }

  // Changes

  #watch() {
    let isFirst = true;
    const live = (isLive) => {
      if (this.isLive === isLive) return;
      this.isLive = isLive;
      this.#drawSoon();
    };
    follow("/runs:watch", streamParameters(this.#filter), {
      signal: this.#over.signal,
      opened: () => live(true),
      broken: () => live(false),
      receive: (kind, run) => {
        if (kind === "run") this.#changed(run);
        // What changed before the stream began is in no event.
        else if (kind === "ready") this.#readSoon(isFirst ? REREAD / 2 : 0);
        isFirst = false;
      },
    }).catch(() => live(false));
  }

  #changed(run) {
    this.#told.set(run.id, run);
    this.#take(run);
    if (this.runs.length > 2 * MOST) this.#readSoon();
    this.#drawSoon();
  }

  /** Puts a run where it belongs, or takes it out. */
  #take(run) {
    const index = this.runs.findIndex((known) => known.id === run.id);
    const fits = isFitting(this.#filter, run);
    // Whether it fits, or where it stands, only the API knows: what is shown of it is right, and the list is read anew.
    if (fits === undefined || !this.#isNewestFirst) {
      if (index >= 0) this.runs[index] = run;
      this.#readSoon();
    } else if (index >= 0) {
      if (fits) this.runs[index] = run;
      else this.runs.splice(index, 1);
    } else if (fits) {
      const place = this.runs.findIndex((known) => known.id < run.id);
      if (place >= 0) this.runs.splice(place, 0, run);
      else if (this.next === null) this.runs.push(run);
    }
  }

  #readSoon(least = REREAD) {
    const pause = Math.max(least, this.#readAt + REREAD - Date.now());
    this.#timers.read ??= setTimeout(() => {
      this.#timers.read = undefined;
      this.read(true).catch(() => {});
    }, pause);
  }

  #drawSoon() {
    this.#timers.draw ??= setTimeout(() => {
      this.#timers.draw = undefined;
      if (this.isLoaded) this.#tell.changed();
    }, DRAW);
  }
}
