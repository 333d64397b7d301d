/**
 * Canonical JSON: the subset of RFC 8785 without floating point numbers, the same bytes as `evidence/canonical.py`.
 */
import { FormatError, equal, text, utf8 } from "./bytes.js";

/** The largest document that is read, the largest file that tells of many, and the deepest nesting: the same as in Python. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
export const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 32;

/** @typedef {import("./bytes.js").Bytes} Bytes */

/** @param {string} left @param {string} right order by code point, as Python sorts */
function byCodePoint(left, right) {
  const [first, second] = [Array.from(left), Array.from(right)];
  for (let index = 0; index < Math.min(first.length, second.length); index += 1) {
    const difference = Number(first[index].codePointAt(0)) - Number(second[index].codePointAt(0));
    if (difference !== 0) return difference;
  }
  return first.length - second.length;
}

/** @param {string[]} names @returns {string[]} in order; that of JavaScript is another one only where there are surrogates */
const inOrder = (names) => (names.some((name) => /[\ud800-\udfff]/.test(name)) ? names.sort(byCodePoint) : names.sort());

/**
 * @param {unknown} value
 * @param {number} depth how much deeper it may nest
 * @returns {string}
 * @throws {FormatError} a type that does not belong in signed bytes, or too deep a nesting
 */
function write(value, depth) {
  if (depth === 0) throw new FormatError("nested too deeply");
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new FormatError(`${value} is not an integer that everyone reads alike`);
    return String(Object.is(value, -0) ? 0 : value);
  }
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new FormatError("text is not valid Unicode");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((member) => write(member, depth - 1)).join(",")}]`;
  if (typeof value !== "object") throw new FormatError(`${typeof value} does not belong in a signed document`);
  const record = /** @type {Record<string, unknown>} */ (value);
  return `{${inOrder(Object.keys(record)).map((name) => `${write(name, depth - 1)}:${write(record[name], depth - 1)}`).join(",")}}`;
}

/** @param {unknown} value @returns {Bytes} the one spelling of `value` */
export const encode = (value) => utf8(write(value, MAX_DEPTH));

/**
 * Read what was signed or hashed. Only the one spelling is taken: `JSON.parse` keeps the last of two equal keys and rounds
 * numbers in silence, so two readers could see two things in the same bytes. The table of hostile spellings
 * (`tests/vectors/spellings.json`) is put to this reader and to Python's.
 * @param {Uint8Array} bytes @param {number} [limit] @returns {any} @throws {FormatError} not JSON, or not its canonical spelling
 */
export function decode(bytes, limit = MAX_DOCUMENT_BYTES) {
  if (bytes.length > limit) throw new FormatError("a larger document than any of ours");
  let value;
  try {
    value = JSON.parse(text(bytes));
  } catch (error) {
    throw error instanceof FormatError ? error : new FormatError("not valid JSON");
  }
  if (!equal(encode(value), bytes)) throw new FormatError("not the canonical spelling of this JSON");
  return value;
}
