/** What a description of any kind says, in words: a label and a value for each member that says something. */
import { KINDS } from "../core/meta-schema.js";
import { CONDUCT, MEMBERS, TERMS, VALUES } from "../core/meta-words.js";
import { second, vague } from "./dates.js";
import { LANGUAGES, language, word } from "./texts.js";

/** @typedef {import("../core/meta-schema.js").Rule} Rule */

/** Bytes of an id of an item; longer hexadecimal is a hash, which nobody reads. */
const ID = 16;

/** @param {string[] | undefined} words by language @param {string} other @returns {string} */
const said = (words, other) => words?.[LANGUAGES.indexOf(language())] ?? other;

/** @param {string} tag of what he did, or a lane of the overview @returns {string} in words; one of her own stays as it was written */
export const conduct = (tag) => said(conductWords(tag), word("lane", tag));

/** @param {string} tag @returns {string[]} its Dutch and English words, by which it is searched; none for a word of her own */
export const conductWords = (tag) => (Object.hasOwn(CONDUCT, tag) ? CONDUCT[tag] : []);

/** @param {string} path @returns {string} */
const label = (path) => said(MEMBERS[path], path);

/** @param {string} path @param {any} value @param {Rule} rule @returns {string} */
function words(path, value, rule) {
  if (path === "conduct") return value.map(conduct).join("; ");
  if (rule.is === "list") return value.map((/** @type {any} */ one) => words(path, one, rule.member)).join("; ");
  if (rule.is === "object") {
    return inside(path, value, rule.members).map(([name, told]) => `${name}: ${told}`).join(" · ");
  }
  if (Object.hasOwn(TERMS, path) && Object.hasOwn(TERMS[path], value)) return said(TERMS[path][value], String(value));
  if (rule.is === "flag") return said(VALUES[value ? "yes" : "no"], "");
  if (rule.is === "told") return vague(value, true);
  if (rule.is === "time") return second(value);
  if (rule.is === "one") return said(VALUES[value], String(value));
  if (path.endsWith("_cents")) return new Intl.NumberFormat(language(), { style: "currency", currency: "EUR" }).format(value / 100);
  return String(value);
}

/** @param {any} value @returns {boolean} */
const says = (value) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);

/** @param {Rule} rule @returns {boolean} */
const isItem = ({ is, bytes, member }) => (is === "hex" && bytes === ID) || (is === "list" && isItem(member));

/**
 * @param {string} above path @param {any} record @param {Record<string, Rule>} rules
 * @param {Set<string>} [left] paths that are left out @returns {[string, string][]}
 */
function inside(above, record, rules, left = new Set()) {
  return Object.entries(rules).flatMap(([name, rule]) => {
    const path = above ? `${above}.${name}` : name;
    const value = record[name];
    if (left.has(path) || !says(value) || isItem(rule) || rule.is === "base64") return [];
    if (rule.is === "object") return inside(path, value, rule.members, left);
    return [/** @type {[string, string]} */ ([label(path), words(path, value, rule)])];
  });
}

/**
 * @param {any} meta a description as it was told @param {Set<string>} left paths of members that stand elsewhere
 * @returns {[string, string][]} label and value, in the order of the kind
 */
export const membersOf = (meta, left) => inside("", meta, KINDS[meta.kind] ?? {}, left);

/** @param {string} above @param {any} record @param {Record<string, Rule>} rules @returns {[string, string][]} */
function named(above, record, rules) {
  return Object.entries(rules).flatMap(([name, rule]) => {
    const path = above ? `${above}.${name}` : name;
    const value = record[name];
    if (!says(value)) return [];
    if (rule.is === "object") return named(path, value, rule.members);
    return isItem(rule) ? [value].flat().map((id) => /** @type {[string, string]} */ ([label(path), id])) : [];
  });
}

/** Members of an alarm name an alarm and a device, and `about` stands at the top of the detail. */
const NO_ITEMS = ["alarm", "about"];

/** @param {any} meta @returns {[string, string][]} label and id of each item that a description names */
export const itemsOf = (meta) => named("", meta, Object.fromEntries(
  Object.entries(KINDS[meta.kind] ?? {}).filter(([name]) => !NO_ITEMS.includes(name)),
));
