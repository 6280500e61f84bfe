import { h, replace } from "../dom.js";
import { addressOf } from "../router.js";
import { valueText } from "../parts/variables.js";
import { card, copyButton, facts, shortID, table } from "../parts/widgets.js";
import { moment } from "../time.js";
import { sentence } from "../states.js";

/** The run's variables with where each is from, evidence, and everything else that is known of it. */
export function showDetails(panel, context) {
  const slot = h("div", {});
  panel.append(slot);
  return context.watch((run) => {
    if (slot.contains(document.activeElement)) return;
    const names = Object.keys(run.variables ?? {}).sort();
    replace(
      slot,
      card(
        "Variables",
        names.length === 0 ? h("p", { class: "soft" }, "The job declares no variables.") : table(
          "Variables",
          [
            ["Variable", (name) => h("code", {}, name), "nowrap"],
            ["Value", (name) => h("span", { class: "mono" }, valueText(run.variables[name])), "wrap"],
            ["From", (name) => sentence(run.variable_origins?.[name] ?? ""), "nowrap"],
          ],
          names,
          { isCompact: true },
        ),
        { isPlain: names.length > 0 },
      ),
      h(
        "div",
        { class: "columns" },
        card(
          "This run",
          facts([
            ["Id", h("span", {}, h("code", {}, run.id), copyButton(run.id, "the run’s id"))],
            ["Team", run.team],
            ["Job", h("a", { href: addressOf.job(run.team, run.job) }, run.job)],
            [
              "Version",
              h(
                "a",
                { href: addressOf.job(run.team, run.job, `?tab=versions&version=${run.version}`) },
                `v${run.version}`,
              ),
            ],
            ["Kind", run.kind],
            ["Trigger", run.trigger?.schedule ? `${run.trigger.kind}: ${run.trigger.schedule}` : run.trigger?.kind],
            ["Tick", run.trigger?.tick && moment(run.trigger.tick)],
            ["Submitted by", run.submitted_by],
            ["Attempt", run.attempt],
            [
              "Origin",
              run.origin &&
              h("a", { href: addressOf.run(run.origin) }, `${run.origin_kind ?? ""} ${shortID(run.origin)}`),
            ],
            ["Priority", run.priority],
            ["Promoted", run.promoted && "yes"],
            ["Eligible at", moment(run.eligible_at)],
          ]),
        ),
        card(
          "Where and when",
          facts([
            ["Cluster", run.cluster],
            ["Node", run.node],
            ["Placement", run.placement],
            ["Holder", run.holder && h("code", {}, run.holder)],
            ["Created", moment(run.created_at)],
            ["Began to run", moment(run.running_at)],
            ["Ended", moment(run.ended_at)],
            ["Exit code", run.exit_code],
            [
              "Retries used",
              run.retries_used &&
              Object.entries(run.retries_used).filter(([, count]) => count > 0).map(([kind, count]) =>
                `${count} ${kind}`
              ).join(", "),
            ],
            [
              "Plan",
              run.plan &&
              `goes on from ${
                shortID(run.plan.from_run)
              }: ${run.plan.carried} taken over, ${run.plan.skipped} skipped`,
            ],
            [
              "Overrides",
              Object.keys(run.overrides ?? {}).length > 0 && h("code", {}, JSON.stringify(run.overrides)),
            ],
            ["Cost", run.cost && `${run.cost.reserved} ${run.cost.currency ?? ""} reserved`],
          ]),
        ),
      ),
      run.evidence &&
        card(
          "Evidence from Kubernetes",
          h("pre", { class: "json", tabindex: "0" }, JSON.stringify(run.evidence, null, 2)),
          { isPlain: true },
        ),
    );
  });
}
