/**
 * What the console makes of the feed. Pure functions.
 *
 * @typedef {{kid: string, label: string}} Who
 * @typedef {{alarm: string, device: string, case: string, kind: string, state: string, raised_at: string,
 *   age_s?: number | null, press: {boot: number, counter: number}, repeats: number, flags: string[],
 *   escalation?: {stage: number, at: string, why: string, rounds?: number | null} | null, revision?: number,
 *   claimed_by?: Who | null, accepted_by?: Who | null, closed?: {reason: string, by: Who, at: string} | null,
 *   looked?: {by: Who, at: string} | null,
 *   history: {at: string, what: string, by: string, code?: string, about?: string}[],
 *   routes: {route: string, outcome: string, at: string, code?: string, about?: string}[],
 *   item?: {item: string, boot?: number, counter?: number, head: string, wraps: import("../core/wraps.js").Wrap[]} | null, card?: string | null}} Alarm
 */
import { language, t } from "../ui/texts.js";

/** @param {Alarm} alarm @returns {boolean} whether nobody has it yet */
export const isNew = ({ state }) => state === "raised" || state === "delivered";

/** @param {Alarm} alarm @returns {boolean} whether the siren is for it: nobody has it, or it was only looked at for too long */
export const isCalling = (alarm) => isNew(alarm) || (alarm.state === "claimed" && Boolean(alarm.escalation));

/** @param {Alarm} alarm */
export const isOpen = ({ state }) => state !== "closed";

/** @param {Iterable<Alarm>} alarms @returns {Alarm[]} open before closed, newest first */
export function ordered(alarms) {
  return [...alarms].sort((left, right) => Number(isOpen(right)) - Number(isOpen(left))
    || right.raised_at.localeCompare(left.raised_at));
}

/** @param {Alarm["routes"]} routes */
const sirenOf = (routes) => routes.find(({ route }) => route === "console-siren");

/** @param {Alarm} alarm @returns {string} when everybody was last called anew for it: whoever silenced it before hears it again */
export const calledAt = ({ escalation, routes }) => [escalation?.at ?? "", sirenOf(routes)?.at ?? ""].sort()[1];

/** The device hears "call 112" at the second stage; what it heard is among the reports. */
const SAID_TO_DEVICE = /^device-/;

/**
 * What is true of an alarm that nobody takes further: for how long, what became of the receiver that was to be tried then,
 * and what the device says. "We are trying" only while nothing was heard of it.
 * @param {Alarm} alarm @returns {{why: "1" | "2" | "again" | "not-dispatched", stage: number, rounds: number, who: string,
 *   receiver: "trying" | "taken" | "failed" | "nobody", device: string | null} | null}
 *   `who` accepted it and sent nobody; `device` is the code of the report on it
 */
export function escalated({ escalation, routes }) {
  const siren = sirenOf(routes);
  const dropped = siren?.code === "siren-not-dispatched";
  if (!escalation && !dropped) return null;
  const { stage, at, rounds } = escalation ?? { stage: 0, at: siren?.at ?? "", rounds: 0 };
  const those = routes.filter(({ route }) => (stage === 1 ? /^(dc09|sip|scaip)-|^second-centre$/ : /^on-call(-|$)/).test(route));
  const nobody = those.some(({ code }) => code === "nobody-second" || code === "nobody-on-call"); // said once, true in each round
  const reports = those.filter((route) => route.at >= at);
  const receiver = nobody ? "nobody" : reports.some(({ outcome }) => outcome === "delivered") ? "taken" : reports.length > 0 ? "failed" : "trying";
  const device = routes.find(({ route, code }) => route === "device" && SAID_TO_DEVICE.test(code ?? ""))?.code ?? null;
  const why = dropped ? "not-dispatched" : rounds ? "again" : stage === 1 ? "1" : "2";
  return { why, stage, rounds: rounds ?? 0, who: siren?.about ?? "", receiver, device: stage === 2 ? device : null };
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
export const age = (moment) => span(secondsSince(moment));

/** @param {string} from @param {string} to @returns {number} seconds from one moment to another, none when they are the other way round */
export const secondsBetween = (from, to) => Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));

/** @param {string} moment @returns {number} seconds, none when this computer's clock is behind */
export const secondsSince = (moment) => Math.max(0, Math.round((Date.now() - Date.parse(moment)) / 1000));

/** @param {number} seconds */
export function span(seconds) {
  if (seconds < 120) return t("seconds", { count: seconds });
  return seconds < 7200 ? t("minutes", { count: Math.round(seconds / 60) }) : t("hours", { count: Math.round(seconds / 3600) });
}

/**
 * What the health report says, sorted by what it means here.
 * @param {any} health
 * @returns {{stale: ("bridge" | "broker" | "database")[], mind: string[]}} `stale`: the list may miss a press;
 *   `mind`: a press is heard, but something behind it fails
 */
export function troubles(health) {
  if (!health) return { stale: [], mind: [] };
  /** @type {("bridge" | "broker" | "database")[]} */
  const stale = [];
  if (!health.bridge || health.reachable === false) stale.push("bridge");
  if ((health.brokers ?? []).some((/** @type {{connected: boolean}} */ { connected }) => !connected)
    || (health.causes ?? []).some((/** @type {{code: string}} */ { code }) => code === "login-away")) stale.push("broker");
  if (health.journal?.trouble) stale.push("database");
  // The bridge names every cause in both languages; one that it cannot name is shown in its own words, never left out.
  const named = (health.causes ?? []).map((/** @type {{code: string, nl: string, en: string}} */ cause) => cause[language()]);
  return { stale, mind: named.length > 0 ? named : health.troubles ?? [] };
}
