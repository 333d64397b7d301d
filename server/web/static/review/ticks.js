/** Where the axis of the overview has its marks. */
import { startOf, wallOf } from "../core/zone.js";
import { axis } from "../ui/dates.js";

const DAY = 86_400_000;

/** @param {{from: number, to: number}} view @returns {{at: number, label: string}[]} years, months, weeks, days or hours, as fits */
export function ticks({ from, to }) {
  const days = (to - from) / DAY;
  /** @param {(step: number) => number} date @param {Intl.DateTimeFormatOptions} options */
  const walk = (date, options) => {
    const found = [];
    for (let step = 0, at = date(0); step < 400 && at <= to; step += 1, at = date(step)) {
      if (at >= from) found.push({ at, label: axis(at, options) });
    }
    return found;
  };
  const { year, month, day } = wallOf(from);
  if (days > 1200) return walk((step) => startOf(year + step, 1, 1), { year: "numeric" });
  if (days > 75) return walk((step) => startOf(year, month + step, 1), { month: "short", year: days > 400 ? "2-digit" : undefined });
  if (days > 14) return walk((step) => startOf(year, month, day + 7 * step), { day: "numeric", month: "short" });
  if (days > 2) return walk((step) => startOf(year, month, day + step), { weekday: "short", day: "numeric", month: "short" });
  return walk((step) => startOf(year, month, day, step * 3), { weekday: "short", hour: "2-digit", minute: "2-digit" });
}
