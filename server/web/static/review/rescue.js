/** Break-glass on the review page, from signed statements only: who asked to read a case with its rescue key, and who agreed. */
import { html } from "lit";
import * as dsse from "../core/dsse.js";
import { hex } from "../core/bytes.js";
import { digest } from "../core/sodium.js";
import { read, typeOf } from "../core/statements.js";
import { visibleLine } from "../core/written.js";
import { minute } from "../ui/dates.js";
import { t } from "../ui/texts.js";

/** @typedef {{id: string, asked: string, agreed: string | null, at: string, until: string, reason: string}} Use */

/** How long a request that lapsed, and a use that ended, stay above the case: they are in it for good. */
const SHOWN_MS = 90 * 86_400_000;

/**
 * @param {{events: any[], authority: import("../core/authority.js").Authority}} opened
 * @returns {Use[]} in the order of the journal; what is not signed as it says is left out
 */
export function usesOf({ events, authority }) {
  /** @type {Map<string, Use>} */
  const found = new Map();
  for (const { index, envelope, received_at: at } of events) {
    if (typeOf(envelope) !== "rescue.use") continue;
    try {
      const { by, body } = read(envelope);
      const statement = hex(digest(dsse.body(envelope)));
      const known = authority.find(by, index);
      if (known?.role !== "caseworker" || !dsse.verify(envelope, authority.keysAt(index)).includes(by)) continue;
      const asked = found.get(body.agrees ?? "");
      const who = known.label ?? by.slice(0, 8);
      if (!body.agrees) found.set(statement, { id: statement, asked: who, agreed: null, at, until: body.until, reason: visibleLine(body.reason) });
      else if (asked) found.set(asked.id, { ...asked, agreed: who, at });
    } catch {
      // One that cannot be read or does not hold says nothing.
    }
  }
  return [...found.values()];
}

/** @param {import("./case.js").Case} opened @returns {unknown} above an opened case */
export const rescueBanners = (opened) => usesOf(opened)
  .filter(({ until }) => Date.now() - Date.parse(until) < SHOWN_MS)
  .map(({ asked, agreed, at, until, reason }) => html`
  <section class="card sign" role="status" data-rescue=${agreed === null ? "asked" : "used"}>
    <h2>${agreed === null ? t("rescue-asked", { asked }) : t("rescue-used", { asked, agreed })}</h2>
    <p>${t(agreed === null ? "rescue-asked-until" : "rescue-used-until", { from: minute(at), until: minute(until) })}</p>
    <p><bdi>${reason}</bdi></p>
    <p class="sign-do">${t(agreed === null ? "rescue-asked-do" : "rescue-used-do")}</p>
  </section>`);
