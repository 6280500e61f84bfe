import { freshID, h, replace } from "../dom.js";
import { problemNotice } from "./notices.js";

/**
 * Asks something. `confirm` is called when the person agrees; the dialog closes once it is done, and shows what went wrong
 * if it fails. With `confirm` of `null` there is nothing to agree to.
 */
export function showDialog({ title, body, confirm, confirmWord = "Confirm", cancel = "Back", isDanger = false }) {
  const id = freshID("dialog");
  const trouble = h("div", {});
  const agree = confirm &&
    h("button", { class: ["button", "primary", isDanger && "danger"], type: "submit" }, confirmWord);
  const back = h("button", { class: "button", type: "button", onclick: () => dialog.close() }, cancel);
  const form = h(
    "form",
    {
      method: "dialog",
      onsubmit: async (event) => {
        event.preventDefault();
        if (!confirm) {
          dialog.close();
          return;
        }
        agree.disabled = true;
        replace(trouble);
        try {
          if (await confirm() !== false) dialog.close();
        } catch (problem) {
          replace(trouble, problemNotice(problem));
          trouble.scrollIntoView?.({ block: "nearest" });
        }
        agree.disabled = false;
      },
    },
    h("div", { class: "dialog-head" }, h("h2", { id }, title)),
    h("div", { class: "dialog-body", tabindex: "0", role: "group", "aria-labelledby": id }, body, trouble),
    h("div", { class: "dialog-foot" }, back, agree),
  );
  const before = document.activeElement;
  const dialog = h("dialog", {
    "aria-labelledby": id,
    onclose: () => {
      dialog.remove();
      before?.focus?.();
    },
    onclick: (event) => {
      if (event.target === dialog) dialog.close();
    },
  }, form);
  document.body.append(dialog);
  dialog.showModal();
  (form.querySelector(".dialog-body input, .dialog-body select, .dialog-body textarea") ?? agree ?? back).focus();
  return { dialog, agree, close: () => dialog.close() };
}

/** A label above a control. */
export function field(label, control, { hint } = {}) {
  const id = freshID("field");
  control.id = id;
  const note = hint && h("span", { class: "hint", id: `${id}-hint` }, hint);
  if (note) control.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" }, h("label", { for: id }, label), control, note);
}

/** Why somebody does something: it is recorded. */
export function whyField() {
  const input = h("input", {
    class: "input",
    maxlength: "500",
    placeholder: "For the record, optional",
    autocomplete: "off",
  });
  return { element: field("Why", input), value: () => input.value.trim() || undefined };
}
