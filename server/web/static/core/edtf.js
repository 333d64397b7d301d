/**
 * Times as people tell them: the subset of EDTF (ISO 8601-2, levels 0 and 1) of `evidence/edtf.py`, by the same vectors.
 *
 * `2026-05-12T21:30`, `2026-05-12`, `2026-05~`, `2026-05-XX`, `2026-05/2026-06`, `2026-21` (spring). What cannot be has no
 * value: it is shown as it was told, never as another time. What bears no zone is meant on the clock of `core/zone.js`.
 */
import { FormatError } from "./bytes.js";
import { asUtc, firstInstant, instants, startOf, wallOf } from "./zone.js";

/**
 * @typedef {import("./zone.js").Wall} Wall
 * @typedef {"second" | "minute" | "day" | "month" | "season" | "year"} Precision
 * @typedef {Wall & {zone: number | null}} Point a clock time as told; its zone in minutes east of UTC
 * @typedef {{earliest: Point | null, latest: Point | null, ends: (Precision | null)[], interval: boolean,
 *   approximate: boolean, uncertain: boolean}} Told `latest` is the last second that is part of it
 * @typedef {{from: number, to: number, precision: Precision | "interval", approximate: boolean, uncertain: boolean,
 *   told: "as-is" | "gap" | "twice"}} Span milliseconds since 1970; `to` is not part of it. `gap`: that hour was not on
 *   the clock, the whole day stands for it
 */

const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d|XX))?|-XX(?:-XX)?)?([~?%])?$/;
const MOMENT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:(Z)|([+-])(\d\d):(\d\d))?$/;
const OPEN = new Set(["", ".."]);
const MAX_CHARACTERS = 80;
const [FARTHEST_WEST, FARTHEST_EAST] = [-12 * 60, 14 * 60];
const LAST_YEAR = 9999;
const [DAY, SECOND] = [86_400_000, 1000];

/** Before this nobody who uses a telephone was born: a slip of the keys (26 for 2026), not a time to draw. */
export const FIRST_YEAR = 1900;

/** A text that is no time that could be; `reason` is one word. */
export class TimeError extends FormatError {
  /** @param {string} reason */
  constructor(reason) {
    super(`no time that could be: ${reason}`);
    this.reason = reason;
  }
}

/** @param {string} text @returns {Told} @throws {TimeError} */
export function parse(text) {
  if (text.length > MAX_CHARACTERS) throw new TimeError("form");
  const slash = text.indexOf("/");
  if (slash < 0) return single(text);
  const [start, end] = [text.slice(0, slash), text.slice(slash + 1)];
  if (OPEN.has(start) && OPEN.has(end)) throw new TimeError("form");
  const from = OPEN.has(start) ? null : single(start);
  const to = OPEN.has(end) ? null : single(end);
  if (from?.earliest && to?.latest) {
    if ((from.earliest.zone === null) !== (to.latest.zone === null)) throw new TimeError("mixed");
    if (plain(to.latest) < plain(from.earliest)) throw new TimeError("reversed");
  }
  return {
    earliest: from?.earliest ?? null, latest: to?.latest ?? null, ends: [from?.ends[0] ?? null, to?.ends[1] ?? null], interval: true,
    approximate: Boolean(from?.approximate || to?.approximate), uncertain: Boolean(from?.uncertain || to?.uncertain),
  };
}

/** @param {Point} point @returns {number} comparable among times that all bear a zone, or all bear none */
const plain = (point) => asUtc(point) - (point.zone ?? 0) * 60 * SECOND;

/** @param {number} year @param {number} month */
const daysIn = (year, month) => new Date(asUtc({ year, month: month + 1, day: 0, hour: 0, minute: 0, second: 0 })).getUTCDate();

/** @param {string} text @returns {Told} */
function single(text) {
  const moment = MOMENT.exec(text);
  if (moment) return exact(moment);
  const [matched, year, month, day, mark] = DATE.exec(text) ?? [];
  if (matched === undefined) throw new TimeError("form");
  return {
    ...dayOrMore(Number(year), month, day), interval: false,
    approximate: mark === "~" || mark === "%", uncertain: mark === "?" || mark === "%",
  };
}

/** @param {number} year @param {string | undefined} month @param {string | undefined} day */
function dayOrMore(year, month, day) {
  if (year === 0) throw new TimeError("year");
  if (month === undefined) return months(year, 1, 12, "year");
  const m = Number(month);
  if (m >= 21 && m <= 24) {
    if (day !== undefined) throw new TimeError("month");
    return months(year, 3 + 3 * (m - 21), 3, "season");
  }
  if (m < 1 || m > 12) throw new TimeError("month");
  if (day === undefined || day === "XX") return months(year, m, 1, "month");
  const first = { ...date(year, m, Number(day)), hour: 0, minute: 0, second: 0, zone: null };
  return between(first, { ...first, hour: 23, minute: 59, second: 59 }, "day");
}

/** @param {Point} earliest @param {Point} latest @param {Precision} precision */
const between = (earliest, latest, precision) => ({ earliest, latest, ends: [precision, precision] });

