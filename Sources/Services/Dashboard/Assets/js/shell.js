import { caller, get, send } from "./api.js";
import { h, replace } from "./dom.js";
import { brandMark, icon } from "./icons.js";
import { showOverview } from "./keys.js";
import { clock, clocks, setClock, setTheme, setToken, theme, themes, token } from "./preferences.js";
import { toast } from "./parts/notices.js";
import { refreshTimes } from "./time.js";

const places = [
  ["/runs", "Runs", "runs"],
  ["/jobs", "Jobs", "jobs"],
  ["/schedules", "Schedules", "schedules"],
  ["/queue", "Queue", "queue"],
  ["/clusters", "Clusters", "clusters"],
  ["/teams", "Teams", "teams"],
  ["/audit", "Audit", "audit"],
  ["/tokens", "Tokens", "tokens"],
];
const themeWords = { auto: "As system", light: "Light", dark: "Dark" };
const clockWords = { relative: "Relative", local: "Local", utc: "UTC" };

let content = null;
let offline = null;

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
      h(
        "header",
        { class: "side" },
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
  const signOutSlot = h("span", { class: "sign-out" });
  if (token()) replace(signOutSlot, signOutButton(() => setToken("")));
  replace(
    panel,
    button,
    choice("Theme", themes, themeWords, theme(), setTheme),
    choice("Times", clocks, clockWords, clock(), (value) => {
      setClock(value);
      refreshTimes(true);
    }),
    h("button", { class: "button small quiet", type: "button", onclick: showOverview }, "Keys ", h("kbd", {}, "?")),
    signOutSlot,
    who,
  );
  // The page comes first.
  setTimeout(() => tellWho(who, signOutSlot), 1000);
  return panel;
}

function signOutButton(signOut) {
  const button = h("button", {
    class: "button small quiet",
    type: "button",
    onclick: async () => {
      button.disabled = true;
      try {
        await signOut();
        location.assign("/");
      } catch (problem) {
        button.disabled = false;
        toast(problem.message, { tone: "bad" });
      }
    },
  }, "Sign out");
  return button;
}

async function tellWho(element, signOutSlot) {
  try {
    const [me, { version }] = await Promise.all([caller(), get("/version")]);
    element.textContent = `${me?.name ? `${me.name} · ` : ""}Slipway ${version}`;
    if (me?.session) replace(signOutSlot, signOutButton(() => send("POST", "/logout")));
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
    if (link.getAttribute("href") === first) {
      link.setAttribute("aria-current", "page");
      // On a phone the places are a strip that is wider than the screen.
      const strip = link.parentElement;
      strip.scrollLeft = link.offsetLeft - strip.offsetLeft - (strip.clientWidth - link.offsetWidth) / 2;
    } else link.removeAttribute("aria-current");
  }
  document.querySelector(".side-end")?.classList.remove("open");
}

export function setUnreached(isUnreached) {
  if (offline) offline.hidden = !isUnreached;
}
