/**
 * Canonical JSON: the subset of RFC 8785 without floating point numbers, the same bytes as `evidence/canonical.py`.
 */
import { FormatError, equal, text, utf8 } from "./bytes.js";

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

/** @param {unknown} value @returns {string} @throws {FormatError} a type that does not belong in signed bytes */
function write(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new FormatError(`${value} is not an integer that everyone reads alike`);
    return String(Object.is(value, -0) ? 0 : value);
  }
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new FormatError("text is not valid Unicode");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object") throw new FormatError(`${typeof value} does not belong in a signed document`);
  const members = Object.entries(value).sort(([left], [right]) => byCodePoint(left, right));
  return `{${members.map(([name, member]) => `${write(name)}:${write(member)}`).join(",")}}`;
}

/** @param {unknown} value @returns {Bytes} the one spelling of `value` */
export const encode = (value) => utf8(write(value));

/**
 * Read what was signed or hashed. Only the one spelling is taken: `JSON.parse` keeps the last of two equal keys and rounds
 * numbers in silence, so two readers could see two things in the same bytes.
 * @param {Uint8Array} bytes @returns {any} @throws {FormatError} not JSON, or not its canonical spelling
 */
export function decode(bytes) {
  let value;
  try {
    value = JSON.parse(text(bytes));
  } catch (error) {
    throw error instanceof FormatError ? error : new FormatError("not valid JSON");
  }
  if (!equal(encode(value), bytes)) throw new FormatError("not the canonical spelling of this JSON");
  return value;
}
