import { get, signals } from "./api.js";
import { h, replace } from "./dom.js";
import { loadOthers, start } from "./router.js";
import { frame, markCurrent, setUnreached } from "./shell.js";
import { notice } from "./parts/notices.js";
import { forgetKeys, setKeys } from "./keys.js";

const root = document.getElementById("shell");
let leave = null;
let turn = 0;
let isBroken = false;

/** Shows a page in the frame; what the page before still does ends first. */
async function present(load, parameters, search) {
  turn += 1;
  const mine = turn;
  leave?.();
  leave = null;
  forgetKeys();
  const content = frame(root);
  markCurrent();
  if (!load) {
    document.title = "Not found · Slipway";
    replace(
      content,
      h("h1", {}, "There is no such page"),
      h("p", { class: "soft" }, "The address leads nowhere. It may have been cut when it was copied."),
      h("p", {}, h("a", { href: "/runs" }, "Show the runs")),
    );
    return;
  }
  try {
    const page = await load();
    if (mine !== turn) return;
    const stage = h("div", {});
    replace(content, stage);
    const controller = new AbortController();
    leave = () => controller.abort();
    page.show(stage, { parameters, search, signal: controller.signal, setKeys, setTitle });
  } catch (error) {
    if (mine !== turn) return;
    replace(
      content,
      notice({
        title: "The page could not be loaded",
        text: `${error.message}. It is tried again once the API answers.`,
        tone: "bad",
        children: h(
          "p",
          {},
          h("button", { class: "button small", type: "button", onclick: () => location.reload() }, "Reload"),
        ),
      }),
    );
    isBroken = true;
    // Whether it is the API that is away, this finds out.
    get("/version").catch(() => {});
  }
}

function setTitle(title) {
  document.title = `${title} · Slipway`;
}

signals.addEventListener("signed-out", async () => {
  turn += 1;
  leave?.();
  leave = null;
  forgetKeys();
  setTitle("Sign in");
  (await import("./pages/signin.js")).showSignIn(root);
});
signals.addEventListener("unreached", () => setUnreached(true));
signals.addEventListener("reached", () => {
  setUnreached(false);
  if (isBroken) location.reload();
});

start(present);
setTimeout(loadOthers, 3000);
