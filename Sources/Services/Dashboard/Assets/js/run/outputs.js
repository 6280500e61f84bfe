import { download, get, part } from "../api.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { empty, loading, problemNotice, toast } from "../parts/notices.js";
import { bytes, card, copyButton, plural, table } from "../parts/widgets.js";
import { valueText } from "../parts/variables.js";
import { isOver } from "../states.js";

const ROWS = 200;

/** What the run's tasks gave as results: rows as tables, everything else as it is. */
export function showOutputs(panel, context) {
  const slot = h("div", {}, loading());
  panel.append(slot);
  let known = null;
  return context.watch((run) => {
    const key = `${run.state} ${(run.tasks ?? []).map((task) => task.state).join()}`;
    if (key === known) return;
    known = key;
    load(run);
  });

  async function load(run) {
    try {
      const { outputs, next } = await get(`/runs/${part(context.id)}/outputs`, {}, { signal: context.signal });
      if (outputs.length === 0) {
        replace(
          slot,
          h(
            "div",
            { class: "card" },
            empty({
              title: isOver(run.state) ? "The run gave no outputs" : "No outputs yet",
              text:
                "SQL tasks give their rows; Python tasks call context.set_output, and commands write name=value into the file $SLIPWAY_OUTPUT.",
            }),
          ),
        );
        return;
      }
      replace(
        slot,
        outputs.map((output) => one(context, output)),
        next && h("p", { class: "faint" }, "Only the first outputs are shown."),
      );
    } catch (problem) {
      if (problem.name !== "AbortError") replace(slot, problemNotice(problem, () => load(run)));
    }
  }
}

function one(context, output) {
  const path = `/runs/${part(context.id)}/outputs/${part(output.task)}/${part(output.name)}`;
  const save = (format, accept) =>
    h(
      "button",
      {
        class: "button small",
        type: "button",
        "aria-label": `Save ${output.task} ${output.name} as ${format.toUpperCase()}`,
        onclick: () => keep(path, format, accept),
      },
      icon("down"),
      format.toUpperCase(),
    );
  const title = `${output.task} · ${output.name}`;
  const isRows = output.kind === "rows";
  const end = [
    isRows &&
    h(
      "span",
      {},
      plural(output.row_count ?? output.sample_count ?? 0, "row"),
      output.truncated && `, ${output.sample_count} kept`,
    ),
    save("json", "application/json"),
    isRows && save("csv", "text/csv"),
  ];
  if (output.value === undefined || output.value === null && output.value_bytes > 4) {
    return card(
      title,
      h(
        "p",
        { class: "soft" },
        `The value takes ${bytes(output.value_bytes)}, too much to show here. Save it instead.`,
      ),
      { end },
    );
  }
  if (isRows && Array.isArray(output.value)) return card(title, rows(output), { end, isPlain: true });
  if (typeof output.value === "object" && output.value !== null) {
    return card(title, h("pre", { class: "json", tabindex: "0" }, JSON.stringify(output.value, null, 2)), {
      end,
      isPlain: true,
    });
  }
  return card(
    title,
    h(
      "p",
      {},
      h("span", { class: "mono" }, valueText(output.value)),
      copyButton(valueText(output.value), "the value"),
    ),
    { end },
  );
}

function rows(output) {
  const names = output.columns?.map((column) => column.name) ??
    (output.value[0] ?? []).map((_, index) => `column_${index + 1}`);
  const isNumber = names.map((_, index) =>
    output.value.every((row) => row[index] === null || typeof row[index] === "number")
  );
  if (output.value.length === 0) return h("p", { class: "card-body soft" }, `No rows. Columns: ${names.join(", ")}`);
  return [
    table(
      `${output.task} ${output.name}`,
      names.map((name, index) => [
        h("span", { title: output.columns?.[index]?.type }, name),
        (row) => row[index] === null ? h("span", { class: "faint" }, "null") : valueText(row[index]),
        isNumber[index] ? "number" : undefined,
      ]),
      output.value.slice(0, ROWS),
      { isCompact: true },
    ),
    output.value.length > ROWS &&
    h(
      "p",
      { class: "card-body faint" },
      `The first ${ROWS} of ${output.value.length} rows that are kept. Save them to see all.`,
    ),
  ];
}

async function keep(path, format, accept) {
  try {
    const { name, blob } = await download(path, { format }, accept);
    const address = URL.createObjectURL(blob);
    const link = h("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  } catch (problem) {
    toast(problem.message, { tone: "bad" });
  }
}
