/** What people did with an alarm: who accepted it and when, who was sent, who closed it and why. From signed statements only. */
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
