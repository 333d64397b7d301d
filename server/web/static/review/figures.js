/**
 * Every number on the review page, with the entries that it counted: whoever follows a number sees those rows and no
 * other. Figures are of the whole case; a filter never changes them. Pure functions.
 */
import { breachesOf, happenings, isMedia, once, orders, rhythm, sources, stopped, told, weekly } from "./pattern.js";
import { isAlarm, isFolded, pressesOf } from "./positions.js";

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("../core/edtf.js").Span} Span */
/** @typedef {Map<string, Entry[]>} Figures by key, such as `conduct:threat` or `severity:4` */

const DAY = 86_400_000;

/**
 * @param {Entry[]} entries of the whole case, in the order in which things happened
 * @returns {Figures} what depends on the checks (`proof:…`) is in `proofs`
 */
export const figures = once((entries) => {
  /** @type {Figures} */
  const found = new Map();
  const add = (/** @type {string} */ key, /** @type {Entry} */ entry) => {
    const list = found.get(key);
    if (list) list.push(entry);
    else found.set(key, [entry]);
  };
  const stop = stopped(entries);
  for (const entry of happenings(entries)) {
    add("happened", entry);
    add(entry.span ? "dated" : "undated", entry);
    if (isAlarm(entry)) add("alarms", entry);
    if (stop) add(side(entry.span, stop), entry);
  }
  for (const [entry, said] of sources(entries)) {
    for (const source of said) add(`source:${source}`, entry);
    if (said.size === 1 && said.has("victim")) add("alone", entry);
  }
  for (const entry of told(entries)) {
    for (const tag of new Set(entry.conduct)) add(`conduct:${tag}`, entry);
    if (!isAlarm(entry) || entry.severity !== null) add(`severity:${entry.severity ?? "none"}`, entry);
  }
  for (const entry of entries) {
    if (isMedia(entry)) add("media", entry);
    if (entry.impact) add("impact", entry);
    if (entry.kind === "incident" && !(entry.span && entry.span.to - entry.span.from <= DAY)) add("wide", entry);
  }
  for (const entry of breachesOf(entries)) add("breaches", entry);
  for (const { order, breaches } of orders(entries)) for (const entry of breaches) add(`order:${order.id}`, entry);
  const { weeks, left } = weekly(entries);
  for (const week of weeks) for (const entry of week.all) add(`week:${week.start}`, entry);
  for (const entry of left) add("week-left", entry);
  const { cells, left: vague } = rhythm(entries);
  cells.forEach((hours, day) => hours.forEach((here, hour) => { for (const entry of here) add(`hour:${day}:${hour}`, entry); }));
  for (const entry of vague) add("hour-left", entry);
  return found;
});

/** @param {Span | null} span @param {Span} stop @returns {string} before or after he was told to stop; `stop-left` when it is not known */
function side(span, stop) {
  if (span && span.to <= stop.from) return "stop-before";
  return span && span.from >= stop.to ? "stop-after" : "stop-left";
}

/** @param {Entry[]} entries @returns {Figures} how the checks stand now, `proof:proven` and so on */
export function proofs(entries) {
  /** @type {Figures} */
  const found = new Map();
  for (const entry of entries) {
    const list = found.get(`proof:${entry.verification.state}`);
    if (list) list.push(entry);
    else found.set(`proof:${entry.verification.state}`, [entry]);
  }
  return found;
}

/** @param {Entry[]} entries @param {string} key @returns {Entry[]} what that number counted; nothing for a key that no number has */
export function counted(entries, key) {
  if (key.startsWith("from:")) return entries.filter(({ by }) => `from:${by.kid}` === key);
  return (key.startsWith("proof:") ? proofs(entries) : figures(entries)).get(key) ?? [];
}

/** @param {Figures} found @returns {[string, Entry[]][]} tag and entries: most often first, and of the same number the worst first */
export function conducts(found) {
  const worst = (/** @type {Entry[]} */ entries) => Math.max(-1, ...entries.map(({ severity }) => severity ?? -1));
  return [...found].filter(([key]) => key.startsWith("conduct:"))
    .map(([key, entries]) => /** @type {[string, Entry[]]} */ ([key.slice("conduct:".length), entries]))
    .sort(([first, left], [second, right]) => right.length - left.length || worst(right) - worst(left) || (first < second ? -1 : 1));
}

/** @param {Figures} found @returns {number[]} the severities that somebody chose, the worst first */
export const severities = (found) => [...found.keys()].flatMap((key) => /^severity:(\d)$/.exec(key)?.[1] ?? []).map(Number).sort((left, right) => right - left);

/** @param {Figures} found @returns {{key: string, entries: Entry[]} | null} the week with most; the newest of several */
export function busiest(found) {
  let best = null;
  for (const [key, entries] of found) {
    if (/^week:\d/.test(key) && entries.length >= (best?.entries.length ?? 0)) best = { key, entries };
  }
  return best;
}

/**
 * What a filter shows: the entries that a number counted, and of these what a text is in.
 * @param {Entry[]} entries of the whole case @param {{key: string | null, hits: (entries: Entry[]) => Entry[]}} filter
 * @returns {Entry[]} in the same order; with an alarm come the positions that stand folded under it
 */
export function shown(entries, { key, hits }) {
  if (key === null) return hits(entries);
  const chosen = new Set(hits(counted(entries, key)));
  const presses = pressesOf(entries);
  const alarms = new Set([...chosen].map(({ id }) => id));
  return entries.filter((entry) => chosen.has(entry)
    || (isFolded(entry, presses) && alarms.has(String(presses.get(entry.alarm.alarm)))));
}
