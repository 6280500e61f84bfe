import { part, send } from "../api.js";
import { h } from "../dom.js";
import { addressOf, go } from "../router.js";
import { badge } from "../states.js";
import { absolute, moment } from "../time.js";
import { showDialog, whyField } from "./dialogs.js";
import { empty, toast } from "./notices.js";
import { table } from "./widgets.js";

/** When a schedule fires, in a few words. */
function rule(schedule) {
  const spec = schedule.spec ?? {};
  const given = spec.cron ?? (spec.every && `every ${spec.every}`) ?? (spec.at && `once at ${spec.at}`);
  return given
    ? [h("code", {}, given), spec.zone && spec.zone !== "UTC" && h("span", { class: "faint" }, ` ${spec.zone}`)]
    : h("code", {}, ruleText(spec, schedule.kind));
}

function ruleText(spec, kind) {
  const trigger = spec.trigger ?? spec[kind] ?? kind;
  return typeof trigger === "string"
    ? trigger
    : Object.entries(trigger ?? {}).map(([name, value]) =>
      `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`
    ).join(" ");
}

export function scheduleTable(schedules, { changed, showsJob }) {
  const path = (schedule) => `/jobs/${part(schedule.team)}/${part(schedule.job)}/schedules/${part(schedule.name)}`;
  const ask = (schedule, verb, word, text) => {
    const why = whyField();
    showDialog({
      title: `${word} ${schedule.name}`,
      body: [h("p", {}, text), why.element],
      confirmWord: word,
      confirm: async () => {
        const answer = await send("POST", `${path(schedule)}/${verb}`, { why: why.value() });
        if (verb === "trigger") {
          toast("A run was created.");
          go(addressOf.run(answer.id));
          return;
        }
        toast(`Schedule ${schedule.name}: ${answer.change ?? verb}.`);
        changed();
      },
    });
  };
  return table("Schedules", [
    ["Schedule", (schedule) => h("strong", {}, schedule.name), "nowrap"],
    ...(showsJob
      ? [[
        "Job",
        (
          schedule,
        ) => [
          h("a", { href: addressOf.job(schedule.team, schedule.job, "?tab=schedules") }, schedule.job),
          h("span", { class: "faint" }, ` ${schedule.team}`),
        ],
        "nowrap",
      ]]
      : []),
    [
      "State",
      (schedule) => [badge(schedule.state), schedule.problem && h("div", { class: "soft" }, schedule.problem)],
      "nowrap",
    ],
    ["When", rule, "nowrap"],
    ["Next", (schedule) => moment(schedule.next?.tick) ?? h("span", { class: "faint" }, "–"), "nowrap"],
    [
      "Last run",
      (schedule) =>
        schedule.last_run
          ? h("a", { class: "mono", href: addressOf.run(schedule.last_run) }, schedule.last_run.slice(-12))
          : h("span", { class: "faint" }, "none"),
      "nowrap",
    ],
    [
      "",
      (schedule) =>
        h(
          "div",
          { class: "chips" },
          h("button", {
            class: "button small",
            type: "button",
            "aria-label": `Trigger ${schedule.name}`,
            onclick: () =>
              ask(
                schedule,
                "trigger",
                "Trigger",
                "Runs the job now with the schedule’s variables. Its own ticks are not touched.",
              ),
          }, "Trigger…"),
          schedule.paused
            ? h("button", {
              class: "button small",
              type: "button",
              "aria-label": `Resume ${schedule.name}`,
              onclick: () => ask(schedule, "resume", "Resume", "It fires again from its next tick on."),
            }, "Resume…")
            : h("button", {
              class: "button small",
              type: "button",
              "aria-label": `Pause ${schedule.name}`,
              onclick: () => ask(schedule, "pause", "Pause", "It does not fire until it is resumed."),
            }, "Pause…"),
        ),
    ],
  ], schedules);
}

const YEAR = 365 * 86_400_000;
const LEAST = 10;

/** What is to come within a year, by day; at least a few, however rare they are. */
export function upcomingList(answer) {
  const end = Date.now() + YEAR;
  const entries = answer.upcoming.filter((entry, index) => index < LEAST || Date.parse(entry.tick) < end);
  if (entries.length === 0) {
    return empty({ title: "Nothing is to come", text: "No active schedule has a tick ahead.", drawing: "schedules" });
  }
  const days = new Map();
  for (const entry of entries) {
    const day = absolute(new Date(entry.tick), false).slice(0, 10);
    if (!days.has(day)) days.set(day, []);
    days.get(day).push(entry);
  }
  const rows = [...days].flatMap(([day, list]) => list.map((entry, index) => ({ ...entry, day: index === 0 && day })));
  return table(
    "Runs to come",
    [
      ["Day", ({ day }) => day && h("time", { datetime: day }, h("strong", {}, day), ` ${weekday(day)}`), "nowrap"],
      [
        "At",
        (entry) => h("span", { title: entry.local }, absolute(new Date(entry.tick), false).slice(11, 16)),
        "nowrap",
      ],
      ["", (entry) => moment(entry.tick), "nowrap faint"],
      ["Job", (entry) => h("a", { href: addressOf.job(entry.team, entry.job, "?tab=schedules") }, entry.job), "nowrap"],
      ["Schedule", (entry) => entry.schedule, "nowrap"],
      ["Team", (entry) => entry.team, "nowrap"],
    ],
    rows,
    { isCompact: true },
  );
}

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const weekday = (day) => weekdays[new Date(`${day}T12:00`).getDay()];
