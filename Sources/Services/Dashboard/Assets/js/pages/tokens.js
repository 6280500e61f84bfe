import { caller, get, part, send } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { showDialog, whyField } from "../parts/dialogs.js";
import { newToken } from "../parts/newtoken.js";
import { empty, loading, problemNotice, toast } from "../parts/notices.js";
import { card, facts, pageHead, plural, table } from "../parts/widgets.js";
import { badge, sentence } from "../states.js";
import { moment } from "../time.js";

/** Who one is here, and the API tokens that one may see. */
export function show(stage, { signal, setTitle }) {
  setTitle("Tokens");
  const who = h("div", {});
  const list = h("div", {}, loading());
  let tokens = [];
  let showsRevoked = false;
  const revoked = h(
    "label",
    { class: "check" },
    h("input", {
      type: "checkbox",
      onchange: (event) => {
        showsRevoked = event.target.checked;
        load();
      },
    }),
    "Also revoked ones",
  );
  replace(
    stage,
    pageHead({
      title: "Tokens",
      actions: h(
        "button",
        { class: "button primary", type: "button", onclick: () => newToken({ done: load }) },
        icon(
          "plus",
        ),
        "New token",
      ),
    }),
    who,
    h("div", { class: "toolbar" }, revoked),
    list,
  );
  load();

  async function load(after) {
    try {
      const [me, answer] = await Promise.all([
        caller(),
        get("/tokens", { revoked: showsRevoked || undefined, limit: 200, after }, { signal }),
      ]);
      tokens = after ? [...tokens, ...answer.tokens] : answer.tokens;
      draw(me, answer.next);
    } catch (problem) {
      if (problem.name !== "AbortError") replace(list, problemNotice(problem, () => load()));
    }
  }

  function draw(me, next) {
    replace(
      who,
      me && card(
        "You",
        facts([
          ["Name", me.name],
          ["As", sentence(me.kind)],
          ["May", grantsText(me.grants)],
          ["Until", moment(me.expires_at)],
        ]),
      ),
    );
    if (tokens.length === 0) {
      replace(
        list,
        h(
          "div",
          { class: "card" },
          empty({
            title: showsRevoked ? "No tokens" : "No tokens that are valid",
            text: "A token lets a program or a person use the API. It is shown once, when it is made.",
            drawing: "tokens",
          }),
        ),
      );
      return;
    }
    replace(
      list,
      card(
        "Tokens",
        table("Tokens", [
          ["Name", (token) => h("strong", {}, token.name), "wrap"],
          ["State", (token) => badge(stateOf(token)), "nowrap"],
          ["Owner", (token) => ownerText(token), "wrap"],
          ["May", (token) => grantsText(token.grants), "wrap"],
          [
            "Made",
            (
              token,
            ) => [moment(token.created_at), token.created_by && h("div", { class: "faint" }, `by ${token.created_by}`)],
            "nowrap",
          ],
          ["Last used", (token) => moment(token.last_used_at) ?? h("span", { class: "faint" }, "never"), "nowrap"],
          ["Until", (token) => moment(token.expires_at) ?? h("span", { class: "faint" }, "no end"), "nowrap"],
          [
            "",
            (token) =>
              token.revoked_at ? h("span", { class: "faint" }, "revoked ", moment(token.revoked_at)) : h("button", {
                class: "button small danger",
                type: "button",
                "aria-label": `Revoke ${token.name}`,
                onclick: () => revoke(token),
              }, "Revoke…"),
            "end",
          ],
        ], tokens),
        { isPlain: true, end: `${plural(tokens.length, "token")}${next ? " so far" : ""}` },
      ),
      next &&
        h(
          "p",
          { class: "more" },
          h("button", { class: "button", type: "button", onclick: () => load(next) }, "Show more"),
        ),
    );
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
}

function stateOf(token) {
  if (token.revoked_at) return "revoked";
  return token.expires_at && new Date(token.expires_at) < new Date() ? "expired" : "active";
}

function ownerText(token) {
  return token.service_account ? `${token.team} / ${token.service_account}` : token.subject ?? sentence(token.owner);
}

function grantsText(grants) {
  const teams = Object.entries(grants?.teams ?? {}).map(([team, role]) => `${role} in ${team}`);
  return [grants?.everywhere && `${grants.everywhere} everywhere`, ...teams].filter(Boolean).join(", ");
}
