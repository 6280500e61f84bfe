import { h, replace } from "../dom.js";
import { pieces, plain } from "./ansi.js";

const ROW = 20;
const EXTRA = 12;
/** Browsers do not make elements much taller than this; a longer log is scrolled in proportion. */
const TALLEST = 8_000_000;

/** Shows some lines of many: only those in sight are elements. */
export class LogView {
  #source = null;
  #top = 0;
  #isAtEnd = true;
  #isSetting = false;
  #drawn = "";
  #target = -1;
  #mark = null;
  #clicked;
  #space = h("div", { class: "log-space" });
  #lines = h("div", { class: "log-lines" });

  constructor({ lineClicked, endChanged }) {
    this.#clicked = lineClicked;
    this.endChanged = endChanged;
    this.#space.append(this.#lines);
    this.element = h("div", {
      class: "log-view",
      tabindex: "0",
      role: "region",
      "aria-label": "Log lines",
      onscroll: () => this.#scrolled(),
      onkeydown: (event) => this.#key(event),
      onwheel: (event) => {
        if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY) || !this.#isCompressed) return;
        event.preventDefault();
        this.scrollTo(this.#top + event.deltaY * (event.deltaMode === 1 ? 1 : 1 / ROW));
      },
    }, this.#space);
    new ResizeObserver(() => this.draw(true)).observe(this.element);
  }

  get #visible() {
    return Math.max(1, this.element.clientHeight / ROW);
  }
  get #height() {
    return Math.min((this.#source?.total ?? 0) * ROW, TALLEST);
  }
  get #isCompressed() {
    return (this.#source?.total ?? 0) * ROW > TALLEST;
  }
  get #last() {
    return Math.max(0, (this.#source?.total ?? 0) - this.#visible);
  }
  get isAtEnd() {
    return this.#isAtEnd;
  }

  show(source, { mark, target = -1, atEnd = true } = {}) {
    this.#source = source;
    this.#mark = mark ?? null;
    this.#target = target;
    this.#isAtEnd = atEnd && target < 0;
    this.#top = 0;
    if (target >= 0) this.scrollTo(target - this.#visible / 3);
    else this.draw(true);
  }

  /** - number: of the line at the top, with a fraction. */
  scrollTo(number) {
    this.#top = Math.min(this.#last, Math.max(0, number));
    this.#setEnd(this.#top >= this.#last - 1);
    this.draw(true);
  }

  toEnd() {
    this.#setEnd(true);
    this.draw(true);
  }

  #setEnd(isAtEnd) {
    if (isAtEnd === this.#isAtEnd) return;
    this.#isAtEnd = isAtEnd;
    this.endChanged?.(isAtEnd);
  }

  #scrolled() {
    if (this.#isSetting) {
      this.#isSetting = false;
      return;
    }
    const reach = this.element.scrollHeight - this.element.clientHeight;
    this.#top = this.#isCompressed
      ? (reach > 0 ? this.element.scrollTop / reach : 0) * this.#last
      : this.element.scrollTop / ROW;
    this.#setEnd(this.#top >= this.#last - 1.5);
    this.draw();
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: this.#visible - 2, PageUp: 2 - this.#visible }[event.key];
    if (step !== undefined) this.scrollTo(this.#top + step);
    else if (event.key === "Home") this.scrollTo(0);
    else if (event.key === "End") this.toEnd();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  draw(isForced) {
    if (!this.#source) return;
    if (this.#isAtEnd) this.#top = this.#last;
    const first = Math.max(0, Math.floor(this.#top) - EXTRA);
    const last = Math.min(this.#source.total, Math.ceil(this.#top + this.#visible) + EXTRA);
    this.#source.ensure(first, last);
    this.#space.style.height = `${Math.max(this.#height, 0)}px`;
    const reach = this.#height - this.element.clientHeight;
    const wanted = this.#isCompressed
      ? (this.#last > 0 ? this.#top / this.#last : 0) * Math.max(0, reach)
      : this.#top * ROW;
    if ((isForced || this.#isAtEnd) && Math.abs(this.element.scrollTop - wanted) > 1) {
      this.#isSetting = true;
      this.element.scrollTop = wanted;
      requestAnimationFrame(() => {
        this.#isSetting = false;
      });
    }
    const offset = this.#isCompressed ? this.element.scrollTop - (this.#top - first) * ROW : first * ROW;
    this.#lines.style.transform = `translateY(${offset}px)`;
    const known = Array.from({ length: Math.max(0, last - first) }, (_, index) => this.#source.line(first + index));
    const key = `${first} ${last} ${known.filter(Boolean).length} ${this.#target} ${known[0]?.sequence} ${
      known.at(-1)?.sequence
    }`;
    if (key === this.#drawn && !isForced) return;
    this.#drawn = key;
    replace(this.#lines, known.map((line, index) => this.#line(line, first + index)));
  }

  #line(line, number) {
    if (!line) {
      return h(
        "div",
        { class: "log-line" },
        h("span", { class: "n" }, (number + 1).toLocaleString("en")),
        h("span", { class: "x faint" }, "…"),
      );
    }
    const shown = (number + 1).toLocaleString("en");
    return h(
      "div",
      {
        class: ["log-line", line.channel === "stderr" && "stderr", number === this.#target && "target"],
        "data-line": number,
      },
      h(
        "span",
        { class: "n" },
        this.#clicked
          ? h("button", {
            type: "button",
            "aria-label": `Show line ${line.sequence} in its place`,
            onclick: () => this.#clicked(line),
          }, shown)
          : shown,
      ),
      h("span", { class: "t" }, line.at.slice(11, 23)),
      line.stream && h("span", { class: "s", title: line.stream }, line.stream),
      h(
        "span",
        { class: "x" },
        line.channel === "stderr" && h("span", { class: "visually-hidden" }, "standard error: "),
        this.#text(line.text),
      ),
    );
  }

  #text(text) {
    if (!this.#mark) {
      return pieces(text).map((piece) =>
        piece.classes ? h("span", { class: piece.classes }, piece.text) : piece.text
      );
    }
    const whole = plain(text);
    const among = this.#mark.ignoresCase ? whole.toLowerCase() : whole;
    const sought = this.#mark.ignoresCase ? this.#mark.text.toLowerCase() : this.#mark.text;
    const parts = [];
    let from = 0;
    for (let at = among.indexOf(sought); at >= 0 && parts.length < 400; at = among.indexOf(sought, from)) {
      parts.push(whole.slice(from, at), h("mark", {}, whole.slice(at, at + sought.length)));
      from = at + sought.length;
    }
    return [...parts, whole.slice(from)];
  }
}
