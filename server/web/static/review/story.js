/**
 * What became of alarms, from signed statements only: what people did (who accepted it and when, who was sent, who closed it and why),
 * and in which alarm a press counts.
 */
import * as dsse from "../core/dsse.js";
import { read, typeOf } from "../core/statements.js";

/** @typedef {{act: string, at: string, who: string, role: string, reason: string | null}} Act `at`: on the clock of who signed it */

/**
 * @param {{events: any[], authority: import("../core/authority.js").Authority}} opened @param {string} alarm
 * @returns {{acts: Act[], refused: number, look: boolean}} in the order of the journal; `refused`: acts whose signature does not
 *   hold; `look`: the bridge asks for a second look at its close
 */
export function storyOf({ events, authority }, alarm) {
  /** @type {Act[]} */
  const acts = [];
  let [refused, look] = [0, false];
  for (const { index, envelope } of events) {
    const type = typeOf(envelope);
    if (!type.startsWith("alarm.")) continue;
    try {
      const { by, at, body } = read(envelope);
      const known = authority.find(by, index);
      const asks = known?.role === "bridge" && type === "alarm.deliver" && body.route === "second-look";
      if (body.alarm !== alarm || (known?.role === "bridge" && !asks)) continue;  // what else a bridge says is told elsewhere
      if (!dsse.verify(envelope, authority.keysAt(index)).includes(by)) throw new Error("not what was signed");
      look ||= asks;
      if (!asks) acts.push({ act: type.slice("alarm.".length), at, who: known?.label ?? by.slice(0, 8), role: known?.role ?? "", reason: body.reason ?? null });
    } catch {
      refused += 1;
    }
  }
  return { acts, refused, look };
}

/** @typedef {{alarm: string, boot: number, counter: number}} Sealed the alarm that a press was in when it was sealed, and its number */

/**
 * A press that several alarms have counts in the one raised last, the others were closed without it; one that another names in
 * `moved_from` is not the last. An alarm that a bridge without memory named by itself counts as the one that it is (`alarm.fold`).
 * @param {{events: any[], authority: import("../core/authority.js").Authority}} opened
 * @returns {(sealed: Sealed) => string} the alarm in which a press counts
 */
export function placesOf({ events, authority }) {
  /** @type {Map<string, number>} an alarm → when it was raised, in the order of the journal */
  const raised = new Map();
  /** @type {Map<string, string>} an alarm → the one that it is */
  const folded = new Map();
  /** @type {{alarm: string, press: string, identity: string, left: string | undefined}[]} */
  const told = [];
  for (const { index, envelope } of events) {
    const type = typeOf(envelope);
    if (!type.startsWith("alarm.")) continue;
    try {
      const { by, body } = read(envelope);
      if (authority.find(by, index)?.role !== "bridge" || !dsse.verify(envelope, authority.keysAt(index)).includes(by)) continue;
      if (type === "alarm.fold") folded.set(body.alarm, body.into);
      else if (body.identity) told.push({ alarm: body.alarm, press: `${body.press.boot}.${body.press.counter}`, identity: body.identity, left: body.moved_from });
      if (type === "alarm.raise") raised.set(body.alarm, index);
    } catch {
      // One that cannot be read or does not hold moves nothing; the press counts where it was sealed.
    }
  }
  const isNow = (/** @type {string} */ name, left = folded.size) => {
    for (let into = folded.get(name); into !== undefined && left > 0; into = folded.get(name), left -= 1) name = into;
    return name;
  };
  const left = new Set(told.flatMap(({ identity, left: from }) => (from ? [`${identity} ${isNow(from)}`] : [])));
  /** @type {Map<string, string>} a press, by what the bridges call it → the alarm in which it counts */
  const places = new Map();
  for (const { alarm, identity } of told) {
    const [name, known] = [isNow(alarm), places.get(identity)];
    if (left.has(`${identity} ${name}`)) continue;
    if (known === undefined || (raised.get(name) ?? -1) > (raised.get(known) ?? -1)) places.set(identity, name);
  }
  const names = new Map(told.map(({ alarm, press, identity }) => [`${alarm} ${press}`, identity]));
  for (const { left: from, press, identity } of told) if (from && !names.has(`${from} ${press}`)) names.set(`${from} ${press}`, identity);
  return ({ alarm, boot, counter }) => places.get(names.get(`${alarm} ${boot}.${counter}`) ?? "") ?? isNow(alarm);
}
