/** Descriptions of items, checked by the rules of `evidence/schema.py`: whoever holds her phone wrote them. */
import { FormatError, fromBase64, fromHex } from "./bytes.js";
import { parse as parseTime } from "./edtf.js";
import { MAX_LIST, MAX_TEXT, META } from "./meta-schema.js";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** @param {unknown} value @returns {asserts value is string} */
function text(value) {
  if (typeof value !== "string") throw new FormatError("expected text");
  if (value.length <= MAX_TEXT) return;
  let count = 0;
  for (const _ of value) count += 1;
  if (count > MAX_TEXT) throw new FormatError(`text of ${count} characters, and at most ${MAX_TEXT} fit`);
}

/** @param {unknown} value */
function time(value) {
  const fits = typeof value === "string" && TIME.test(value) && !value.startsWith("0000");
  const moment = fits ? Date.parse(value) : NaN;
  // A day that does not exist is another day for Date: it comes back spelt otherwise.
  if (Number.isNaN(moment) || new Date(moment).toISOString() !== value) throw new FormatError("expected a time in UTC");
}

/** @type {Record<string, (value: any, rule: import("./meta-schema.js").Rule) => void>} */
const RULES = {
  text,
  time,
  base64: (value) => {
    if (typeof value !== "string") throw new FormatError("expected base64 text");
    fromBase64(value);
  },
  hex: (value, { bytes }) => { fromHex(value, bytes); },
  count: (value) => {
    if (!Number.isSafeInteger(value) || value < 0) throw new FormatError("expected a whole number, zero or more");
  },
  flag: (value) => {
    if (typeof value !== "boolean") throw new FormatError("expected true or false");
  },
  one: (value, { of }) => {
    if (!of.includes(value)) throw new FormatError(`expected one of ${of.join(", ")}`);
  },
  list: (value, { member }) => {
    if (!Array.isArray(value) || value.length > MAX_LIST) throw new FormatError(`expected a list of at most ${MAX_LIST}`);
    for (const one of value) follow(one, member, "member");
  },
  object: (value, { members }) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new FormatError("expected an object");
    for (const name of Object.keys(value)) if (!Object.hasOwn(members, name)) throw new FormatError("an unknown member");
    for (const [name, rule] of Object.entries(members)) follow(Object.hasOwn(value, name) ? value[name] : null, rule, name);
  },
};

/** @param {unknown} value @param {import("./meta-schema.js").Rule} rule @param {string} name */
function follow(value, rule, name) {
  if (value === null && rule.optional) return;
  try {
    RULES[rule.is](value, rule);
  } catch (error) {
    throw error instanceof FormatError ? new FormatError(`${name}: ${error.message}`) : error;
  }
}

/** @param {unknown} value parsed JSON @returns {any} the description @throws {FormatError} names the member that is of another form */
export function checked(value) {
  follow(value, META, "description");
  return value;
}

/**
 * @param {unknown} value a description that is about to be sealed @returns {any} the same @throws {FormatError} what a reader would
 *   refuse, and a time that cannot be: a reader opens that, and can only show it as it was told
 */
export function writable(value) {
  const meta = checked(value);
  const told = [meta.happened, meta.discovered, meta.order?.valid_from, meta.order?.until, meta.camera?.taken];
  for (const time of told) if (typeof time === "string") parseTime(time);
  return meta;
}
