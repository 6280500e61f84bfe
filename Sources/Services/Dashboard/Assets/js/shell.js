import { caller, get, send } from "./api.js";
import { h, replace } from "./dom.js";
import { brandMark, icon } from "./icons.js";
import { showOverview } from "./keys.js";
import { clock, clocks, setClock, setTheme, setToken, theme, themes, token } from "./preferences.js";
import { refreshTimes } from "./time.js";

const places = [
  ["/runs", "Runs", "runs"],
  ["/jobs", "Jobs", "jobs"],
  ["/schedules", "Schedules", "schedules"],
  ["/queue", "Queue", "queue"],
  ["/clusters", "Clusters", "clusters"],
  ["/audit", "Audit", "audit"],
  ["/tokens", "Tokens", "tokens"],
];
const themeWords = { auto: "As system", light: "Light", dark: "Dark" };
const clockWords = { relative: "Relative", local: "Local", utc: "UTC" };

let content = null;
let offline = null;
let version = null;

/** The navigation and, in it, where pages are shown. It is made once. */
export function frame(root) {
  if (content?.isConnected) return content;
  content = h("main", { id: "content", class: "page", tabindex: "-1" });
  offline = h(
    "div",
    { class: "offline", role: "status", hidden: true },
    icon("warning"),
    "The API does not answer. What is shown may be out of date; it is asked again by itself.",
  );
  replace(
    root,
    h(
      "div",
      { class: "frame" },
      h("header", { class: "side" },
        h(
          "a",
          { class: "brand", href: "/runs", "aria-label": "Slipway, runs" },
          brandMark(),
          h("span", {}, "Slipway"),
        ),
        h(
          "nav",
          { class: "nav", "aria-label": "Pages" },
          places.map(([href, word, drawing]) => h("a", { href }, icon(drawing), word)),
        ),
        settings(),
      ),
      h("div", { class: "main" }, offline, content),
    ),
  );
  return content;
}

function settings() {
  const panel = h("div", { class: "side-end" });
  const button = h("button", {
    class: "button icon quiet menu-button",
    type: "button",
    "aria-label": "Display settings",
    "aria-expanded": "false",
    onclick: () => button.setAttribute("aria-expanded", String(panel.classList.toggle("open"))),
  }, icon("gear"));
  const who = h("span", { class: "who" });
  const leaving = h(
    "button",
    { class: "button small quiet", type: "button", hidden: !token(), onclick: signOut },
    "Sign out",
  );
  replace(
    panel,
    button,
    choice("Theme", themes, themeWords, theme(), setTheme),
    choice("Times", clocks, clockWords, clock(), (value) => {
      setClock(value);
      refreshTimes(true);
    }),
    h("button", { class: "button small quiet", type: "button", onclick: showOverview }, "Keys ", h("kbd", {}, "?")),
    leaving,
    who,
  );
  tellVersion(who, leaving);
  return panel;
}

/** Forgets the token, or ends the session. */
async function signOut() {
  try {
    if (!token()) await send("POST", "/logout");
  } catch { /* It has ended by itself, or the page that follows says what is wrong. */ }
  setToken("");
  location.assign("/");
}

async function tellVersion(element, leaving) {
  try {
    version ??= await get("/version");
    const who = await caller();
    const name = who?.name;
    leaving.hidden = !token() && !who?.session;
    element.textContent = `${name ? `${name} · ` : ""}Slipway ${version.version}`;
  } catch { /* The page itself says what is wrong. */ }
}

function choice(label, values, words, current, choose) {
  const select = h(
    "select",
    { class: "select", onchange: () => choose(select.value) },
    values.map((value) => h("option", { value, selected: value === current }, words[value])),
  );
  return h("label", {}, label, select);
}

export function markCurrent() {
  const first = `/${location.pathname.split("/")[1] || "runs"}`;
  for (const link of document.querySelectorAll(".nav a")) {
    if (link.getAttribute("href") === first) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.querySelector(".side-end")?.classList.remove("open");
}

export function setUnreached(isUnreached) {
  if (offline) offline.hidden = !isUnreached;
}
