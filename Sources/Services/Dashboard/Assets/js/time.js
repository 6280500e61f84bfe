import { h } from "./dom.js";
import { clock } from "./preferences.js";

const two = (number) => String(number).padStart(2, "0");

/** `2026-01-31 09:05:07`, in this browser's zone or in UTC. */
export function absolute(date, isUTC) {
  const [year, month, day, hour, minute, second] = isUTC
    ? [
      date.getUTCFullYear(),
      date.getUTCMonth(),
      date.getUTCDate(),
      date.getUTCHours(),
      date.getUTCMinutes(),
      date.getUTCSeconds(),
    ]
    : [date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()];
  return `${year}-${two(month + 1)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
}

/** `just now`, `12 s ago`, `in 3 h`. */
export function relative(date, now = new Date()) {
  const seconds = (now - date) / 1000;
  const size = Math.abs(seconds);
  if (size < 2) return "just now";
  const text = size < 60
    ? `${Math.floor(size)} s`
    : size < 3600
    ? `${Math.floor(size / 60)} min`
    : size < 86400
    ? `${Math.floor(size / 3600)} h`
    : size < 86400 * 60
    ? `${Math.floor(size / 86400)} d`
    : size < 86400 * 730
    ? `${Math.floor(size / 86400 / 30)} mo`
    : `${Math.floor(size / 86400 / 365)} y`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

/** `400 ms`, `1.4 s`, `12 s`, `3 m 20 s`, `2 h 5 m`. */
export function duration(seconds) {
  if (seconds === undefined || seconds === null || !Number.isFinite(seconds)) return "";
  if (seconds < 0.95) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

export function secondsBetween(from, to) {
  return from && to ? (new Date(to) - new Date(from)) / 1000 : undefined;
}

function show(element) {
  const date = new Date(element.dateTime);
  const mode = clock();
  element.textContent = mode === "relative"
    ? relative(date)
    : absolute(date, mode === "utc") + (mode === "utc" ? " Z" : "");
  element.title = `${absolute(date, false)} here\n${absolute(date, true)} UTC\n${relative(date)}`;
}

/** A moment, in the form that the reader chose; all forms are in its tooltip. */
export function moment(text) {
  if (!text) return null;
  const element = h("time", { datetime: text, "data-moment": true });
  show(element);
  return element;
}

/** How long something lasts that has not ended. */
export function lasting(from) {
  const element = h("span", { "data-since": from });
  tick(element);
  return element;
}

function tick(element) {
  const seconds = Math.max(0, (Date.now() - new Date(element.dataset.since)) / 1000);
  const text = seconds < 10 ? `${Math.floor(seconds)} s` : duration(seconds);
  if (element.textContent !== text) element.textContent = text;
}

/** Shows all times anew, once a second and when the reader chooses another form. */
export function refreshTimes(isForced) {
  if (isForced || clock() === "relative") {
    for (const element of document.querySelectorAll("time[data-moment]")) show(element);
  }
  for (const element of document.querySelectorAll("[data-since]")) tick(element);
}

setInterval(() => {
  if (!document.hidden) refreshTimes(false);
}, 1000);
