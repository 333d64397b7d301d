/**
 * Times that people remember, as EDTF (ISO 8601-2, levels 0 and 1): `2026-05-12T21:30`, `2026-05-12`, `2026-05~`,
 * `2026-05-XX`, `2026-05/2026-06`, `2026-21` (spring). A span without a zone is meant in the zone of this computer.
 */

/**
 * @typedef {{from: number, to: number, precision: "minute" | "day" | "month" | "season" | "year" | "interval",
 *   approximate: boolean, uncertain: boolean}} Span milliseconds since 1970; `to` is not part of it
 */

const DATE = /^(\d{4})(?:-(\d\d|XX)(?:-(\d\d|XX))?)?([~?%])?$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?$/;
const MINUTE = 60_000;
const OPEN = new Set(["", ".."]);

/** @param {string | null | undefined} text @returns {Span | null} null when unknown or not understood */
export function parse(text) {
  if (!text) return null;
  const [start, end, ...more] = text.split("/");
  if (more.length > 0) return null;
  if (end === undefined) return single(start);
  const [from, to] = [single(start), single(end)];
  if ((!from && !OPEN.has(start)) || (!to && !OPEN.has(end)) || (!from && !to)) return null;
  const approximate = Boolean(from?.approximate || to?.approximate);
  const uncertain = Boolean(from?.uncertain || to?.uncertain);
  return { from: from?.from ?? Number(to?.from), to: to?.to ?? Number(from?.to), precision: "interval", approximate, uncertain };
}

/** @param {string} text @returns {Span | null} */
function single(text) {
  if (MOMENT.test(text)) {
    const from = Math.floor(Date.parse(text) / MINUTE) * MINUTE;
    return { from, to: from + MINUTE, precision: "minute", approximate: false, uncertain: false };
  }
  const [, year, month, day, mark] = DATE.exec(text) ?? [];
  if (!year) return null;
  const marks = { approximate: mark === "~" || mark === "%", uncertain: mark === "?" || mark === "%" };
  const [y, m] = [Number(year), Number(month)];
  /** @param {number} fromMonth @param {number} months @param {Span["precision"]} precision @returns {Span} */
  const months = (fromMonth, months, precision) => ({
    from: +new Date(y, fromMonth, 1), to: +new Date(y, fromMonth + months, 1), precision, ...marks,
  });
  if (!month || month === "XX") return months(0, 12, "year");
  if (m >= 21 && m <= 24) return months(2 + 3 * (m - 21), 3, "season");
  if (m < 1 || m > 12) return null;
  if (!day || day === "XX") return months(m - 1, 1, "month");
  const from = new Date(y, m - 1, Number(day));
  if (from.getMonth() !== m - 1) return null;
  return { from: +from, to: +new Date(y, m - 1, Number(day) + 1), precision: "day", ...marks };
}
