// Colours and styles that programs write with escape sequences, read into a plain model: pieces of text with class names.

const ESCAPE = /\u001b(?:\[([0-9;:]*)([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;

/** The text without sequences, and control characters shown as signs that do nothing. */
export function plain(text) {
  return clean(text.replace(ESCAPE, ""));
}

function clean(text) {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/** `[{text, classes}]`, in order; neighbours with the same look are one piece. */
export function pieces(text) {
  if (!text.includes("\u001b")) return [{ text: clean(text), classes: "" }];
  const found = [];
  let style = {};
  let from = 0;
  const add = (part) => {
    if (part) found.push({ text: clean(part), classes: classes(style) });
  };
  for (const match of text.matchAll(ESCAPE)) {
    add(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m") style = changed(style, match[1]);
  }
  add(text.slice(from));
  return found;
}

function changed(style, parameters) {
  const codes = parameters === "" ? [0] : parameters.split(/[;:]/).map(Number);
  let now = { ...style };
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index];
    if (code === 0) now = {};
    else if (code === 1) now.bold = true;
    else if (code === 2) now.dim = true;
    else if (code === 3) now.italic = true;
    else if (code === 4) now.underline = true;
    else if (code === 22) {
      now.bold = false;
      now.dim = false;
    } else if (code === 23) now.italic = false;
    else if (code === 24) now.underline = false;
    else if (code >= 30 && code <= 37) now.front = code - 30;
    else if (code >= 90 && code <= 97) now.front = code - 90;
    else if (code === 39) now.front = undefined;
    else if (code >= 40 && code <= 47) now.back = code - 40;
    else if (code >= 100 && code <= 107) now.back = code - 100;
    else if (code === 49) now.back = undefined;
    else if (code === 38 || code === 48) {
      const name = code === 38 ? "front" : "back";
      if (codes[index + 1] === 5) {
        now[name] = nearest(codes[index + 2]);
        index += 2;
      } else if (codes[index + 1] === 2) {
        now[name] = nearestOf(codes[index + 2], codes[index + 3], codes[index + 4]);
        index += 4;
      }
    }
  }
  return now;
}

/** One of the eight colours for one of 256: eight is what both themes can show with enough contrast. */
function nearest(index) {
  if (!(index >= 0 && index <= 255)) return undefined;
  if (index < 16) return index % 8;
  if (index >= 232) return index < 244 ? 0 : 7;
  const cube = index - 16;
  return nearestOf(Math.floor(cube / 36) * 51, Math.floor(cube / 6) % 6 * 51, cube % 6 * 51);
}

function nearestOf(red, green, blue) {
  const highest = Math.max(red, green, blue);
  if (!(highest > 60)) return 0;
  return (red > highest * 0.6 ? 1 : 0) + (green > highest * 0.6 ? 2 : 0) + (blue > highest * 0.6 ? 4 : 0);
}

function classes(style) {
  return [
    style.bold && "ansi-bold",
    style.dim && "ansi-dim",
    style.italic && "ansi-italic",
    style.underline && "ansi-underline",
    style.front !== undefined && `ansi-${style.front}`,
    style.back !== undefined && `ansi-back-${style.back}`,
  ].filter(Boolean).join(" ");
}
