import { follow, get, part } from "../api.js";

const PAGE = 500;
const PAGES = 60;
const MERGED = 20_000;
const TAIL = 5000;
const FOUND = 5000;

/**
 * The lines of one stream, of which only those near the ones that are looked at are kept. A line is known by its number, so
 * any part of a log of any length is one request away.
 */
export class StreamLines {
  total = 0;
  isComplete = false;
  #pages = new Map();
  #asked = new Map();
  #context;
  #stream;
  #changed;
  #timer = null;

  constructor(context, stream, changed) {
    this.#context = context;
    this.#stream = stream;
    this.#changed = changed;
  }

  async open({ at } = {}) {
    const answer = await this.#ask({ count: PAGE, at });
    this.#take(answer);
    if (!this.isComplete) this.#watch();
    return { found: answer.found };
  }

  line(number) {
    return this.#pages.get(Math.floor(number / PAGE))?.[number % PAGE];
  }

  /** Loads what is missing from one number to another. */
  ensure(first, last) {
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last - 1) / PAGE); page += 1) {
      const wanted = Math.min(PAGE, this.total - page * PAGE);
      const known = this.#pages.get(page);
      if (known && known.length >= wanted) {
        this.#pages.delete(page);
        this.#pages.set(page, known);
      } else if (wanted > 0 && !this.#asked.has(page)) {
        this.#asked.set(
          page,
          this.#ask({ from: page * PAGE, count: PAGE }).then((answer) => this.#take(answer), () => {}).finally(() =>
            this.#asked.delete(page)
          ),
        );
      }
    }
  }

  close() {
    clearTimeout(this.#timer);
  }

  #ask(parameters) {
    return get(`/runs/${part(this.#context.id)}/logs/lines`, { stream: this.#stream, ...parameters }, {
      signal: this.#context.signal,
    });
  }

  #take(answer) {
    this.total = Math.max(this.total, answer.total);
    this.isComplete = answer.complete;
    answer.lines.forEach((line, index) => {
      const number = answer.from + index;
      const page = Math.floor(number / PAGE);
      const lines = this.#pages.get(page) ?? [];
      lines[number % PAGE] = line;
      this.#pages.set(page, lines);
    });
    // Pages of which only a part came are not whole, whatever their length says.
    for (const [page, lines] of this.#pages) if (lines.length > 0 && lines[0] === undefined) this.#pages.delete(page);
    while (this.#pages.size > PAGES) this.#pages.delete(this.#pages.keys().next().value);
    this.#changed();
  }

  /** While the run goes on the newest lines are asked for again and again; those that are read bring the new length. */
  #watch() {
    this.#timer = setTimeout(async () => {
      if (this.#context.signal.aborted) return;
      if (!document.hidden) {
        const page = Math.floor(this.total / PAGE);
        try {
          this.#take(await this.#ask({ from: page * PAGE, count: PAGE }));
        } catch { /* The shell says that nothing is reached. */ }
      }
      if (!this.isComplete && !this.#context.signal.aborted) this.#watch();
    }, 700);
  }
}

/** The lines of all streams in the order of time: a short log whole, of a long one its end. */
export class MergedLines {
  total = 0;
  isComplete = false;
  note = "";
  #lines = [];
  #context;
  #streams;
  #changed;
  #controller = new AbortController();
  #frame = 0;

  constructor(context, streams, changed) {
    this.#context = context;
    this.#streams = streams;
    this.#changed = changed;
    context.signal.addEventListener("abort", () => this.close());
  }

  async open() {
    const path = `/runs/${part(this.#context.id)}/logs`;
    const parameters = { stream: this.#streams };
    const signal = this.#controller.signal;
    const answer = await get(path, { ...parameters, tail: TAIL }, { signal });
    this.#add(answer.lines);
    const all = answer.streams.reduce((sum, stream) => sum + stream.lines, 0);
    if (!this.#streams && all > answer.lines.length) {
      this.note = `The last ${answer.lines.length.toLocaleString("en")} of more than ${
        all.toLocaleString("en")
      } lines. Choose one stream to go through all of it.`;
    }
    this.isComplete = answer.complete;
    if (!answer.complete) {
      follow(path, { ...parameters, follow: "true", after: answer.next }, {
        signal,
        receive: (kind, data) => {
          if (kind === "line") this.#add([data]);
          else if (kind === "end") {
            this.isComplete = true;
            this.#soon();
          }
        },
      }).catch(() => {});
    }
    return {};
  }

  line(number) {
    return this.#lines[number];
  }
  ensure() {}
  close() {
    this.#controller.abort();
    cancelAnimationFrame(this.#frame);
  }

  #add(lines) {
    this.#lines.push(...lines);
    if (this.#lines.length > MERGED) {
      this.#lines.splice(0, this.#lines.length - MERGED);
      this.note = `The last ${MERGED.toLocaleString("en")} lines. Choose one stream to go through all of it.`;
    }
    this.total = this.#lines.length;
    this.#soon();
  }

  /** Many lines are drawn at once. */
  #soon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#changed());
  }
}

/** The lines that contain a text, looked for by the API part by part. */
export class FoundLines {
  total = 0;
  isComplete = false;
  note = "Searching…";
  #lines = [];
  #controller = new AbortController();
  #context;
  #parameters;
  #changed;

  constructor(context, { stream, contains, ignoresCase }, changed) {
    this.#context = context;
    this.#parameters = { stream: stream || undefined, contains, ignore_case: ignoresCase ? "true" : undefined };
    this.#changed = changed;
    context.signal.addEventListener("abort", () => this.close());
  }

  async open() {
    let after;
    try {
      for (;;) {
        const answer = await get(`/runs/${part(this.#context.id)}/logs`, { ...this.#parameters, after }, {
          signal: this.#controller.signal,
        });
        this.#lines.push(...answer.lines.slice(0, FOUND - this.#lines.length));
        this.total = this.#lines.length;
        if (this.total >= FOUND) {
          this.note = `The first ${FOUND.toLocaleString("en")} lines that match.`;
          break;
        }
        if (!answer.more) {
          this.note = "";
          break;
        }
        after = answer.next;
        this.#changed();
      }
      this.isComplete = true;
      this.#changed();
    } catch (problem) {
      if (problem.name !== "AbortError") throw problem;
    }
    return {};
  }

  line(number) {
    return this.#lines[number];
  }
  ensure() {}
  close() {
    this.#controller.abort();
  }
}
