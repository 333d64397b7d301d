/** Names of keys' owners in verdicts, as `evidence/bundle/checking/names.py` says them. */
import { ROLES } from "./pinned.js";
import { INVITED } from "./sentences.js";

/** @typedef {"nl" | "en"} Language */
/** @typedef {{said: (language: Language) => string}} Said what a language says in its own way */
/** @typedef {Said & {id: string}} Owner `id` tells apart whom the root did not name */

const SHOWN = 8;

/**
 * @param {string} kid @param {{keys: Map<string, import("./journal.js").Key>, inviters: Map<string, string>}} standing
 * @returns {Owner} whose key it is: `Marit Verhoeven (caseworker)`, `phone 0ed6404e (invited by …)`
 */
export function ownerOf(kid, { keys, inviters }) {
  const key = keys.get(kid);
  if (key?.label !== undefined) {
    const { label, role } = key;
    return { id: "", said: (language) => `${label} (${roleIn(role, language)})` };
  }
  const [role, id] = key?.device !== undefined ? ["phone", key.device] : [key?.role === "vault" ? "vault" : "key", kid];
  const inviter = role === "phone" ? keys.get(inviters.get(kid) ?? kid)?.label : undefined;
  return {
    id,
    said: (language) => `${roleIn(role, language)} ${id.slice(0, SHOWN)}${inviter === undefined ? "" : ` (${INVITED[language]} ${inviter})`}`,
  };
}

/** @param {string} role @param {Language} language */
const roleIn = (role, language) => ROLES[role]?.[language] ?? role;

/** @param {Owner[]} owners each as often as it counts @returns {Said} the most often first */
export function tally(owners) {
  /** @type {Map<string, {owner: Owner, count: number}>} */
  const counts = new Map();
  for (const owner of owners) {
    const name = owner.said("en");
    counts.set(name, { owner, count: (counts.get(name)?.count ?? 0) + 1 });
  }
  const sorted = [...counts].sort(([left, { count: many }], [right, { count: more }]) => more - many || (left < right ? -1 : 1));
  return { said: (language) => sorted.map(([, { owner, count }]) => `${owner.said(language)} (${count}×)`).join(", ") };
}
