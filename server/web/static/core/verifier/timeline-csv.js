/** `data/timeline.csv`, as `evidence/bundle/opening/timeline_csv.py` writes it. */
import { understood } from "../edtf.js";
import { told } from "../meta.js";
import { both, label, said, wordsOf } from "./description-words.js";
import { AROUND, NOT_OPENED, PATHS } from "./made.js";

/**
 * @typedef {{event: import("./journal.js").Event, meta: any, addedBy: string, original: string | null, complete: boolean,
 *   notOpened: string | null, mark: import("./marks.js").Mark, countsIn: string | null}} Row `countsIn`: the alarm in which a press counts
 */

/** @param {Row[]} rows @returns {string} */
export function write(rows) {
  const heads = [...PATHS.map(label), ...Object.keys(AROUND).map(head)];
  const sorted = rows.map((row) => ({ row, begins: beginsOf(row) })).sort((left, right) => {
    if (left.begins !== right.begins) return left.begins < right.begins ? -1 : 1;
    return left.row.event.index - right.row.event.index;
  });
  const lines = sorted.map(({ row }) => {
    const cells = new Map([...(row.meta ? wordsOf(row.meta) : []), ...around(row)]);
    return [...PATHS, ...Object.keys(AROUND)].map((name) => cell(cells.get(name) ?? ""));
  });
  return [heads, ...lines].map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

/** @param {string} name @returns {string} the head of a column */
const head = (name) => `${both(AROUND[name])} [${name}]`;

/** @param {Row} row @returns {[string, string][]} what was said of an item after it was sealed, by the heads of its columns */
export const saidLater = (row) => later(row).filter(([, words]) => words).map(([name, words]) => [head(name), words]);

/** @param {Row} row @returns {[string, string][]} what is known of an item beside its description */
function around(row) {
  const { event, addedBy, original, complete, notOpened } = row;
  return [
    ["received", event.at], ["item", event.said.body.item], ["event", String(event.index)], ["added_by", addedBy],
    ["original", original ?? ""], ["complete", said("complete", complete)], ["not_opened", notOpened ? both(NOT_OPENED[notOpened]) : ""],
    ...later(row),
  ];
}

/** @param {Row} row @returns {[string, string][]} */
function later({ mark, countsIn }) {
  return [
    ["amends", mark.amends ?? ""], ["confirmed", mark.amends ? said("confirmed", mark.confirmed) : ""],
    ["amended_by", mark.amendedBy ?? ""], ["disputed", mark.disputed ? said("disputed", true) : ""], ["counts_in", countsIn ?? ""],
  ];
}

/** When it happened, as text: EDTF begins with the year. A time that is not understood stands where it was recorded. @param {Row} row */
function beginsOf({ event, meta }) {
  if (!meta) return event.said.at;
  const { happened, recorded, alarm, order, report, cost } = told(meta);
  return [happened, alarm?.pressed_at ?? order?.valid_from ?? report?.at ?? cost?.at].map(clock).find((begins) => begins) ?? recorded;
}

/** @param {unknown} text @returns {string} when a time begins, on the clock that it names; nothing for one that cannot be */
function clock(text) {
  const point = understood(text);
  const begins = point && (point.earliest ?? point.latest);
  if (!begins) return "";
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const { year, month, day, hour, minute, second, zone } = begins;
  const east = zone === null ? "" : `${zone < 0 ? "-" : "+"}${two(Math.floor(Math.abs(zone) / 60))}:${two(Math.abs(zone) % 60)}`;
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}${east}`;
}

/** @param {string} text @returns {string} that no spreadsheet takes for a formula */
const cell = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

/** @param {string} text @returns {string} as Python's csv writes it */
const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
