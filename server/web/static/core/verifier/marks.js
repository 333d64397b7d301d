/** What was said later of an item: her corrections, additions by a device, what she disputes. As `evidence/statements/corrections.py`. */
import { fromHex } from "../bytes.js";
import { signingKid } from "../sodium.js";

/** @typedef {{amends?: string, confirmed?: boolean, amendedBy?: string, disputed?: boolean}} Mark */

/** @param {import("./journal.js").Event[]} events @returns {Promise<Map<string, Mark>>} by item */
export async function marks(events) {
  /** @type {Map<string, Mark>} */
  const found = new Map();
  /** @type {Map<string, {by: string, at: string}>} */
  const sealed = new Map();
  /** @type {Map<string, string>} */
  const phones = new Map();
  const disputes = [];
  for (const { at, said: { type, by, body } } of events) {
    if (type === "device.enrol" || type === "alarm_device.enrol") phones.set(await signingKid(fromHex(body.sign, 32)), body.device);
    else if ((type === "item.seal" || type === "item.open") && !sealed.has(body.item)) sealed.set(body.item, { by, at });
    else if (type === "item.amend") amend(found, body, !phones.has(by));
    else if (type === "dispute") disputes.push(body);
  }
  for (const [item, { by, at }] of sealed) {
    const hers = disputes.some(({ device, since, until }) => phones.get(by) === device && since <= at && at <= until);
    if (hers) found.set(item, { ...found.get(item), disputed: true });
  }
  return found;
}

/** @param {Map<string, Mark>} found @param {{item: string, amends: string}} body @param {boolean} confirmed */
function amend(found, { item, amends }, confirmed) {
  const known = found.get(item) ?? {};
  if (!confirmed && known.amends && known.confirmed) return; // what she said stands, whatever a phone says after it
  found.set(item, { ...known, amends, confirmed });
  if (confirmed) found.set(amends, { ...found.get(amends), amendedBy: item });
}
