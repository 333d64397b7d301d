/** What the page says of an entry, in the language of the reader; and the search in it. */
import { wallOf } from "../core/zone.js";
import { day, longDay, minute, month, second, vague } from "../ui/dates.js";
import { conductWords, membersOf } from "../ui/members.js";
import { language, t, word } from "../ui/texts.js";
import { orderSpan } from "./entries.js";

/** @typedef {import("./entries.js").Entry} Entry */

const DAY = 86_400_000;

/** Kinds of what happened at some time, told or not. */
const HAPPENS = ["incident", "photo", "sound", "video", "file", "alarm", "position", "check-in"];

/** Members that are searched by their own words. */
const OWN = new Set(["v", "kind", "source", "recorded", "title", "text", "happened", "discovered", "severity", "impact", "place", "conduct"]);

/** A vague time longer than this is not found by each of its months. */
const MOST_MONTHS = 24;

/** @param {Entry} entry @returns {string} when: a position to the second, anything else as it was told */
export function when({ kind, order, happened }) {
  if (!happened && !order && !HAPPENS.includes(kind)) return "–"; // a paper that happened at no time
  if (kind === "position" && happened) return second(happened);
  return vague(kind === "order" && order ? orderSpan(order) : happened);
}

/** @param {import("./entries.js").Who} by @returns {string} the short form of who sealed it, as `getuige verify` writes it too */
export const shortId = ({ kid, device }) => (device ?? kid).slice(0, 8);

/** @param {import("./entries.js").Who} by @returns {string} `Telefoon van de zaak`, or role and name */
export const signerName = ({ role, label }) => [word("role", role ?? ""), label && label !== role ? label : ""].filter(Boolean).join(" ");

/** @param {{from: number, to: number} | null} span @returns {string[]} its months in words, and its first and last day */
function dates(span) {
  if (!span) return [];
  const [from, to] = [span.from, span.to - 1];
  const months = new Set([month(from), month(to)]);
  for (let at = from, left = MOST_MONTHS; at < to && left > 0; at += 28 * DAY, left -= 1) months.add(month(at));
  return [...months, longDay(from), longDay(to), day(from), day(to), iso(from), iso(to)];
}

/** @param {number} moment @returns {string} `2026-11-02`, on the clock of this page */
const iso = (moment) => {
  const { year, month: m, day: d } = wallOf(moment);
  return [year, m, d].map((part) => String(part).padStart(2, "0")).join("-");
};

/** @param {Entry} entry @returns {string[]} */
function wordsOf(entry) {
  const { kind, source, severity, conduct, order, file, by, recorded, received, discovered } = entry;
  return [
    entry.title, entry.text, entry.impact ?? "", entry.place ?? "", file?.name ?? "",
    t(`kind-${kind}`), kind, word("source", source), source, ...conduct.flatMap((tag) => [tag, ...conductWords(tag)]),
    ...(severity === null ? [] : [t("severity-short", { level: severity }), t(`severity-${severity}`)]),
    ...(order ? [word("order", order.kind), order.number ?? ""] : []),
    signerName(by), shortId(by), when(entry), ...dates(entry.span), discovered ? vague(discovered) : "",
    minute(recorded), minute(received), entry.id, ...(entry.meta ? membersOf(entry.meta, OWN).flat() : []),
  ];
}

/** @param {string} text @returns {string} as it is compared: without capitals and accents, one space between words */
export const plain = (text) => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(/\s+/g, " ").trim();

/** @type {WeakMap<Entry, {language: string, role: unknown, text: string}>} */
const kept = new WeakMap();

/** @param {Entry} entry @returns {string} everything that can be searched, a line each */
function haystack(entry) {
  const before = kept.get(entry);
  if (before?.language === language() && before.role === entry.by) return before.text;
  const text = wordsOf(entry).map(plain).join("\n");
  kept.set(entry, { language: language(), role: entry.by, text });
  return text;
}

/**
 * The parts of a question that must all be there. A number belongs to the word before it, a day to the month behind it:
 * `ernst 4` is not "ernst" here and a 4 in some date.
 * @param {string} needle @returns {string[]}
 */
export function partsOf(needle) {
  /** @type {string[]} */
  const parts = [];
  for (const part of plain(needle).split(" ").filter(Boolean)) {
    const last = parts.length - 1;
    if (last >= 0 && (/^\d+$/.test(part) || /^\d{1,2}$/.test(parts[last]))) parts[last] += ` ${part}`;
    else parts.push(part);
  }
  return parts;
}

/** @param {Entry[]} entries @param {string} needle @returns {Entry[]} those in which each part of the question is found */
export function search(entries, needle) {
  const parts = partsOf(needle);
  return parts.length === 0 ? entries : entries.filter((entry) => parts.every((part) => haystack(entry).includes(part)));
}
