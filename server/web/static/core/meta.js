/** Descriptions of items, checked by the rules of `evidence/schema.py`: whoever holds her phone wrote them. */
import { FormatError, fromBase64, fromHex } from "./bytes.js";
import { TimeError, parse as parseTime } from "./edtf.js";
import { KINDS, MAX_LIST, MAX_TEXT } from "./meta-schema.js";

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

/** @param {unknown} value */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {any} value @param {Rule} rule @returns {boolean} whether a record says nothing: every member of it, and nothing in any */
function isBlank(value, { is, members }) {
  if (is === "list" || is === "pieces") return Array.isArray(value) && value.length === 0;
  if (is !== "object") return value === null;
  return isObject(value) && Object.keys(value).length === Object.keys(members).length
    && Object.entries(members).every(([name, rule]) => Object.hasOwn(value, name) && isBlank(value[name], /** @type {Rule} */ (rule)));
}

/** @typedef {import("./meta-schema.js").Rule} Rule */
/** @typedef {Record<string, (value: any, rule: Rule, rules: Rules) => void>} Rules */

/** @type {Rules} */
const READER = {
  text,
  told: text,  // shown as it was told, whatever it is
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
  pieces: (value) => {
    if (!Array.isArray(value) || value.length > MAX_LIST) throw new FormatError(`expected a list of at most ${MAX_LIST} pieces of text`);
    for (const one of value) text(one);
    text(value.join(""));
  },
  list: (value, { member }, rules) => {
    if (!Array.isArray(value) || value.length > MAX_LIST) throw new FormatError(`expected a list of at most ${MAX_LIST}`);
    for (const one of value) follow(one, member, "member", rules);
  },
  object: (value, { members }, rules) => {
    if (!isObject(value)) throw new FormatError("expected an object");
    for (const name of Object.keys(value)) if (!Object.hasOwn(members, name)) throw new FormatError("an unknown member");
    for (const [name, rule] of Object.entries(members)) {
      if (!Object.hasOwn(value, name)) throw new FormatError(`no member ${name}, which is null where nothing was told`);
      follow(value[name], rule, name, rules);
    }
  },
};

/** @type {Rules} who writes can still mend a time that cannot be */
const WRITER = { ...READER, told: (value) => { text(value); parseTime(value); } };

/** @param {unknown} value @param {Rule} rule @param {string} name @param {Rules} rules */
function follow(value, rule, name, rules) {
  if (rule.optional && isBlank(value, rule)) return;
  try {
    rules[rule.is](value, rule, rules);
  } catch (error) {
    throw error instanceof FormatError && !(error instanceof TimeError) ? new FormatError(`${name}: ${error.message}`) : error;
  }
}

/** @param {any} value @param {Rules} rules */
function described(value, rules) {
  const kind = isObject(value) ? value.kind : null;
  if (typeof kind !== "string" || !Object.hasOwn(KINDS, kind)) throw new FormatError(`kind: expected one of ${Object.keys(KINDS).join(", ")}`);
  follow(value, { is: "object", members: KINDS[kind] }, kind, rules);
  return value;
}

/** @param {unknown} value parsed JSON @returns {any} the description @throws {FormatError} names the member that is of another form */
export const checked = (value) => described(value, READER);

/**
 * @param {unknown} value a description that is about to be sealed @returns {any} the same @throws {FormatError} what a reader would
 *   refuse, and a time that cannot be: a reader opens that, and can only show it as it was told
 */
export const writable = (value) => described(value, WRITER);

/** @param {any} value @param {Rule} rule @returns {any} */
function plain(value, rule) {
  if (rule.optional && isBlank(value, rule)) return null;
  if (rule.is === "pieces") return value.join("");
  if (rule.is === "list") return value.map((/** @type {any} */ one) => plain(one, rule.member));
  if (rule.is !== "object") return value;
  return Object.fromEntries(Object.entries(rule.members).map(([name, inner]) => [name, plain(value[name], /** @type {Rule} */ (inner))]));
}

/**
 * @param {any} meta a description that was checked @returns {any} what it tells: texts in one piece, and null for a record in
 *   which nothing was told
 */
export const told = (meta) => plain(meta, { is: "object", members: KINDS[meta.kind] });
