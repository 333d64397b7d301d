/** Times in words: exact where we know it, vague where she was vague. */
import { parse } from "../core/edtf.js";
import { language, t } from "./texts.js";

/** @param {number | string | Date} moment @param {Intl.DateTimeFormatOptions} options */
function format(moment, options) {
  const locale = language() === "nl" ? "nl-NL" : "en-GB";
  return new Intl.DateTimeFormat(locale, options).format(new Date(moment));
}

/** @param {number | string} moment @returns {string} `12 mei 2026 21:30` */
export const minute = (moment) => format(moment, { dateStyle: "medium", timeStyle: "short" });

/** @param {number | string} moment @returns {string} with seconds: for custody facts */
export const second = (moment) => format(moment, { dateStyle: "medium", timeStyle: "medium" });

/** @param {number | string} moment @returns {string} `12 mei 2026` */
export const day = (moment) => format(moment, { dateStyle: "medium" });

/** @param {number | string} moment @returns {string} `21:30:05` */
export const clock = (moment) => format(moment, { timeStyle: "medium" });

/** @param {number | string} moment @returns {string} `mei 2026` */
export const month = (moment) => format(moment, { month: "long", year: "numeric" });

/** @param {number | string} moment @param {Intl.DateTimeFormatOptions} options @returns {string} for the axis of a chart */
export const axis = (moment, options) => format(moment, options);

/** @param {number} weekday Monday is 0 @returns {string} `ma` */
export const weekday = (weekday) => format(Date.UTC(2024, 0, 1 + weekday, 12), { weekday: "short", timeZone: "UTC" });

/** @returns {string} the zone in which every time on this page is written */
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {string | null | undefined} edtf @returns {string} what she remembered, in words */
export function vague(edtf) {
  const span = parse(edtf);
  if (!span) return edtf ? edtf : t("time-unknown");
  const last = span.to - 1;
  const plain = {
    minute: () => minute(span.from),
    day: () => day(span.from),
    month: () => month(span.from),
    season: () => t("time-between", { from: month(span.from), to: month(last) }),
    year: () => format(span.from, { year: "numeric" }),
    interval: () => t("time-between", interval(String(edtf), span.from, last)),
  }[span.precision]();
  if (span.approximate) return t("time-about", { time: plain });
  return span.uncertain ? t("time-perhaps", { time: plain }) : plain;
}

/** @param {string} edtf @param {number} from @param {number} last */
function interval(edtf, from, last) {
  const exact = edtf.includes("T") ? minute : /\d-\d\d-\d\d/.test(edtf) ? day : month;
  return { from: exact(from), to: exact(last) };
}
