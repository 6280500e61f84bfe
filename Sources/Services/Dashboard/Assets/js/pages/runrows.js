import { h, replace } from "../dom.js";
import { addressOf } from "../router.js";
import { badge, isOver } from "../states.js";
import { duration, lasting, moment, secondsBetween } from "../time.js";
import { shortID } from "../parts/widgets.js";

/** The rows of a list of runs: they stay the same elements while runs change, and can be walked and selected by keys. */
export class RunRows {
  selected = new Set();
  isWhole = false;
  #rows = new Map();
  #runs = [];
  #current = null;
  #body = h("tbody", {});
  #all = h("input", {
    type: "checkbox",
    "aria-label": "Select all that are shown",
    onchange: () => this.#all.checked ? this.selectAll() : this.clear(),
  });
  #selectionChanged;
  #open;

  constructor({ selectionChanged, open }) {
    this.#selectionChanged = selectionChanged;
    this.#open = open;
    this.element = h(
      "table",
      { class: "runs", "aria-label": "Runs" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { class: "pick", scope: "col" }, this.#all),
          h("th", { class: "state-column", scope: "col" }, "State"),
          h("th", { class: "job-column", scope: "col" }, "Job"),
          h("th", { class: "id-column", scope: "col" }, "Run"),
          h("th", { class: "by-column", scope: "col" }, "Started by"),
          h("th", { class: "time-column", scope: "col" }, "Created"),
          h("th", { class: "length-column", scope: "col" }, "Ran for"),
          h("th", { class: "message-column", scope: "col" }, "Message"),
        ),
      ),
      this.#body,
    );
  }

  show(runs) {
    this.#runs = runs;
    const before = this.#rows;
    this.#rows = new Map();
    let place = this.#body.firstChild;
    for (const run of runs) {
      const known = before.get(run.id);
      const key = [run.state, run.running_at, run.ended_at, run.message, run.reason, run.warnings].join("|");
      let row = known;
      if (!known) {
        row = {
          element: h("tr", { "data-run": run.id, onclick: (event) => this.#clicked(event, run.id) }),
          key: null,
        };
      }
      if (row.key !== key) {
        row.key = key;
        replace(row.element, this.#cells(run));
      }
      this.#rows.set(run.id, row);
      before.delete(run.id);
      if (place === row.element) place = place.nextSibling;
      else this.#body.insertBefore(row.element, place);
    }
    for (const [id, row] of before) {
      row.element.remove();
      this.selected.delete(id);
    }
    this.#mark();
  }

  reset() {
    this.show([]);
    this.isWhole = false;
  }

  #cells(run) {
    const message = run.message || run.reason?.replaceAll("_", " ") || "";
    const by = run.trigger?.schedule
      ? `schedule ${run.trigger.schedule}`
      : run.submitted_by ?? (run.origin_kind ? `${run.origin_kind} of a run` : "");
    return [
      h(
        "td",
        { class: "pick" },
        h("input", {
          type: "checkbox",
          "aria-label": `Select run ${shortID(run.id)} of ${run.job}`,
          checked: this.selected.has(run.id),
          onchange: () => this.toggle(run.id),
        }),
      ),
      h("td", { class: "state-column" }, badge(run.state, { warnings: run.warnings })),
      h(
        "td",
        { class: "job-column" },
        h("a", { class: "job", href: addressOf.run(run.id) }, run.job),
        h("span", { class: "faint" }, ` v${run.version} · ${run.team}`),
      ),
      h("td", { class: "id-column mono faint", title: run.id }, shortID(run.id)),
      h("td", { class: "by-column soft", title: by }, by),
      h("td", { class: "time-column" }, moment(run.created_at)),
      h(
        "td",
        { class: "length-column" },
        run.running_at
          ? (isOver(run.state) ? duration(secondsBetween(run.running_at, run.ended_at)) : lasting(run.running_at))
          : "",
      ),
      h("td", { class: "message-column soft", title: message }, message),
    ];
  }

  #clicked(event, id) {
    if (event.target.closest("a, input")) return;
    this.#current = id;
    this.#mark();
    if (event.detail === 2) this.openCurrent();
  }

  // Walking and selecting

  move(step) {
    if (this.#runs.length === 0) return;
    const index = this.#runs.findIndex((run) => run.id === this.#current);
    const next = index < 0
      ? (step > 0 ? 0 : this.#runs.length - 1)
      : Math.min(this.#runs.length - 1, Math.max(0, index + step));
    this.#current = this.#runs[next].id;
    this.#mark();
    const element = this.#rows.get(this.#current).element;
    element.scrollIntoView({ block: "nearest" });
    element.querySelector("a").focus({ preventScroll: true });
  }

  openCurrent() {
    const run = this.#runs.find((candidate) => candidate.id === this.#current);
    if (run) this.#open(run);
  }

  toggleCurrent() {
    if (this.#current) this.toggle(this.#current);
  }

  toggle(id) {
    this.isWhole = false;
    if (!this.selected.delete(id)) this.selected.add(id);
    this.#changed();
  }

  selectAll() {
    for (const run of this.#runs) this.selected.add(run.id);
    this.#changed();
  }

  selectWhole() {
    this.selectAll();
    this.isWhole = true;
    this.#changed();
  }

  clear() {
    this.selected.clear();
    this.isWhole = false;
    this.#changed();
  }

  #changed() {
    this.#mark();
    this.#selectionChanged();
  }

  #mark() {
    for (const [id, { element }] of this.#rows) {
      const isSelected = this.selected.has(id);
      element.classList.toggle("selected", isSelected);
      element.classList.toggle("current", id === this.#current);
      const box = element.querySelector("input");
      if (box) box.checked = isSelected;
    }
    this.#all.checked = this.#runs.length > 0 && this.selected.size === this.#runs.length;
    this.#all.indeterminate = this.selected.size > 0 && this.selected.size < this.#runs.length;
  }
}
