/** Where the axis of the overview has its marks. */
import { axis } from "../ui/dates.js";

const DAY = 86_400_000;

/** @param {{from: number, to: number}} view @returns {{at: number, label: string}[]} years, months, weeks, days or hours, as fits */
export function ticks({ from, to }) {
  const days = (to - from) / DAY;
  const start = new Date(from);
  /** @param {(step: number) => Date} date @param {Intl.DateTimeFormatOptions} options */
  const walk = (date, options) => {
    const found = [];
    for (let step = 0; step < 400 && +date(step) <= to; step += 1) {
      if (+date(step) >= from) found.push({ at: +date(step), label: axis(+date(step), options) });
    }
    return found;
  };
  const [y, m, d] = [start.getFullYear(), start.getMonth(), start.getDate()];
  if (days > 1200) return walk((step) => new Date(y + step, 0, 1), { year: "numeric" });
  if (days > 75) return walk((step) => new Date(y, m + step, 1), { month: "short", year: days > 400 ? "2-digit" : undefined });
  if (days > 14) return walk((step) => new Date(y, m, d + 7 * step), { day: "numeric", month: "short" });
  if (days > 2) return walk((step) => new Date(y, m, d + step), { weekday: "short", day: "numeric", month: "short" });
  return walk((step) => new Date(y, m, d, step * 3), { weekday: "short", hour: "2-digit", minute: "2-digit" });
}
