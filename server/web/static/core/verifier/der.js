/** A reader of DER (ITU-T X.690), as `evidence/custody/time/der.py`: what a time stamp needs, and nothing that has two spellings. */
import { FormatError } from "../bytes.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */

export const [BOOLEAN, INTEGER, BITS, OCTETS, NULL, OID] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06];
export const [UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET] = [0x17, 0x18, 0x30, 0x31];
const MAX_LENGTH_BYTES = 4;

/** @param {number} number @param {boolean} [constructed] @returns {number} the tag byte of a context-specific tag below 31 */
export const context = (number, constructed = true) => 0x80 | (constructed ? 0x20 : 0) | number;

/** One encoded value. */
export class Value {
  /** @param {number} tag @param {Bytes} content @param {Bytes} encoded */
  constructor(tag, content, encoded) {
    this.tag = tag;
    this.content = content;
    this.encoded = encoded;
  }

  /** @param {number} tag @returns {Value} @throws {FormatError} it bears another one */
  of(tag) {
    if (this.tag !== tag) throw new FormatError(`expected tag ${tag}, found ${this.tag}`);
    return this;
  }

  /** @param {number} [tag] @returns {Members} what this constructed value holds */
  members(tag = SEQUENCE) {
    return new Members(values(this.of(tag).content));
  }

  /** @param {number} [tag] @returns {bigint} @throws {FormatError} spelled longer than needed */
  integer(tag = INTEGER) {
    const data = this.of(tag).content;
    const padded = data.length > 1 && (data[0] === 0 || data[0] === 0xff) && data[0] >> 7 === data[1] >> 7;
    if (data.length === 0 || padded) throw new FormatError("an integer is spelled too long");
    return BigInt.asIntN(8 * data.length, data.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n));
  }

  /** @returns {string} an object identifier as dotted numbers */
  oid() {
    const data = this.of(OID).content;
    if (data.length === 0 || data[data.length - 1] & 0x80) throw new FormatError("an object identifier ends in the middle of a number");
    /** @type {bigint[]} */
    const numbers = [];
    let number = 0n;
    for (const byte of data) {
      if (number === 0n && byte === 0x80) throw new FormatError("a number of an object identifier is spelled too long");
      number = (number << 7n) | BigInt(byte & 0x7f);
      if (byte & 0x80) continue;
      numbers.push(number);
      number = 0n;
    }
    const first = numbers[0] >= 80n ? 2n : numbers[0] / 40n;
    return [first, numbers[0] - 40n * first, ...numbers.slice(1)].join(".");
  }

  /** @returns {number} a GeneralizedTime as RFC 3161 wants it, in microseconds since 1970 */
  time() {
    const match = /^(\d{14})(?:\.(\d{0,8}[1-9]))?Z$/.exec(this.#letters(GENERALIZED_TIME));
    if (!match) throw new FormatError("a time is not of the form 20261121220000Z");
    return momentOf(match[1]) + Number((match[2] ?? "").padEnd(6, "0").slice(0, 6));
  }

  /** @returns {number} the time of a certificate (RFC 5280, 4.1.2.5), in microseconds since 1970 */
  date() {
    if (this.tag === GENERALIZED_TIME) return this.time();
    const match = /^(\d\d)(\d{10})Z$/.exec(this.#letters(UTC_TIME));
    if (!match) throw new FormatError("a time is not of the form 261121220000Z");
    return momentOf(`${Number(match[1]) < 50 ? 20 : 19}${match[1]}${match[2]}`);
  }

  /** @param {number} tag */
  #letters(tag) {
    return String.fromCharCode(...this.of(tag).content);
  }
}

/** @param {string} digits year to second @returns {number} microseconds since 1970 @throws {FormatError} no such moment */
function momentOf(digits) {
  const [year, month, day, hour, minute, second] = [[0, 4], [4, 6], [6, 8], [8, 10], [10, 12], [12, 14]].map((part) => digits.slice(...part));
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const moment = Date.parse(written);
  if (Number.isNaN(moment) || new Date(moment).toISOString() !== written) throw new FormatError("that day or hour does not exist");
  return moment * 1000;
}

/** The values inside a constructed value; taken from the front, one by one. */
export class Members {
  /** @param {Value[]} left */
  constructor(left) {
    this.left = left;
  }

  /** @param {number} [tag] @returns {Value} @throws {FormatError} there is none, or it bears another tag */
  take(tag) {
    const value = this.left.shift();
    if (!value) throw new FormatError("something is missing");
    return tag === undefined ? value : value.of(tag);
  }

  /** @param {number} tag @returns {Value | null} the next value if it bears the tag */
  optional(tag) {
    return this.left[0]?.tag === tag ? this.take() : null;
  }

  /** @throws {FormatError} anything is left */
  end() {
    if (this.left.length) throw new FormatError("there is more than there should be");
  }
}

/** @param {Bytes} data @returns {Value} the one value that it is @throws {FormatError} */
export function read(data) {
  const members = new Members(values(data));
  const value = members.take();
  members.end();
  return value;
}

/** @param {Bytes} data @returns {Value[]} */
function values(data) {
  const found = [];
  for (let at = 0; at < data.length;) {
    const start = at;
    const [size, begin] = length(data, at + 1);
    at = begin + size;
    if ((data[start] & 0x1f) === 0x1f || at > data.length) throw new FormatError("a tag is too long, or a value is cut off");
    found.push(new Value(data[start], data.slice(begin, at), data.slice(start, at)));
  }
  return found;
}

/** @param {Bytes} data @param {number} at @returns {[number, number]} the length that stands there, and where the content starts */
function length(data, at) {
  if (at >= data.length) throw new FormatError("a value is cut off");
  if (data[at] < 0x80) return [data[at], at + 1];
  const count = data[at] & 0x7f;
  const digits = data.slice(at + 1, at + 1 + count);
  const size = digits.reduce((number, byte) => number * 256 + byte, 0);
  if (count === 0 || count > MAX_LENGTH_BYTES || digits.length < count || digits[0] === 0 || size < 0x80) {
    throw new FormatError("a length is open, cut off or spelled too long");
  }
  return [size, at + 1 + count];
}

/** @param {number} tag @param {...Bytes} parts @returns {Bytes} a value */
export function write(tag, ...parts) {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  /** @type {number[]} */
  const digits = [];
  for (let rest = size; rest; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  const head = size < 0x80 ? [tag, size] : [tag, 0x80 | digits.length, ...digits];
  const whole = new Uint8Array(head.length + size);
  whole.set(head);
  let at = head.length;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
