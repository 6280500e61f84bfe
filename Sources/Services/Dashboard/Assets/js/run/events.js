import { get, part } from "../api.js";
import { h, replace } from "../dom.js";
import { card, table } from "../parts/widgets.js";
import { empty, loading, problemNotice } from "../parts/notices.js";
import { badge, sentence } from "../states.js";
import { moment } from "../time.js";

const MOST = 2000;

/** What happened to the run, the newest first. */
export function showEvents(panel, context) {
  const slot = h("div", {}, loading());
  panel.append(slot);
  let events = [];
  let isBusy = false;
  return context.watch(refresh);

  async function refresh() {
    if (isBusy) return;
    isBusy = true;
    try {
      let found = [];
      let after;
      do {
        const page = await get(`/runs/${part(context.id)}/events`, { after, limit: 500 }, { signal: context.signal });
        found = [...found, ...page.events];
        after = page.next;
      } while (after !== undefined && found.length < MOST);
      events = found;
      draw();
    } catch (problem) {
      if (problem.name !== "AbortError") replace(slot, problemNotice(problem, refresh));
    }
    isBusy = false;
  }

  function draw() {
    if (events.length === 0) {
      replace(slot, empty({ title: "No events", text: "Each change of a run is recorded here." }));
      return;
    }
    replace(
      slot,
      card(
        "Events",
        table(
          "Events",
          [
            ["#", (event) => event.sequence, "number faint"],
            ["When", (event) => moment(event.at), "nowrap"],
            ["Event", (event) => sentence(event.kind), "nowrap"],
            ["State", (event) => event.state ? badge(event.state) : ""],
            ["Reason", (event) => event.reason ? sentence(event.reason) : "", "nowrap"],
            ["By", (event) => event.actor ?? ""],
            ["Message", (event) => event.message ?? "", "wrap"],
          ],
          [...events].reverse(),
          { isCompact: true },
        ),
        { isPlain: true, end: `${events.length}` },
      ),
    );
  }
}
