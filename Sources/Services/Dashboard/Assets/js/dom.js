// Elements are made here and nowhere else. Text becomes text nodes only: nothing is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children. `on…` adds a listener, `style` sets properties, `class` may be an array. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") {
      for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    } else if (name === "class") {
      element.setAttribute("class", Array.isArray(value) ? value.filter(Boolean).join(" ") : value);
    } else if (name === "value") element.value = value;
    else if (name === "checked" || name === "disabled" || name === "selected") element[name] = Boolean(value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** Appends nodes, texts, numbers and arrays of them; leaves out what is absent. */
export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Gives an element other children. */
export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

let serial = 0;

/** An id that no other element has. */
export function freshID(prefix) {
  serial += 1;
  return `${prefix}-${serial}`;
}
