import { get, part, send } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { field, showDialog, whyField } from "../parts/dialogs.js";
import { empty, loading, problemNotice, toast } from "../parts/notices.js";
import { card, plural, select, table } from "../parts/widgets.js";
import { sentence } from "../states.js";
import { moment } from "../time.js";
import { newToken } from "../parts/newtoken.js";
import { roles } from "./members.js";

/** The programs of a team: each has a role, and tokens to come with. */
export async function showAccounts(panel, { team, signal }) {
  replace(panel, loading());
  const again = () => showAccounts(panel, { team, signal });
  const path = (name) => `/service-accounts/${part(team)}/${part(name)}`;
  let accounts;
  let next;
  try {
    ({ service_accounts: accounts, next } = await get("/service-accounts", { team, limit: 500 }, { signal }));
  } catch (problem) {
    if (problem.name !== "AbortError") replace(panel, problemNotice(problem, again));
    return;
  }
  replace(
    panel,
    accounts.length === 0
      ? h(
        "div",
        { class: "card" },
        empty({
          title: "No service accounts",
          text:
            "A program that submits runs or reads them does so as a service account, whose tokens outlive whoever made them.",
          drawing: "tokens",
          children: h("button", { class: "button", type: "button", onclick: () => ask() }, "New service account…"),
        }),
      )
      : card(
        "Service accounts",
        table("Service accounts", [
          ["Name", (account) => h("strong", {}, account.name), "nowrap"],
          ["Role", (account) => sentence(account.role), "nowrap"],
          ["Tokens", (account) => account.tokens, "number"],
          ["Description", (account) => account.description ?? "", "wrap"],
          ["Made", (account) => moment(account.created_at), "nowrap"],
          ["By", (account) => account.created_by ?? "", "nowrap"],
          ["", (account) =>
            h(
              "div",
              { class: "row-actions" },
              h("button", {
                class: "button small",
                type: "button",
                "aria-label": `New token for ${account.name}`,
                onclick: () => newToken({ account: `${team}/${account.name}`, done: again }),
              }, "Token…"),
              h("button", {
                class: "button small",
                type: "button",
                "aria-label": `Change ${account.name}`,
                onclick: () => ask(account),
              }, "Change…"),
              h("button", {
                class: "button small danger",
                type: "button",
                "aria-label": `Delete ${account.name}`,
                onclick: () => remove(account),
              }, "Delete…"),
            ), "end"],
        ], accounts),
        {
          isPlain: true,
          end: [
            next ? "the first 500" : plural(accounts.length, "account"),
            h("button", { class: "button small", type: "button", onclick: () => ask() }, icon("plus"), "New…"),
          ],
        },
      ),
  );

  function ask(account) {
    const name = h("input", { class: "input", required: true, maxlength: "63", autocomplete: "off" });
    const description = h("input", {
      class: "input",
      maxlength: "500",
      value: account?.description ?? "",
      autocomplete: "off",
    });
    const role = select(roles, account?.role ?? "submitter", () => {});
    showDialog({
      title: account ? `Change ${account.name}` : "New service account",
      body: [
        !account && field("Name", name, { hint: "Small letters, digits and hyphens." }),
        field("Role", role),
        field("Description", description),
      ],
      confirmWord: account ? "Change" : "Make the account",
      confirm: async () => {
        await send(
          "PUT",
          path(account?.name ?? name.value.trim()),
          { role: role.value, description: description.value.trim() || undefined },
          account && { headers: { "If-Match": `"${account.revision}"` } },
        );
        toast(account ? "The account was changed." : "The account was made.");
        again();
      },
    });
  }

  function remove(account) {
    const why = whyField();
    showDialog({
      title: `Delete ${account.name}`,
      body: [h("p", {}, "Its tokens end with it. What it did stays."), why.element],
      confirmWord: "Delete",
      isDanger: true,
      confirm: async () => {
        await send("DELETE", path(account.name), { why: why.value() });
        toast("The account was deleted.");
        again();
      },
    });
  }
}
