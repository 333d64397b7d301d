/**
 * Corrections of a case: what her vault amended, what a phone alone added to, and what she disputes. Only her vault corrects:
 * what a phone amends by itself is an addition that she has not confirmed, never first and never counted. Both versions stay.
 */
import { read } from "../core/statements.js";

/** @typedef {{amends: string | null, confirmed: boolean, amendedBy: string | null, disputed: boolean}} Mark */

/** @returns {Mark} of an item of which nothing was said */
const none = () => ({ amends: null, confirmed: true, amendedBy: null, disputed: false });

/**
 * @param {import("../core/pages.js").Row[]} events of the case, in order
 * @param {import("../core/authority.js").Authority} authority
 * @returns {Map<string, Mark>} by item
 */
export function marks(events, authority) {
  /** @type {Map<string, Mark>} */
  const found = new Map();
  /** @param {string} item @param {Partial<Mark>} more */
  const mark = (item, more) => found.set(item, { ...(found.get(item) ?? none()), ...more });
  const sealed = [];
  const disputes = [];
  for (const event of events) {
    const { index, envelope } = event;
    if (!envelope || event.trouble) continue;
    const { type, by, body } = read(envelope);
    const amends = type === "item.amend";
    if (!(amends || type === "dispute" || type === "item.seal" || event.item)) continue;
    const author = authority.find(by, index);
    if (amends) {
      const confirmed = author?.role !== "phone";  // the journal lets staff correct their own papers only
      const known = found.get(body.item);
      if (!confirmed && known && known.amends !== null && known.confirmed) continue;  // what she said stands
      mark(body.item, { amends: body.amends, confirmed });
      if (confirmed) mark(body.amends, { amendedBy: body.item });
    } else if (type === "dispute") {
      disputes.push(body);
    } else {
      sealed.push({ item: body.item, device: author?.device ?? null, at: event.received_at });
    }
  }
  for (const { item, device, at } of sealed) {
    if (disputes.some((one) => one.device === device && one.since <= at && at <= one.until)) mark(item, { disputed: true });
  }
  return found;
}

/** @param {Mark | null | undefined} mark @returns {boolean} whether an entry counts: it is hers, confirmed, and not replaced by a newer one */
export const counts = (mark) => !mark || (mark.confirmed && mark.amendedBy === null && !mark.disputed);
