/** Figures over entries: counts that lead to their entries, never a score. Pure functions. */
import { wallOf, weekOf, weekdayOf } from "../core/zone.js";
import { counts } from "./corrections.js";
import { isAlarm } from "./positions.js";

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("../core/edtf.js").Span} Span */

const DAY = 86_400_000;
const WEEK = 7 * DAY;
const HOUR = DAY / 24;

/**
 * What was made of the entries of a case is kept as long as they are: a case of ten thousand is drawn anew at each key.
 * @template Made @param {(entries: Entry[]) => Made} make @returns {(entries: Entry[]) => Made}
 */
export function once(make) {
  /** @type {WeakMap<Entry[], Made>} */
  const kept = new WeakMap();
  return (entries) => {
    const known = kept.get(entries);
    if (known !== undefined) return known;
    const made = make(entries);
    kept.set(entries, made);
    return made;
  };
}

/** Kinds that are something that happened to her, rather than papers about it; what she replaced or disputes is none of it. */
export const happening = (/** @type {Entry} */ entry) => (entry.kind === "incident" || isAlarm(entry)) && counts(entry.mark);

/**
 * What happened to her, once each: pressing twice, or asking to cancel, is the same alarm.
 * @param {Entry[]} entries in the order in which things happened @returns {Entry[]}
 */
export function happenings(entries) {
  const alarms = new Set();
  return entries.filter((entry) => {
    const name = isAlarm(entry) ? entry.alarm?.alarm : undefined;
    const again = name !== undefined && alarms.has(name);
    alarms.add(name);
    return happening(entry) && !again;
  });
}

/** Media belong to the incident that they are about. */
export const isMedia = (/** @type {Entry} */ entry) => ["photo", "sound", "video", "file"].includes(entry.kind);

/**
 * What was recorded of what he did: everything that happened, and a picture, sound or file that stands alone. What belongs
 * to an entry that is here says the same once more, and is not counted beside it.
 * @param {Entry[]} entries @returns {Entry[]}
 */
export function told(entries) {
  const here = new Set(entries.map(({ id }) => id));
  const happened = new Set(happenings(entries));
  return entries.filter((entry) => happened.has(entry) || (isMedia(entry) && counts(entry.mark) && !(entry.about && here.has(entry.about))));
}

/**
 * From the first to the last that has a time. Where the first or the last is vague, so is the number of days.
 * @param {Entry[]} entries
 * @returns {{from: number, to: number, days: number, least: number, vague: boolean} | null} `least`: what is sure
 */
export function duration(entries) {
  const spans = happenings(entries).flatMap(({ span }) => (span ? [span] : []));
  if (spans.length === 0) return null;
  let [from, to, latest, soonest] = [Infinity, -Infinity, -Infinity, Infinity];
  for (const span of spans) {
    [from, to] = [Math.min(from, span.from), Math.max(to, span.to)];
    [latest, soonest] = [Math.max(latest, span.from), Math.min(soonest, span.to)];
  }
  const days = Math.max(1, Math.round((to - from) / DAY));
  const least = Math.max(1, Math.min(days, Math.round((latest - soonest) / DAY)));
  const edges = spans.filter((span) => span.from === from || span.to === to);
  const vague = edges.some((span) => span.approximate || span.uncertain || span.to - span.from > DAY + HOUR);
  return { from, to, days, least, vague };
}

/**
 * Entries and alarms per week. An entry whose time is vaguer than a week is left out and counted.
 * @param {Entry[]} entries
 * @returns {{weeks: {start: number, all: Entry[], entries: number, alarms: number}[], left: Entry[]}} weeks without any are there too
 */
export const weekly = once((entries) => {
  const happened = happenings(entries);
  const left = [];
  /** @type {Map<number, Entry[]>} */
  const placed = new Map();
  for (const entry of happened) {
    if (!entry.span || entry.span.to - entry.span.from > WEEK) left.push(entry);
    else {
      const start = weekOf(entry.span.from);
      const here = placed.get(start);
      if (here) here.push(entry);
      else placed.set(start, [entry]);
    }
  }
  const starts = [...placed.keys()].sort((first, second) => first - second);
  const weeks = [];
  for (let start = starts[0]; start <= starts[starts.length - 1]; start = weekOf(start + 1.5 * WEEK)) {
    const all = placed.get(start) ?? [];
    const alarms = all.filter(isAlarm).length;
    weeks.push({ start, all, entries: all.length - alarms, alarms });
  }
  return { weeks, left };
});

/**
 * Weekday × hour, for what is known to the minute.
 * @param {Entry[]} entries @returns {{cells: Entry[][][], left: Entry[], most: number}} `cells[weekday][hour]`, Monday is 0
 */
export const rhythm = once((entries) => {
  const cells = Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => /** @type {Entry[]} */ ([])));
  const happened = happenings(entries);
  for (const entry of happened.filter(({ precise }) => precise)) {
    const from = Number(entry.span?.from);
    cells[weekdayOf(from)][wallOf(from).hour].push(entry);
  }
  return { cells, left: happened.filter(({ precise }) => !precise), most: Math.max(0, ...cells.flat().map(({ length }) => length)) };
});

/** @param {Entry[]} entries @returns {{order: Entry, breaches: Entry[]}[]} what happened while an order was in force */
export function orders(entries) {
  const happened = happenings(entries);
  return entries.filter(({ kind }) => kind === "order").map((order) => ({
    order,
    breaches: happened.filter((entry) => order.span && entry.span
      && entry.span.from >= order.span.from && entry.span.to <= order.span.to),
  }));
}

/** @param {Entry[]} entries @returns {Entry[]} what happened while any order was in force, each once */
export function breachesOf(entries) {
  const found = new Set(orders(entries).flatMap(({ breaches }) => breaches));
  return entries.filter((entry) => found.has(entry));
}

/** @param {Entry[]} entries @returns {Span | null} when he was first told to stop; null when nobody did, or nobody says when */
export function stopped(entries) {
  const said = entries.filter(({ order, mark }) => order?.kind === "stop-gezegd" && counts(mark)).flatMap(({ span }) => (span ? [span] : []));
  return said.sort((left, right) => left.from - right.from || left.to - right.to)[0] ?? null;
}

/**
 * Of what happened, whose record says so: its own source, and those of the media about it.
 * @param {Entry[]} entries @returns {Map<Entry, Set<string>>}
 */
export function sources(entries) {
  const found = new Map(happenings(entries).map((entry) => [entry, new Set([entry.source])]));
  const here = new Map([...found].map(([{ id }, said]) => [id, said]));
  for (const entry of entries) if (isMedia(entry) && counts(entry.mark) && entry.about) here.get(entry.about)?.add(entry.source);
  return found;
}

/** @param {Entry[]} entries @returns {number} how many times in all: an entry of "30 calls" is thirty, one without a number is one */
export const times = (entries) => entries.reduce((sum, { meta }) => sum + (meta.count || 1), 0);

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
