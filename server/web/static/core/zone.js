/**
 * The clock of Europe/Amsterdam, whatever zone this computer is in: what the police there writes down is what is shown
 * here. Pure functions; moments are milliseconds since 1970.
 */

export const ZONE = "Europe/Amsterdam";

/** @typedef {{year: number, month: number, day: number, hour: number, minute: number, second: number}} Wall month 1 to 12 */

const DAY = 86_400_000;
const CLOCK = new Intl.DateTimeFormat("en-US", {
  timeZone: ZONE, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
});

/** @param {Wall} wall as if it were UTC @returns {number} right for the years below 100 too, which `Date.UTC` takes for 19xx */
export function asUtc({ year, month, day, hour, minute, second }) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second, 0);
}

/** @param {number} moment @returns {Wall} what the clock says */
export function wallOf(moment) {
  const parts = Object.fromEntries(CLOCK.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
  return { year: parts.year, month: parts.month, day: parts.day, hour: parts.hour, minute: parts.minute, second: parts.second };
}

/** @param {number} moment @returns {number} Monday is 0 */
export const weekdayOf = (moment) => (new Date(asUtc(wallOf(moment))).getUTCDay() + 6) % 7;

/** @param {number} moment @returns {number} what the clock is ahead of UTC, in milliseconds */
export const offsetAt = (moment) => asUtc(wallOf(moment)) - Math.floor(moment / 1000) * 1000;

/**
 * @param {Wall} wall @returns {number[]} when the clock said so: once as a rule, never in the hour that is skipped in
 *   March, twice in the hour that comes again in October
 */
export function instants(wall) {
  const utc = asUtc(wall);
  const offsets = new Set([offsetAt(utc - DAY), offsetAt(utc + DAY)]);
  return [...offsets].map((offset) => utc - offset).filter((moment) => utc - moment === offsetAt(moment)).sort((left, right) => left - right);
}

/** @param {Wall} wall @returns {number} the first moment at which the clock says this or later */
export function firstInstant(wall) {
  const [first] = instants(wall);
  return first ?? asUtc(wall) - offsetAt(asUtc(wall) - DAY);
}

/** @param {number} moment @returns {boolean} whether the clock says this time twice */
export const saidTwice = (moment) => instants(wallOf(moment)).length > 1;

/**
 * @param {number} year @param {number} month 1 to 12, or beyond: month 13 is the next January @param {number} day likewise
 * @param {number} [hour] likewise
 * @returns {number} when it begins
 */
export function startOf(year, month, day, hour = 0) {
  const date = new Date(asUtc({ year, month, day, hour, minute: 0, second: 0 }));
  return firstInstant({
    year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), hour: date.getUTCHours(), minute: 0, second: 0,
  });
}

/** @param {number} moment @returns {number} start of its week: Monday, midnight */
export function weekOf(moment) {
  const { year, month, day } = wallOf(moment);
  return startOf(year, month, day - weekdayOf(moment));
}