/** @param {number} year @param {number} month @param {number} count @param {Precision} precision */
function months(year, month, count, precision) {
  const last = month + count - 2;
  const [endYear, endMonth] = [year + Math.floor(last / 12), (last % 12) + 1];
  if (endYear > LAST_YEAR) throw new TimeError("year");
  return between(
    { year, month, day: 1, hour: 0, minute: 0, second: 0, zone: null },
    { year: endYear, month: endMonth, day: daysIn(endYear, endMonth), hour: 23, minute: 59, second: 59, zone: null }, precision,
  );
}

/** @param {number} year @param {number} month @param {number} day */
function date(year, month, day) {
  if (day < 1 || day > daysIn(year, month)) throw new TimeError("day");
  return { year, month, day };
}

/** @param {RegExpExecArray} match @returns {Told} */
function exact([, year, month, day, hour, minute, second, utc, sign, hours, minutes]) {
  if (Number(year) === 0) throw new TimeError("year");
  if (Number(month) < 1 || Number(month) > 12) throw new TimeError("month");
  const known = date(Number(year), Number(month), Number(day));
  if (Number(hour) > 23) throw new TimeError("hour");
  if (Number(minute) > 59) throw new TimeError("minute");
  if (Number(second ?? 0) > 59) throw new TimeError("second");
  const zone = utc ? 0 : sign ? offset(sign, Number(hours), Number(minutes)) : null;
  const earliest = { ...known, hour: Number(hour), minute: Number(minute), second: Number(second ?? 0), zone };
  const precision = second === undefined ? "minute" : "second";
  const latest = second === undefined ? { ...earliest, second: 59 } : earliest;
  return { ...between(earliest, latest, precision), interval: false, approximate: false, uncertain: false };
}

/** @param {string} sign @param {number} hours @param {number} minutes @returns {number} minutes east of UTC */
function offset(sign, hours, minutes) {
  const east = (sign === "-" ? -1 : 1) * (hours * 60 + minutes);
  const unknown = sign === "-" && hours + minutes === 0;
  if (unknown || minutes > 59 || east < FARTHEST_WEST || east > FARTHEST_EAST) throw new TimeError("zone");
  return east;
}

/** @param {unknown} text @returns {Told | null} null when there is none, or it is no time that could be */
export function understood(text) {
  if (typeof text !== "string" || text === "") return null;
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TimeError) return null;
    throw error;
  }
}

/**
 * Where a time stands on the axis of a case.
 * @param {unknown} text @param {{now?: number, ahead?: number}} [limits] `ahead`: how far beyond now it may lie, in milliseconds
 * @returns {Span | null} an interval that is still open lasts until now; null when unknown, not understood, before `FIRST_YEAR`, or yet to come; never wider than the limits
 */
export function span(text, { now = Date.now(), ahead = DAY } = {}) {
  const told = understood(text);
  if (!told) return null;
  // "Until May" begins where May does: when it began is not known.
  const first = told.earliest ?? single(String(text).slice(String(text).indexOf("/") + 1)).earliest;
  const last = told.latest ?? told.earliest;
  if (!first || !last) return null;
  const local = !told.interval && isClock(told) && first.zone === null;
  const gap = local && instants(first).length === 0;
  const from = gap ? startOf(first.year, first.month, first.day) : begins(first);
  const to = gap ? startOf(first.year, first.month, first.day + 1) : told.latest ? ends(last) + SECOND : now;
  const [earliest, latest] = [startOf(FIRST_YEAR, 1, 1), now + ahead];
  if (to <= earliest || from > latest) return null;
  const twice = local && instants(first).length > 1;
  return {
    from: Math.max(from, earliest), to: Math.max(Math.min(to, latest), from + SECOND),
    precision: told.interval ? "interval" : gap ? "day" : told.ends[0] ?? "year",
    approximate: told.approximate, uncertain: told.uncertain, told: gap ? "gap" : twice ? "twice" : "as-is",
  };
}

/** @param {Told} told @returns {boolean} whether a time of day was told */
const isClock = (told) => told.ends[0] === "minute" || told.ends[0] === "second";

/** @param {Point} point @returns {number} */
const begins = (point) => (point.zone === null ? firstInstant(point) : plain(point));

/** @param {Point} point @returns {number} of two times that the clock said it, the later */
const ends = (point) => (point.zone === null ? instants(point).at(-1) ?? firstInstant(point) : plain(point));

/** @param {Span} span @returns {boolean} whether it is known to the minute */
export const isPrecise = ({ precision }) => precision === "minute" || precision === "second";

/** @param {Told} told @returns {number | null} minutes east of UTC, when a zone was told that the clock here did not have then */
export function foreignZone(told) {
  const point = told.earliest ?? told.latest;
  if (!point || point.zone === null || point.zone === 0) return null;
  const moment = plain(point);
  return asUtc(wallOf(moment)) - moment === point.zone * 60 * SECOND ? null : point.zone;
}
