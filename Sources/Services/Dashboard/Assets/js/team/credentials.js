import { get, part, send } from "../api.js";
import { h, replace } from "../dom.js";
import { addressOf } from "../router.js";
import { empty, loading, problemNotice, toast } from "../parts/notices.js";
import { card, plural, shortID, table } from "../parts/widgets.js";
import { badge } from "../states.js";
import { moment } from "../time.js";

/** What is known of a team's credentials. Their values are in secrets of Kubernetes and nowhere here. */
export async function showCredentials(panel, { team, signal }) {
  replace(panel, loading());
  const again = () => showCredentials(panel, { team, signal });
  let credentials;
  let next;
  try {
    ({ credentials, next } = await get("/credentials", { team, limit: 500 }, { signal }));
  } catch (problem) {
    if (problem.name !== "AbortError") replace(panel, problemNotice(problem, again));
    return;
  }
  if (credentials.length === 0) {
    replace(
      panel,
      h(
        "div",
        { class: "card" },
        empty({
          title: "No credentials",
          text: "Runs that need a credential wait when it is known not to be valid. Make one known with:",
          drawing: "tokens",
          children: h("code", {}, `slipway credential apply NAME --team ${team} …`),
        }),
      ),
    );
    return;
  }
  replace(
    panel,
    card(
      "Credentials",
      table("Credentials", [
        ["Name", (credential) => h("strong", {}, credential.name), "nowrap"],
        ["Kind", (credential) => credential.kind, "nowrap"],
        ["State", (credential) => badge(credential.valid ? "valid" : "invalid"), "nowrap"],
        ["Message", (credential) => credential.message ?? "", "wrap"],
        ["Secret", (credential) => credential.secret && h("code", {}, credential.secret.name), "nowrap"],
        ["Checked", (credential) => moment(credential.checked_at) ?? h("span", { class: "faint" }, "never"), "nowrap"],
        [
          "Next check",
          (credential) =>
            credential.check?.run
              ? h("a", { class: "mono", href: addressOf.run(credential.check.run) }, shortID(credential.check.run))
              : moment(credential.check?.due_at) ?? "",
          "nowrap",
        ],
        ["", (credential) =>
          credential.check && h("button", {
            class: "button small",
            type: "button",
            "aria-label": `Check ${credential.name} now`,
            onclick: (event) => check(credential, event.currentTarget),
          }, "Check now"), "end"],
      ], credentials),
      { isPlain: true, end: next ? "the first 500" : plural(credentials.length, "credential") },
    ),
  );

  async function check(credential, button) {
    button.disabled = true;
    try {
      await send("POST", `/credentials/${part(team)}/${part(credential.name)}/check`);
      toast("It is being checked.");
      again();
    } catch (problem) {
      button.disabled = false;
      toast(problem.message, { tone: "bad" });
    }
  }
}
