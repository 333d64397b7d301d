/**
 * What became of alarms, from signed statements only: what people did (who accepted it and when, who was sent, who closed it and why),
 * and in which alarm a press counts.
 */
import * as dsse from "../core/dsse.js";
import { dated } from "../core/dated.js";
import { read } from "../core/statements.js";

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
  for (const { index, type, event } of events) {
    if (!type.startsWith("alarm.")) continue;
    try {
      const { envelope } = dated(event);
      const { by, at, body, type: signed } = read(envelope);
      const known = authority.find(by, index);
      const asks = known?.role === "bridge" && type === "alarm.deliver" && body.route === "second-look";
      if (body.alarm !== alarm || (known?.role === "bridge" && !asks)) continue;  // what else a bridge says is told elsewhere
      if (signed !== type || !dsse.verify(envelope, authority.keysAt(index)).includes(by)) throw new Error("not what was signed");
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
 * A press that an alarm was closed without counts in the next one (`moved_from`), and an alarm that a bridge without memory named
 * by itself counts as the one that it is (`alarm.fold`).
 * @param {{events: any[], authority: import("../core/authority.js").Authority}} opened
 * @returns {(sealed: Sealed) => string} the alarm in which a press counts
 */
export function placesOf({ events, authority }) {
  /** @type {Map<string, string>} a press in an alarm → the alarm that it was moved to */
  const moved = new Map();
  /** @type {Map<string, string>} */
  const folded = new Map();
  for (const { index, type, event } of events) {
    if (!["alarm.raise", "alarm.repeat", "alarm.fold"].includes(type)) continue;
    try {
      const { envelope } = dated(event);
      const { by, body, type: signed } = read(envelope);
      if (signed !== type || authority.find(by, index)?.role !== "bridge" || !dsse.verify(envelope, authority.keysAt(index)).includes(by)) continue;
      if (type === "alarm.fold") folded.set(body.alarm, body.into);
      else if (body.moved_from) moved.set(`${body.moved_from} ${body.press.boot}.${body.press.counter}`, body.alarm);
    } catch {
      // One that cannot be read or does not hold moves nothing; the press counts where it was sealed.
    }
  }
  return ({ alarm, boot, counter }) => {
    const been = new Set([alarm]);
    for (let place = alarm; ;) {
      const next = moved.get(`${place} ${boot}.${counter}`) ?? folded.get(place);
      if (next === undefined || been.has(next)) return place;
      been.add(next);
      place = next;
    }
  };
}
