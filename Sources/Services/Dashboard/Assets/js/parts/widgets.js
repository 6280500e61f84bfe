import { freshID, h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { toast } from "./notices.js";

export function pageHead({ title, sub, crumbs, actions }) {
  return h(
    "header",
    {},
    crumbs && h(
      "nav",
      { "aria-label": "Path" },
      h("ol", { class: "crumbs" }, crumbs.map(([word, href]) => h("li", {}, href ? h("a", { href }, word) : word))),
    ),
    h("div", { class: "page-head" }, h("h1", {}, title), sub, actions && h("div", { class: "actions" }, actions)),
  );
}

/** A section with a heading. */
export function card(title, body, { end, isPlain } = {}) {
  const id = freshID("card");
  return h(
    "section",
    { class: "card", "aria-labelledby": id },
    h("div", { class: "card-head" }, h("h2", { id }, title), end && h("div", { class: "end" }, end)),
    isPlain ? body : h("div", { class: "card-body" }, body),
  );
}

/** A table that scrolls sideways within itself. A column is `[title, cell(row), class]`. */
export function table(label, columns, rows, { isCompact, rowHeader } = {}) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": label },
    h(
      "table",
      { class: isCompact && "compact" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map(([title, , kind]) =>
            h("th", { scope: "col", class: kind }, title || h("span", { class: "visually-hidden" }, "More"))
          ),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            columns.map(([, cell, kind], index) =>
              h(
                rowHeader === index ? "th" : "td",
                { class: kind, scope: rowHeader === index ? "row" : undefined },
                cell(row),
              )
            ),
          )
        ),
      ),
    ),
  );
}

export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false)
      .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

export function tiles(pairs) {
  return h(
    "dl",
    { class: "tiles" },
    pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
      .map(([name, value]) =>
        h("div", { class: "tile" }, h("dt", { class: "label" }, name), h("dd", { class: "value" }, value))
      ),
  );
}

/** Tabs; `choose` makes a panel's content when it is shown, and `changed` is told which one is. */
export function tabs(label, entries, current, changed) {
  const panel = h("div", { role: "tabpanel", tabindex: "0", id: freshID("panel") });
  let leave = null;
  const buttons = entries.map(([key, word]) =>
    h("button", {
      type: "button",
      role: "tab",
      id: freshID("tab"),
      "aria-controls": panel.id,
      "data-tab": key,
      onclick: () => open(key),
    }, word)
  );
  function open(key, isQuiet) {
    const index = Math.max(0, entries.findIndex((entry) => entry[0] === key));
    buttons.forEach((button, other) => {
      button.setAttribute("aria-selected", String(other === index));
      button.tabIndex = other === index ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", buttons[index].id);
    leave?.();
    leave = null;
    const shown = entries[index][2](replace(panel));
    if (typeof shown === "function") leave = shown;
    if (!isQuiet) changed?.(entries[index][0]);
  }
  const list = h("div", {
    class: "tabs",
    role: "tablist",
    "aria-label": label,
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = (buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length;
      buttons[next].focus();
      open(entries[next][0]);
    },
  }, buttons);
  open(current, true);
  return { element: h("div", {}, list, panel), open, end: () => leave?.() };
}

/** A button that unfolds a list of others: `[word, action, isDanger]`. */
export function menu(label, entries) {
  const list = h("div", { class: "menu-list", hidden: true });
  const close = () => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("click", outside);
  };
  const outside = (event) => {
    if (!element.contains(event.target)) close();
  };
  const button = h("button", {
    class: "button",
    type: "button",
    "aria-expanded": "false",
    "aria-haspopup": "true",
    onclick: () => {
      if (!list.hidden) {
        close();
        return;
      }
      list.hidden = false;
      button.setAttribute("aria-expanded", "true");
      setTimeout(() => document.addEventListener("click", outside));
      list.querySelector("button")?.focus();
    },
  }, label);
  replace(
    list,
    entries.map(([word, action, isDanger]) =>
      h("button", {
        type: "button",
        class: isDanger && "danger",
        onclick: () => {
          close();
          button.focus();
          action();
        },
      }, word)
    ),
  );
  const element = h(
    "div",
    {
      class: "menu",
      onkeydown: (event) => {
        if (event.key === "Escape" && !list.hidden) {
          event.stopPropagation();
          close();
          button.focus();
        }
      },
    },
    button,
    list,
  );
  return element;
}

export function copyButton(text, what) {
  return h("button", {
    class: "copy",
    type: "button",
    "aria-label": `Copy ${what}`,
    title: `Copy ${what}`,
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(text);
        toast(`Copied ${what}.`);
      } catch {
        toast("The browser does not let this page copy.", { tone: "bad" });
      }
    },
  }, icon("copy"));
}

export function select(options, current, changed, attributes) {
  const element = h(
    "select",
    { class: "select", onchange: () => changed(element.value), ...attributes },
    options.map(([value, word]) => h("option", { value, selected: value === (current ?? "") }, word)),
  );
  return element;
}

export const plural = (count, one, many = `${one}s`) =>
  `${Number(count).toLocaleString("en")} ${count === 1 ? one : many}`;

export function bytes(count) {
  if (count === undefined || count === null) return "";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Thousandths of a core as cores. */
export function cores(millicores) {
  if (millicores === undefined || millicores === null) return "";
  const count = Number((millicores / 1000).toFixed(millicores < 10_000 ? 3 : 1));
  return `${count.toLocaleString("en")} ${count === 1 ? "core" : "cores"}`;
}

export const shortID = (id) => id.slice(-12);
