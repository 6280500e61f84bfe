import { go } from "./router.js";
import { showDialog } from "./parts/dialogs.js";
import { h } from "./dom.js";

const places = {
  r: "/runs",
  j: "/jobs",
  s: "/schedules",
  q: "/queue",
  c: "/clusters",
  t: "/teams",
  a: "/audit",
  k: "/tokens",
};
let keys = {};
let words = [];
let pending = "";

/** What keys do on this page: `{key: action}`, and `[[keys, words]]` for the overview. */
export function setKeys(actions, overview) {
  keys = actions;
  words = overview ?? [];
}

export function forgetKeys() {
  setKeys({}, []);
}

function isTyping(element) {
  return element?.isContentEditable ||
    ["INPUT", "TEXTAREA", "SELECT"].includes(element?.tagName) && !["checkbox", "radio"].includes(element.type);
}

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (pending === "g" && places[event.key]) {
    pending = "";
    event.preventDefault();
    go(places[event.key]);
    return;
  }
  pending = event.key === "g" ? "g" : "";
  if (pending) return;
  if (event.key === "?") {
    event.preventDefault();
    showOverview();
    return;
  }
  const action = keys[event.key];
  if (!action) return;
  if (event.key === "Enter" && event.target.closest?.("a, button, summary, [role=tab], input")) return;
  event.preventDefault();
  action(event);
});

export function showOverview() {
  const all = [
    ...words,
    ["?", "This overview"],
    ["g r", "Runs"],
    ["g j", "Jobs"],
    ["g s", "Schedules"],
    ["g q", "Queue"],
    ["g c", "Clusters"],
    ["g t", "Teams"],
    ["g a", "Audit"],
    ["g k", "Tokens"],
  ];
  showDialog({
    title: "Keys",
    body: h(
      "table",
      { class: "compact" },
      h(
        "tbody",
        {},
        all.map(([key, text]) =>
          h("tr", {}, h("td", {}, key.split(" ").map((one) => [h("kbd", {}, one), " "])), h("td", {}, text))
        ),
      ),
    ),
    confirm: null,
    cancel: "Close",
  });
}
