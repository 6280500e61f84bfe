import { h } from "../dom.js";
import { field } from "./dialogs.js";

/** How a value of a variable is written in a form: a text as it is, everything else as JSON. */
export function valueText(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const parsers = {
  integer: (text) => /^-?\d+$/.test(text) ? Number(text) : text,
  number: (text) => text !== "" && Number.isFinite(Number(text)) ? Number(text) : text,
  boolean: (text) => text === "true" ? true : text === "false" ? false : text,
};

function parse(text, declared) {
  const parser = parsers[declared.type === "bool" ? "boolean" : declared.type];
  if (parser) return parser(text);
  if (
    ["list", "object", "map", "json", "secret"].includes(declared.type) ||
    typeof declared.default === "object" && declared.default
  ) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

/** A control for each variable that a job declares. What is left as it was is not sent. */
export function variableFields(declared, current = {}) {
  const entries = Object.entries(declared).map(([name, variable]) => {
    const before = valueText(current[name] ?? variable.default);
    const isLong = before.includes("\n") || before.length > 120;
    const input = h(isLong ? "textarea" : "input", {
      class: isLong ? "area" : "input",
      value: before,
      autocomplete: "off",
      spellcheck: "false",
      "data-variable": name,
      placeholder: variable.default === undefined ? "Required" : "",
    });
    input.style.setProperty("width", "100%");
    const hint = [variable.type, variable.description].filter(Boolean).join(" · ");
    return { name, variable, before, input, element: field(name, input, { hint }) };
  });
  return {
    element: h("div", {}, entries.map((entry) => entry.element)),
    changed() {
      const changed = entries.filter((entry) => entry.input.value !== entry.before);
      return Object.fromEntries(changed.map((entry) => [entry.name, parse(entry.input.value, entry.variable)]));
    },
  };
}
