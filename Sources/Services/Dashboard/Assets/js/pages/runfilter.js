// Which runs a list shows: as lists of values by name, as an address's query, and as the API takes it.

export const names = [
  "search",
  "team",
  "job",
  "state",
  "kind",
  "trigger",
  "schedule",
  "variable",
  "released",
  "origin",
];

/** A filter that lets every run through. */
export const blank = () => Object.fromEntries(names.map((name) => [name, []]));

/** From an address. */
export function read(search) {
  const filter = blank();
  for (const name of names) {
    const values = search.getAll(name).filter(Boolean);
    filter[name] = name === "variable" || name === "search"
      ? values
      : values.flatMap((value) => value.split(",")).filter(Boolean);
  }
  return filter;
}

/** For an address. */
export function write(filter) {
  const search = new URLSearchParams();
  for (const name of names) {
    if (filter[name].length === 0) continue;
    if (name === "variable") { for (const value of filter[name]) search.append(name, value); }
    else search.set(name, filter[name].join(","));
  }
  return search;
}

/** As the parameters of a list. */
export function parameters(filter) {
  const all = {};
  for (const name of names) {
    if (filter[name].length > 0) {
      all[name] = name === "variable" ? filter[name] : filter[name].join(",");
    }
  }
  return all;
}

/** The same filter as the body of an action for many runs. */
export function asBody(filter) {
  return {
    team: filter.team.length ? filter.team : undefined,
    search: filter.search[0],
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
