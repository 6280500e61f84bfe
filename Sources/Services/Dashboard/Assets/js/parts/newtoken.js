import { send } from "../api.js";
import { h } from "../dom.js";
import { roles } from "../team/members.js";
import { field, showDialog } from "./dialogs.js";
import { copyButton, select } from "./widgets.js";

const lifetimes = [["30d", "30 days"], ["7d", "7 days"], ["90d", "90 days"], ["365d", "a year"], ["", "without end"]];

/** Makes an API token and shows it, once. - account: whose it is, `team/name`; asked for if absent. */
export function newToken({ account: given, done }) {
  const name = h("input", { class: "input", required: true, maxlength: "100", autocomplete: "off" });
  const account = h("input", {
    class: "input",
    placeholder: "team/name, or empty for yourself",
    autocomplete: "off",
  });
  const most = select([["", "As much as its owner"], ...roles], "", () => {});
  const lifetime = select(lifetimes, "30d", () => {});
  showDialog({
    title: given ? `New token for ${given}` : "New token",
    body: [
      field("Name", name, { hint: "What it is for." }),
      !given && field("Service account", account),
      field("May do at most", most),
      field("Valid for", lifetime),
    ],
    confirmWord: "Make the token",
    confirm: async () => {
      const owner = given ?? (account.value.trim() || undefined);
      // A service account has a role in its own team only.
      const bound = !most.value
        ? {}
        : owner
        ? { teams: { [owner.split("/")[0]]: most.value } }
        : { everywhere: most.value };
      const made = await send("POST", "/tokens", {
        name: name.value.trim(),
        expires_in: lifetime.value || undefined,
        service_account: owner,
        ...bound,
      });
      done();
      showSecret("The token", made.token, "the token");
    },
  });
}

/** Something that the API tells once. */
export function showSecret(title, secret, what) {
  showDialog({
    title,
    body: [
      h("p", {}, "It is shown only now. Keep it where nobody else can read it."),
      h("p", { class: "secret" }, h("code", {}, secret), copyButton(secret, what)),
    ],
    confirm: null,
    cancel: "I have kept it",
  });
}
