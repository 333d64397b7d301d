/** Names of keys' owners in verdicts, as `evidence/bundle/checking/names.py` says them. */
import { ROLES } from "./pinned.js";

/** @typedef {{role: string, label?: string, id: string, invitedBy?: string, toString?: () => string}} Owner `label` is what the root certified */
/** @typedef {"nl" | "en"} Language */

const SHOWN = 8;
const INVITED = { nl: "uitgenodigd door", en: "invited by" };

/**
 * @param {string} kid @param {{keys: Map<string, import("./journal.js").Key>, inviters: Map<string, string>}} standing
 * @returns {Owner} whose key it is
 */
export function ownerOf(kid, { keys, inviters }) {
  const key = keys.get(kid);
  if (key?.label !== undefined) return owner({ role: key.role, label: key.label, id: "" });
  if (key?.device !== undefined) return owner({ role: "phone", id: key.device, invitedBy: keys.get(inviters.get(kid) ?? kid)?.label });
  return owner({ role: key?.role === "vault" ? "vault" : "key", id: kid });
}

/** @param {Owner} said @returns {Owner} that is a text in English */
const owner = (said) => ({ ...said, toString: () => textOf(said, "en") });

/** @param {Owner} owner @param {Language} language @returns {string} `Marit Verhoeven (caseworker)`, `phone 0ed6404e (invited by …)` */
export function textOf({ role, label, id, invitedBy }, language) {
  const said = ROLES[role]?.[language] ?? role;
  if (label !== undefined) return `${label} (${said})`;
  return `${said} ${id.slice(0, SHOWN)}${invitedBy === undefined ? "" : ` (${INVITED[language]} ${invitedBy})`}`;
}

/** @param {Owner[]} owners each as often as it counts @returns {string} the most often first */
export function tally(owners) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const one of owners) counts.set(String(one), (counts.get(String(one)) ?? 0) + 1);
  const sorted = [...counts].sort(([left, many], [right, more]) => more - many || (left < right ? -1 : 1));
  return sorted.map(([name, count]) => `${name} (${count}×)`).join(", ");
}
