/**
 * What the console makes of the feed. Pure functions.
 *
 * @typedef {{kid: string, label: string}} Who
 * @typedef {{alarm: string, device: string, case: string, kind: string, state: string, raised_at: string,
 *   age_s?: number | null, press: {boot: number, counter: number}, repeats: number, flags: string[],
 *   claimed_by?: Who | null, accepted_by?: Who | null, closed?: {reason: string, by: Who, at: string} | null,
 *   history: {at: string, what: string, by: string}[], routes: {route: string, outcome: string, at: string}[],
 *   item?: {item: string, head: string, wraps: {to: string, wrap: string}[]} | null, card?: string | null}} Alarm
 */
import { t } from "../ui/texts.js";

/** @param {Alarm} alarm @returns {boolean} whether nobody has it yet */
export const isNew = ({ state }) => state === "raised" || state === "delivered";

/** @param {Alarm} alarm */
export const isOpen = ({ state }) => state !== "closed";

/** @param {Iterable<Alarm>} alarms @returns {Alarm[]} open before closed, newest first */
export function ordered(alarms) {
  return [...alarms].sort((left, right) => Number(isOpen(right)) - Number(isOpen(left))
    || right.raised_at.localeCompare(left.raised_at));
}

/** What a state allows next, by the letter that does it. */
const NEXT = {
  raised: ["claim", "accept"], delivered: ["claim", "accept"], claimed: ["accept"], accepted: ["dispatch", "close"],
  dispatched: ["on_scene", "close"], on_scene: ["close"], closed: [],
};

/** @param {Alarm} alarm @returns {string[]} acts, the expected one first */
export const nextActs = ({ state }) => (/** @type {Record<string, string[]>} */ (NEXT)[state] ?? []);

/** @param {string} state @returns {string} the act that a person expects to come next */
export const primaryAct = (state) => (["raised", "delivered", "claimed"].includes(state) ? "accept"
  : state === "accepted" ? "dispatch" : state === "dispatched" ? "on_scene" : "close");

/** @param {string} moment @returns {string} `12 s`, `4 min`, `3 h` */
export function age(moment) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(moment)) / 1000));
  return span(seconds);
}

/** @param {number} seconds */
export function span(seconds) {
  if (seconds < 120) return t("seconds", { count: seconds });
  return seconds < 7200 ? t("minutes", { count: Math.round(seconds / 60) }) : t("hours", { count: Math.round(seconds / 3600) });
}

/** @param {unknown} value a member of the health report @returns {boolean} */
const well = (value) => value === true || ["ok", "up", "online", "connected", "ready"].includes(String(value));

/**
 * @param {any} health of the bridge, as the feed reports it
 * @returns {("bridge" | "broker" | "database")[]} what is wrong
 */
export function troubles(health) {
  if (!health) return [];
  const found = [];
  if ("bridge" in health && !well(health.bridge)) found.push("bridge");
  const brokers = Object.values(health.brokers ?? {});
  if (brokers.some((state) => !well(state?.connected ?? state))) found.push("broker");
  if ("database" in health && !well(health.database)) found.push("database");
  return /** @type {("bridge" | "broker" | "database")[]} */ (found);
}
