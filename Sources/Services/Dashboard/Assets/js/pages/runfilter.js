// Which runs a list shows: as lists of values by name, as an address's query, and as the API takes it.

export const names = [
  "search",
  "filter",
  "team",
  "job",
  "state",
  "kind",
  "trigger",
  "schedule",
  "variable",
  "released",
  "origin",
  "order_by",
];

/** What is one text each, with commas and all. */
const texts = new Set(["search", "filter", "variable"]);

/** A filter that lets every run through. */
export const blank = () => Object.fromEntries(names.map((name) => [name, []]));

/** From an address. */
export function read(search) {
  const filter = blank();
  for (const name of names) {
    const values = search.getAll(name).filter(Boolean);
    filter[name] = texts.has(name) ? values : values.flatMap((value) => value.split(",")).filter(Boolean);
  }
  return filter;
}

/** For an address. */
export function write(filter) {
  const search = new URLSearchParams();
  for (const name of names) {
    if (filter[name].length === 0) continue;
    if (texts.has(name)) { for (const value of filter[name]) search.append(name, value); }
    else search.set(name, filter[name].join(","));
  }
  return search;
}

/** As the parameters of a list. */
export function parameters(filter) {
  const all = {};
  for (const name of names) {
    if (filter[name].length === 0) continue;
    if (name === "variable") all[name] = filter[name];
    else if (name === "search") all[name] = filter[name].join(" ");
    else if (name === "filter") all[name] = together(filter[name]);
    else all[name] = filter[name].join(",");
  }
  return all;
}

/**
 * As the parameters of the stream of changes. A run that leaves the list is to be told of too: of what changes while a run
 * goes on, nothing is asked for.
 */
export function streamParameters(filter) {
  const { state: _state, released: _released, filter: _filter, order_by: _order, ...rest } = parameters(filter);
  return rest;
}

/** Whether a run that the stream told of is one of the list's; `undefined`: the API has to be asked. */
export function isFitting(filter, run) {
  if (filter.state.length > 0 && !filter.state.includes(run.state)) return false;
  if (filter.released.length > 0 && String(run.released_at !== undefined) !== filter.released[0]) return false;
  return filter.filter.length > 0 ? undefined : true;
}

/** The same filter as the body of an action for many runs. */
export function asBody(filter) {
  const conditions = [
    ...filter.filter,
    ...(filter.trigger.length ? [filter.trigger.map((kind) => `trigger=${kind}`).join(" OR ")] : []),
    ...(filter.schedule.length ? [`schedule=${quoted(filter.schedule[0])}`] : []),
  ];
  return {
    team: filter.team.length ? filter.team : undefined,
    search: filter.search.length ? filter.search.join(" ") : undefined,
    where: conditions.length ? together(conditions) : undefined,
    job: filter.job[0],
    kind: filter.kind[0],
    origin: filter.origin[0],
    state: filter.state.length ? filter.state : undefined,
    released: filter.released.length ? filter.released[0] === "true" : undefined,
    variables: filter.variable.length
      ? Object.fromEntries(
        filter.variable.map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]),
      )
      : undefined,
  };
}

const together = (conditions) =>
  conditions.length === 1 ? conditions[0] : conditions.map((condition) => `(${condition})`).join(" AND ");
const quoted = (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

// What the API's filters can be about, besides variables.
const fields = new Set(
  ("id team job version kind cluster state over reason failure_class message failed_task error_name exit_code submitted_by " +
    "node priority attempt warnings promoted released origin root trigger schedule tick created_at running_at ended_at " +
    "state_since eligible_at age wait duration tags").split(" "),
);

/** What somebody means who types this: `[name, value]` of the filter. */
export function understood(text) {
  const [, not, field, relation] = /^(NOT\s+|-|\()*([A-Za-z_][\w.-]*)\s*(<=|>=|!=|=|<|>|:)/.exec(text) ?? [];
  if (field && (fields.has(field) || field.startsWith("variables."))) return ["filter", text];
  if (field && not === undefined && relation === "=" && !text.includes(" AND ")) return ["variable", text];
  return ["search", text];
}
