/**
 * Where she went while her alarm is open, from what the desk key opened. Pure functions; kept in memory only.
 *
 * @typedef {import("./geo.js").Place} Place
 * @typedef {{item: string, meta: any | null, sealed: "proven" | "failed"}} Opened
 * @typedef {Place & {at: number}} Been where, and when in Unix milliseconds
 * @typedef {{been: Been[], step: {away: number, turn: number, same: boolean} | null}} Track `been`: older places, oldest
 *   first; `step`: from the position before to the newest, in metres and degrees
 */
import { bearing, distance } from "./geo.js";

/** Nearer than this is the same place: a receiver wanders as much while she stands still. */
const SAME_PLACE_M = 10;

/** Older places that are drawn: ten minutes of walking at a position every ten seconds. The rest is in her file. */
const MOST_PLACES = 60;

/** @param {any} meta @returns {boolean} whether it is a position while alarmed, and no press */
export const isPosition = (meta) => meta?.alarm?.kind === "position";

/**
 * When she was at the place of an item. The bridge's clock and the device's may differ, and a message may have waited on
 * the way: the earlier of the two counts, so that no position looks fresher than it is.
 * @param {any} meta @returns {number} Unix milliseconds
 */
export function measured(meta) {
  const told = [meta.recorded, meta.alarm?.pressed_at].flatMap((time) => (time ? [Date.parse(time)] : []));
  return Math.min(...told) - (meta.alarm?.age_s ?? 0) * 1000;
}

/**
 * What a newly opened item is worth beside the one that is shown.
 * @param {Opened} found @param {Opened | undefined} shown @param {string} alarm
 * @returns {"next" | "older" | "empty" | "closed"} `next`: show it; else the shown one stays
 */
export function judge(found, shown, alarm) {
  if (!found.meta || found.sealed !== "proven" || found.meta.alarm?.alarm !== alarm) return "closed";
  if (!found.meta.position) return "empty";
  const before = shown?.meta;
  if (!before) return "next";
  // A device numbers all that it says in one row (docs/formats/device.md): sturdier than its clock.
  if (before.alarm?.device !== found.meta.alarm.device) return measured(found.meta) < measured(before) ? "older" : "next";
  const [{ boot, counter }, last] = [found.meta.alarm, before.alarm];
  return boot > last.boot || (boot === last.boot && counter > last.counter) ? "next" : "older";
}

/**
 * Whether the feed has something later than what is shown. Two bridges seal one message under two names: the device's own
 * numbers tell whether it is the same.
 * @param {{item: string, boot?: number, counter?: number}} item @param {Opened} shown
 */
export function isLater({ item, boot, counter }, shown) {
  const last = shown.meta?.alarm;
  if (boot === undefined || counter === undefined || !last) return item !== shown.item;
  return boot > last.boot || (boot === last.boot && counter > last.counter);
}

/**
 * The track after one more position.
 * @param {Track | undefined} track @param {any} before the description that was shown until now @param {any} meta the newest
 * @returns {Track}
 */
export function grown(track, before, meta) {
  const been = track?.been ?? [];
  if (!before?.position) return { been, step: null };
  const [from, to] = [before.position, meta.position];
  const away = distance(from, to);
  const same = away < Math.max(SAME_PLACE_M, from.accuracy_m ?? 0, to.accuracy_m ?? 0);
  const last = been.at(-1);
  const grew = !last || distance(last, from) >= SAME_PLACE_M;
  const place = { lat: from.lat, lon: from.lon, at: measured(before) };
  return { been: grew ? [...been, place].slice(-MOST_PLACES) : been, step: { away, turn: bearing(from, to), same } };
}
