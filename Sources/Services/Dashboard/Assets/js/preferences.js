// What a person chose, kept in this browser. Without storage everything works with the defaults.

function read(key) {
  try {
    return localStorage.getItem(`slipway.${key}`);
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(`slipway.${key}`);
    else localStorage.setItem(`slipway.${key}`, value);
  } catch { /* It then holds until the page is left. */ }
}

export const themes = ["auto", "light", "dark"];
export const clocks = ["relative", "local", "utc"];

export function theme() {
  const stored = read("theme");
  return themes.includes(stored) ? stored : "auto";
}

export function setTheme(value) {
  write("theme", value === "auto" ? null : value);
  if (value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}

let chosenClock = clocks.includes(read("clock")) ? read("clock") : "relative";

export function clock() {
  return chosenClock;
}

export function setClock(value) {
  chosenClock = value;
  write("clock", value);
}

const VIEWS = 50;

/** Saved filters: a name and the query of an address. */
export function views() {
  try {
    const stored = JSON.parse(read("views") ?? "[]");
    return Array.isArray(stored)
      ? stored.filter((view) => typeof view?.name === "string" && typeof view?.query === "string").slice(0, VIEWS)
      : [];
  } catch {
    return [];
  }
}

export function saveView(name, query) {
  const others = views().filter((view) => view.name !== name);
  write("views", JSON.stringify([...others, { name, query }].slice(-VIEWS)));
}

export function removeView(name) {
  write("views", JSON.stringify(views().filter((view) => view.name !== name)));
}

const TOKEN = "slipway.token";

/** The token is kept only as long as this tab. */
export function token() {
  try {
    return sessionStorage.getItem(TOKEN) ?? "";
  } catch {
    return "";
  }
}

export function setToken(value) {
  try {
    if (value) sessionStorage.setItem(TOKEN, value);
    else sessionStorage.removeItem(TOKEN);
  } catch { /* Then it is asked for again. */ }
}
