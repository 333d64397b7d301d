/** Times in words, on the clock of Europe/Amsterdam: exact where we know it, vague where she was vague, and never another. */
import { FIRST_YEAR, foreignZone, span, understood } from "../core/edtf.js";
import { ZONE, offsetAt, saidTwice } from "../core/zone.js";
import { visible } from "../core/written.js";
import { language, t } from "./texts.js";

/** @typedef {import("../core/edtf.js").Precision} Precision */

const HOUR = 3_600_000;

/** @type {Map<string, Intl.DateTimeFormat>} making one costs more than a hundred uses */
const formats = new Map();

/** @param {string} locale @param {Intl.DateTimeFormatOptions} options */
function formatFor(locale, options) {
  const name = locale + JSON.stringify(options);
  const made = formats.get(name) ?? new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options });
  formats.set(name, made);
  return made;
}

/** @param {number | string | Date} moment @param {Intl.DateTimeFormatOptions} options @returns {string} what is no moment stands as it is */
function format(moment, options) {
  const date = new Date(moment);
  if (Number.isNaN(+date)) return visible(String(moment));
  const locale = language() === "nl" ? "nl-NL" : "en-GB";
  return formatFor(locale, options).format(date);
}

/** @param {number | string | Date} moment @param {string} text @returns {string} with its zone in the hour that comes twice */
function once(moment, text) {
  const at = +new Date(moment);
  return !Number.isNaN(at) && saidTwice(at) ? `${text} (UTC+${offsetAt(at) / HOUR})` : text;
}

/** @param {number | string} moment @returns {string} `12 mei 2026 21:30` */
export const minute = (moment) => once(moment, format(moment, { dateStyle: "medium", timeStyle: "short" }));

/** @param {number | string} moment @returns {string} with seconds: for custody facts */
export const second = (moment) => once(moment, format(moment, { dateStyle: "medium", timeStyle: "medium" }));

/** @param {number | string} moment @returns {string} `12 mei 2026` */
export const day = (moment) => format(moment, { dateStyle: "medium" });

/** @param {number | string} moment @returns {string} `2026-05-12`, the day there: what orders are compared with */
export const isoDay = (moment) => formatFor("sv-SE", { dateStyle: "short" }).format(new Date(moment));

/** @param {number | string} moment @returns {string} `dinsdag 12 mei 2026` */
export const longDay = (moment) => format(moment, { dateStyle: "full" });

/** @param {number | string} moment @returns {string} `21:30:05` */
export const clock = (moment) => format(moment, { timeStyle: "medium" });

/** @param {number | string} moment @returns {string} `mei 2026` */
export const month = (moment) => format(moment, { month: "long", year: "numeric" });

/** @param {number | string} moment @param {Intl.DateTimeFormatOptions} options @returns {string} for the axis of a chart */
export const axis = (moment, options) => format(moment, options);

/** @param {number} weekday Monday is 0 @returns {string} `ma` */
export const weekday = (weekday) => format(Date.UTC(2024, 0, 1 + weekday, 12), { weekday: "short", timeZone: "UTC" });

/** @returns {string} the zone in which every time on this page is written */
export const zone = () => ZONE;

/** As long ago and as far ahead as a time can be told: in words nothing is cut off. */
const ANY = { now: Date.UTC(9999, 11, 31), ahead: 0 };

/**
 * What was told, in words; what is no time that could be, as it was told.
 * @param {string | null | undefined} edtf @param {boolean} [promised] until when something holds: no wonder that it lies ahead
 * @returns {string}
 */
export function vague(edtf, promised = false) {
  if (!edtf) return t("time-unknown");
  const told = understood(edtf);
  if (!told) return t("time-not-understood", { told: visible(edtf) });
  const where = span(edtf, ANY);
  const ended = told.latest ?? told.earliest;
  if (!where || where.told === "gap" || (ended && ended.year < FIRST_YEAR)) return t("time-as-told", { told: visible(edtf) });
  const plain = told.interval ? t("time-between", { from: end(told.ends[0], where.from), to: end(told.ends[1], where.to - 1) })
    : inWords(told.ends[0], where);
  const marked = told.approximate ? t("time-about", { time: plain }) : told.uncertain ? t("time-perhaps", { time: plain }) : plain;
  const noted = where.told === "twice" ? t("time-twice", { time: marked })
    : foreignZone(told) === null ? marked : t("time-elsewhere", { time: marked, told: visible(edtf) });
  return !promised && !told.interval && where.from > Date.now() + 24 * HOUR ? t("time-future", { time: noted }) : noted;
}

/** @param {Precision | null} precision @param {import("../core/edtf.js").Span} where @returns {string} */
function inWords(precision, { from, to, told }) {
  if (told === "twice") return format(from, { dateStyle: "medium", timeStyle: "short" });
  return precision === "season" ? t("time-between", { from: month(from), to: month(to - 1) }) : end(precision, from);
}

/** @param {Precision | null} precision @param {number} moment @returns {string} one end of it, as exactly as it was told */
function end(precision, moment) {
  if (precision === null) return "…";
  if (precision === "second") return second(moment);
  if (precision === "minute") return minute(moment);
  if (precision === "year") return format(moment, { year: "numeric" });
  return precision === "day" ? day(moment) : month(moment);
}
