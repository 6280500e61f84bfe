import { caller, get, part, send } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { field, showDialog, whyField } from "../parts/dialogs.js";
import { empty, loading, notice, problemNotice, toast } from "../parts/notices.js";
import { card, copyButton, facts, pageHead, select, table } from "../parts/widgets.js";
import { badge, sentence } from "../states.js";
import { moment } from "../time.js";

const lifetimes = [["30d", "30 days"], ["7d", "7 days"], ["90d", "90 days"], ["365d", "a year"], ["", "without end"]];

/** Who one is here, and the API tokens that one may see. */
export function show(stage, { signal, setTitle }) {
  setTitle("Tokens");
  const slot = h("div", {}, loading());
  replace(
    stage,
    pageHead({
      title: "Tokens",
      actions: h("button", { class: "button primary", type: "button", onclick: create }, icon("plus"), "New token"),
    }),
    slot,
  );
  load();

  async function load() {
    try {
      const [me, answer] = await Promise.all([caller(), get("/tokens", { revoked: "true", limit: 200 }, { signal })]);
      replace(
        slot,
        me &&
          card(
            "You",
            facts([["Name", me.name], ["As", sentence(me.kind)], ["May", grantsText(me.grants)], [
              "Until",
              moment(me.expires_at),
            ]]),
          ),
        answer.tokens.length === 0
          ? h(
            "div",
            { class: "card" },
            empty({
              title: "No tokens",
              text: "A token lets a program or a person use the API. It is shown once, when it is made.",
              drawing: "tokens",
            }),
          )
          : card(
            "Tokens",
            table("Tokens", [
              ["Name", (token) => h("strong", {}, token.name), "nowrap"],
              ["State", (token) =>
                badge(
                  token.revoked_at
                    ? "revoked"
                    : token.expires_at && new Date(token.expires_at) < new Date()
                    ? "expired"
                    : "active",
                ), "nowrap"],
              ["Owner", (token) => ownerText(token), "wrap"],
              ["May", (token) => grantsText(token.grants), "wrap"],
              ["Made", (token) => moment(token.created_at), "nowrap"],
              [
                "Last used",
                (token) => moment(token.last_used_at) ?? h("span", { class: "faint" }, "never"),
                "nowrap",
              ],
              ["Until", (token) => moment(token.expires_at) ?? "", "nowrap"],
              ["", (token) =>
                !token.revoked_at &&
                h("button", {
                  class: "button small danger",
                  type: "button",
                  "aria-label": `Revoke ${token.name}`,
                  onclick: () => revoke(token),
                }, "Revoke…")],
            ], answer.tokens),
            { isPlain: true },
          ),
      );
    } catch (problem) {
      if (problem.name === "AbortError") return;
      replace(
        slot,
        problem.code === "route_not_found"
          ? notice({
            title: "This API has no tokens of persons and programs",
            text: "It is open to this machine, or has the one token of the setting api.token.",
          })
          : problemNotice(problem, load),
      );
    }
  }

  function revoke(token) {
    const why = whyField();
    showDialog({
      title: `Revoke ${token.name}`,
      body: [h("p", {}, "Whatever uses it is refused from now on. This cannot be undone."), why.element],
      confirmWord: "Revoke",
      isDanger: true,
      confirm: async () => {
        await send("DELETE", `/tokens/${part(token.id)}`, { why: why.value() });
        toast("The token was revoked.");
        load();
      },
    });
  }

  function create() {
    const name = h("input", { class: "input", required: true, maxlength: "100", autocomplete: "off" });
    const account = h("input", {
      class: "input",
      placeholder: "team/name, or empty for yourself",
      autocomplete: "off",
    });
    const lifetime = select(lifetimes, "30d", () => {});
    showDialog({
      title: "New token",
      body: [
        field("Name", name, { hint: "What it is for." }),
        field("Service account", account),
        field("Valid for", lifetime),
      ],
      confirmWord: "Make the token",
      confirm: async () => {
        const made = await send("POST", "/tokens", {
          name: name.value.trim(),
          expires_in: lifetime.value || undefined,
          service_account: account.value.trim() || undefined,
        });
        load();
        showDialog({
          title: "The token",
          body: [
            h("p", {}, "It is shown only now. Keep it where nobody else can read it."),
            h("p", {}, h("code", {}, made.token), copyButton(made.token, "the token")),
          ],
          confirm: null,
          cancel: "I have kept it",
        });
      },
    });
  }
}

function ownerText(token) {
  return token.service_account ? `${token.team} / ${token.service_account}` : token.subject ?? sentence(token.owner);
}

function grantsText(grants) {
  const teams = Object.entries(grants?.teams ?? {}).map(([team, role]) => `${role} in ${team}`);
  return [grants?.everywhere && `${grants.everywhere} everywhere`, ...teams].filter(Boolean).join(", ");
}
