/** Figures over entries: counts that lead to their entries, never a score. Pure functions. */
import { wallOf, weekOf, weekdayOf } from "../core/zone.js";

/** @typedef {import("./entries.js").Entry} Entry */

const DAY = 86_400_000;
const WEEK = 7 * DAY;

/** Kinds that are something that happened to her, rather than papers about it. */
export const happening = (/** @type {Entry} */ entry) => entry.kind === "incident" || entry.kind === "alarm";

/**
 * What happened to her, once each: pressing twice, or asking to cancel, is the same alarm.
 * @param {Entry[]} entries in the order in which things happened @returns {Entry[]}
 */
export function happenings(entries) {
  const alarms = new Set();
  return entries.filter((entry) => {
    const name = entry.kind === "alarm" ? entry.alarm?.alarm : undefined;
    const again = name !== undefined && alarms.has(name);
    alarms.add(name);
    return happening(entry) && !again;
  });
}

/** Media belong to the incident that they are about. */
export const isMedia = (/** @type {Entry} */ entry) => ["photo", "sound", "video", "file"].includes(entry.kind);

/** @param {Entry[]} entries @returns {[string, number][]} conduct and how often, most often first */
export function conducts(entries) {
  const counts = new Map();
  for (const tag of happenings(entries).flatMap(({ conduct }) => conduct)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([first, left], [second, right]) => right - left || first.localeCompare(second));
}

/** @param {Entry[]} entries @returns {{from: number, to: number, days: number} | null} first to last, as far as known */
export function duration(entries) {
  const spans = happenings(entries).flatMap(({ span }) => (span ? [span] : []));
  if (spans.length === 0) return null;
  const [from, to] = [Math.min(...spans.map((span) => span.from)), Math.max(...spans.map((span) => span.to))];
  return { from, to, days: Math.max(1, Math.round((to - from) / DAY)) };
}

/**
 * Entries and alarms per week. An entry whose time is vaguer than a week is left out and counted.
 * @param {Entry[]} entries @returns {{weeks: {start: number, entries: number, alarms: number}[], left: number}}
 */
export function weekly(entries) {
  const happened = happenings(entries);
  const placed = happened.filter(({ span }) => span && span.to - span.from <= WEEK);
  if (placed.length === 0) return { weeks: [], left: happened.length };
  const byWeek = new Map();
  for (const { span, kind } of placed) {
    const start = weekOf(Number(span?.from));
    const week = byWeek.get(start) ?? { start, entries: 0, alarms: 0 };
    week[kind === "alarm" ? "alarms" : "entries"] += 1;
    byWeek.set(start, week);
  }
  const starts = [...byWeek.keys()].sort((left, right) => left - right);
  const weeks = [];
  for (let start = starts[0]; start <= starts[starts.length - 1]; start = weekOf(start + 1.5 * WEEK)) {
    weeks.push(byWeek.get(start) ?? { start, entries: 0, alarms: 0 });
  }
  return { weeks, left: happened.length - placed.length };
}

/**
 * Weekday × hour, for what is known to the minute.
 * @param {Entry[]} entries @returns {{cells: number[][], left: number, most: number}} `cells[weekday][hour]`, Monday is 0
 */
export function rhythm(entries) {
  const cells = Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => 0));
  const happened = happenings(entries);
  const precise = happened.filter((entry) => entry.precise);
  for (const { span } of precise) {
    const from = Number(span?.from);
    cells[weekdayOf(from)][wallOf(from).hour] += 1;
  }
  return { cells, left: happened.length - precise.length, most: Math.max(0, ...cells.flat()) };
}

/** @param {Entry[]} entries @returns {number[]} how many entries have severity 0, 1, 2, 3, 4 */
export function severities(entries) {
  const counts = [0, 0, 0, 0, 0];
  for (const { severity } of entries) if (severity !== null) counts[severity] += 1;
  return counts;
}

/** @param {Entry[]} entries @returns {{order: Entry, breaches: Entry[]}[]} what happened while an order was in force */
export function orders(entries) {
  return entries.filter(({ kind }) => kind === "order").map((order) => ({
    order,
    breaches: happenings(entries).filter((entry) => order.span && entry.span
      && entry.span.from >= order.span.from && entry.span.to <= order.span.to),
  }));
}

/** Longer than this without any entry is drawn as "nothing was recorded", which is not the same as calm. */
const GAP = 28 * DAY;

/** @param {Entry[]} entries @returns {{from: number, to: number}[]} stretches without any entry */
export function gaps(entries) {
  const spans = entries.flatMap(({ span }) => (span ? [span] : [])).sort((left, right) => left.from - right.from);
  const found = [];
  let reached = spans[0]?.to ?? 0;
  for (const { from, to } of spans) {
    if (from - reached > GAP) found.push({ from: reached, to: from });
    reached = Math.max(reached, to);
  }
  return found;
}

/** @param {Entry} entry @param {string} needle @returns {boolean} */
export function matches(entry, needle) {
  const words = [entry.title, entry.text, entry.kind, entry.source, entry.place, entry.impact, ...entry.conduct];
  return needle.toLowerCase().split(/\s+/).every((part) => words.some((text) => text?.toLowerCase().includes(part)));
}
