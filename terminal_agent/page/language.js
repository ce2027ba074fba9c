// The page's language, and how numbers and times are put into its sentences.
//
// A sentence may hold {name}, {name:time} (hall ms -> 09:30), {name:clock} (-> 09:30:15), {name:date} (-> 2026-01-01
// 09:30), {name:length} (seconds -> 90 minutes) and {name:span} (ms -> 00:45:56). Hall
// time is shown in the sitting's time zone, whatever zone this computer believes in.

import { MESSAGES } from "./messages.js";

let language = "zh";
let zone = "Asia/Shanghai";

export function currentLanguage() {
  return language;
}

export function setLanguage(value) {
  language = value;
  document.documentElement.lang = value === "zh" ? "zh-CN" : "en";
}

export function setZone(value) {
  zone = value;
}

export function translate(key, parameters = {}) {
  const texts = MESSAGES[key];
  if (!texts) throw new Error(`no message ${key}`);
  return texts[language === "zh" ? 0 : 1].replace(/\{(\w+)(?::(\w+))?\}/g, (_, name, form) =>
    put(parameters[name], form),
  );
}

export function known(key) {
  return Object.hasOwn(MESSAGES, key);
}

function put(value, form) {
  if (value === undefined || value === null) return "";
  switch (form) {
    case "time":
      return timeOfDay(value);
    case "clock":
      return wallClock(value);
    case "date":
      return dateAndTime(value);
    case "length":
      return length(value);
    case "span":
      return span(value);
    default:
      return String(value);
  }
}

function parts(at) {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

export function timeOfDay(at) {
  const { hour, minute } = parts(at);
  return `${hour}:${minute}`;
}

export function wallClock(at) {
  const { hour, minute, second } = parts(at);
  return `${hour}:${minute}:${second}`;
}

export function dateAndTime(at) {
  const { year, month, day, hour, minute } = parts(at);
  return `${year}-${month}-${day} ${hour}:${minute}`;
}

export function length(seconds) {
  const minutes = Math.round(seconds / 60);
  if (language === "zh") return `${minutes} 分钟`;
  return minutes === 1 ? "1 minute" : `${minutes} minutes`;
}

// Milliseconds as 00:45:56, rounded up, so that 00:00:00 means over.
export function span(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
