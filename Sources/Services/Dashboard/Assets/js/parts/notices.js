import { signals } from "../api.js";
import { append, h } from "../dom.js";
import { icon } from "../icons.js";

/** A framed message. `tone` is `bad`, `warn` or nothing. */
export function notice({ title, text, tone, children }) {
  return h(
    "div",
    { class: ["notice", tone], role: tone === "bad" ? "alert" : "status" },
    h("strong", {}, title),
    text && h("p", {}, text),
    children,
  );
}

/**
 * What the API said, with the request's id, under which its log tells more. If it said nothing, `retry` is called once it
 * answers again.
 */
export function problemNotice(problem, retry) {
  const element = notice({
    title: problem.title ?? "Something went wrong",
    text: problem.message,
    tone: "bad",
    children: [
      problem.errors?.length > 0 && h("ul", {}, problem.errors.map((error) => h("li", {}, fieldSentence(error)))),
      problem.requestID &&
      h(
        "p",
        { class: "request" },
        "Request ",
        h("code", {}, problem.requestID),
        problem.code && ` · ${problem.code}`,
      ),
      retry && h("p", {}, h("button", { class: "button small", type: "button", onclick: retry }, "Try again")),
    ],
  });
  if (problem.isUnreached && retry) {
    signals.addEventListener("reached", () => element.isConnected && retry(), { once: true });
  }
  return element;
}

export function fieldSentence(error) {
  const allowed = error.allowed?.length ? `; allowed: ${error.allowed.join(", ")}` : "";
  return `${error.field || "The request"}${error.value ? ` “${error.value}”` : ""} ${error.message}${allowed}`;
}

/** Why there is nothing, and what to do about it. */
export function empty({ title, text, children, drawing = "nothing" }) {
  return h("div", { class: "empty" }, icon(drawing), h("h2", {}, title), text && h("p", {}, text), children);
}

export function loading(words = "Loading…") {
  return h("p", { class: "loading", role: "status" }, words);
}

/** A short message at the edge of the screen that goes by itself; one that tells of a failure stays. */
export function toast(text, { tone, children } = {}) {
  let stack = document.querySelector(".toasts");
  if (!stack) {
    stack = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(stack);
  }
  const close = () => element.remove();
  const element = h(
    "div",
    { class: ["toast", tone] },
    h("div", {}, text, children && " ", children),
    h("button", { class: "button small quiet", type: "button", "aria-label": "Close", onclick: close }, "×"),
  );
  append(stack, [element]);
  if (tone !== "bad") setTimeout(close, 6000);
  while (stack.childElementCount > 4) stack.firstElementChild.remove();
}
