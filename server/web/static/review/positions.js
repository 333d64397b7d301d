/**
 * Positions while alarmed, among the entries: one every ten seconds for as long as an alarm is open. They belong to their
 * alarm and are no happenings of their own, so the table folds them under it. Pure functions.
 */

/** @typedef {import("./entries.js").Entry} Entry */

/** @param {any} meta @returns {string} what kind of entry an item is: a position is sealed like a press, and is none */
export const kindOf = (meta) => (meta.kind === "alarm" && meta.alarm?.kind === "position" ? "position" : meta.kind);

/** @param {{kind: string}} entry @returns {boolean} a press, or a check-in that did not come: what opened an alarm or was said in it */
export const isAlarm = ({ kind }) => kind === "alarm" || kind === "check-in";

/** @param {Entry} entry */
export const isPosition = ({ kind }) => kind === "position";

/** @param {Entry[]} entries @param {Entry} position @returns {Entry | undefined} the press that it followed, when that is here too */
export const alarmOf = (entries, { alarm }) => entries.find((entry) => isAlarm(entry) && entry.alarm?.alarm === alarm?.alarm);

/** @param {Entry[]} entries @returns {Map<string, string>} the entry of the first press of each alarm */
export function pressesOf(entries) {
  const presses = new Map();
  for (const { kind, alarm, id } of entries) if (isAlarm({ kind }) && alarm && !presses.has(alarm.alarm)) presses.set(alarm.alarm, id);
  return presses;
}

/**
 * Whether an entry stands folded under its alarm. A position whose alarm is not among the entries keeps a row of its own,
 * and so does one that a check found wrong or that no bridge sealed: who writes with her phone must not be able to hide
 * something under an alarm.
 * @param {Entry} entry @param {Map<string, string>} presses @returns {boolean}
 */
export const isFolded = (entry, presses) => isPosition(entry) && entry.by.role === "bridge"
  && entry.verification.state !== "failed" && presses.has(entry.alarm.alarm);

/**
 * The entries as rows.
 * @param {Entry[]} entries @param {Set<string>} unfolded alarms whose positions are wanted
 * @returns {{rows: Entry[], folds: Map<string, number>}} `folds`: how many positions stand under an entry, by its id
 */
export function fold(entries, unfolded) {
  const presses = pressesOf(entries);
  /** @type {Map<string, number>} */
  const folds = new Map();
  const rows = entries.filter((entry) => {
    if (!isFolded(entry, presses)) return true;
    const press = String(presses.get(entry.alarm.alarm));
    folds.set(press, (folds.get(press) ?? 0) + 1);
    return unfolded.has(entry.alarm.alarm);
  });
  return { rows, folds };
}
