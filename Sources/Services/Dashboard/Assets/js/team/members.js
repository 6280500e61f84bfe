import { get, part, send } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { field, showDialog } from "../parts/dialogs.js";
import { empty, loading, problemNotice, toast } from "../parts/notices.js";
import { card, plural, select, table } from "../parts/widgets.js";
import { sentence } from "../states.js";
import { moment } from "../time.js";

export const roles = [
  ["viewer", "Viewer: sees everything"],
  ["submitter", "Submitter: also makes runs"],
  ["operator", "Operator: also changes jobs and runs"],
  ["admin", "Admin: also decides who may what"],
];

/** Who is in a team, and what they may do. */
export async function showMembers(panel, context, { after, before = [] } = {}) {
  if (before.length === 0) replace(panel, loading());
  const path = `${context.path}/members`;
  const again = () => showMembers(panel, context);
  let members;
  let next;
  try {
    const answer = await get(path, { limit: 200, after }, { signal: context.signal });
    members = [...before, ...answer.members];
    next = answer.next;
  } catch (problem) {
    if (problem.name !== "AbortError") replace(panel, problemNotice(problem, again));
    return;
  }
  const add = h("button", { class: "button small", type: "button", onclick: () => ask() }, icon("plus"), "Add…");
  replace(
    panel,
    members.length === 0
      ? h(
        "div",
        { class: "card" },
        empty({
          title: "Nobody is named as a member",
          text:
            "Members are people who log in by a provider of identities. Others come with an API token, or by their groups.",
          drawing: "teams",
          children: h("button", { class: "button", type: "button", onclick: () => ask() }, "Add a member…"),
        }),
      )
      : card(
        "Members",
        table("Members", [
          ["Person", (member) => h("strong", {}, member.subject), "wrap"],
          ["Role", (member) => sentence(member.role), "nowrap"],
          ["Since", (member) => moment(member.created_at), "nowrap"],
          ["", (member) =>
            h(
              "div",
              { class: "row-actions" },
              h("button", {
                class: "button small",
                type: "button",
                "aria-label": `Change the role of ${member.subject}`,
                onclick: () => ask(member),
              }, "Role…"),
              h("button", {
                class: "button small danger",
                type: "button",
                "aria-label": `Remove ${member.subject}`,
                onclick: () => remove(member),
              }, "Remove…"),
            ), "end"],
        ], members),
        { isPlain: true, end: [plural(members.length, "member"), next && " so far", add] },
      ),
    next && h(
      "p",
      { class: "more" },
      h("button", {
        class: "button",
        type: "button",
        onclick: () => showMembers(panel, context, { after: next, before: members }),
      }, "Show more"),
    ),
  );

  function ask(member) {
    const subject = h("input", { class: "input", required: true, maxlength: "255", autocomplete: "off" });
    const role = select(roles, member?.role ?? "viewer", () => {});
    showDialog({
      title: member ? `Role of ${member.subject}` : "Add a member",
      body: [
        !member && field("Person", subject, { hint: "As the provider of identities names them." }),
        field("Role", role),
      ],
      confirmWord: member ? "Change the role" : "Add",
      confirm: async () => {
        await send("PUT", `${path}/${part(member?.subject ?? subject.value.trim())}`, { role: role.value });
        toast(member ? "The role was changed." : "The member was added.");
        again();
      },
    });
  }

  function remove(member) {
    showDialog({
      title: `Remove ${member.subject}`,
      body: h("p", {}, "They lose what they may do by this membership within seconds. What they did stays."),
      confirmWord: "Remove",
      isDanger: true,
      confirm: async () => {
        await send("DELETE", `${path}/${part(member.subject)}`);
        toast("The member was removed.");
        again();
      },
    });
  }
}
