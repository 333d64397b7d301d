/** What a description says, in words of both languages: `evidence/bundle/format/kinds.py` and `evidence/envelope/words.py`. */
import { told } from "../meta.js";
import { KINDS } from "../meta-schema.js";
import { MEMBERS, TERMS, VALUES } from "../meta-words.js";

/** @typedef {import("../meta-schema.js").Rule} Rule */

/** @param {string[]} words Dutch and English @returns {string} once where they are the same */
export const both = (words) => [...new Set(words)].join(" / ");

/** @param {string} path @returns {string} the words of a member with those of what holds it, and its path for programs */
export function label(path) {
  const names = path.split(".");
  const above = names.map((_, at) => MEMBERS[names.slice(0, at + 1).join(".")]);
  return `${both([0, 1].map((language) => above.map((words) => words[language]).join(": ")))} [${path}]`;
}

/** @param {Record<string, Rule>} members @param {string} [above] @returns {[string, Rule][]} each member that is no record itself, by its path */
function leaves(members, above = "") {
  return Object.entries(members).flatMap(([name, rule]) => {
    const path = `${above}${name}`;
    if (rule.is === "object") return leaves(rule.members, `${path}.`);
    return path === "v" || rule.is === "base64" ? [] : [/** @type {[string, Rule]} */ ([path, rule])];
  });
}

/** @param {Record<string, Rule>} members @param {string} above @param {Map<string, boolean>} found which have only so many answers */
function collect(members, above, found) {
  for (const [name, rule] of Object.entries(members)) {
    if (name === "v" || rule.is === "base64") continue;
    const path = `${above}${name}`;
    const one = rule.is === "list" ? rule.member : rule;
    found.set(path, one.is === "one");
    if (one.is === "object") collect(one.members, `${path}.`, found);
  }
}

/** @type {Map<string, boolean>} */
const CHOSEN = new Map();
for (const members of Object.values(KINDS)) collect(members, "", CHOSEN);

/** @param {string} path @param {any} value @returns {string} what a member says */
export function said(path, value) {
  if (Array.isArray(value)) return value.map((one) => said(path, one)).join("; ");
  if (value !== null && typeof value === "object") {
    const inside = Object.entries(value).filter(([, member]) => member !== null && !(Array.isArray(member) && member.length === 0));
    return inside.map(([name, member]) => `${both(MEMBERS[`${path}.${name}`])}: ${said(`${path}.${name}`, member)}`).join(" · ");
  }
  if (typeof value === "boolean") return both(VALUES[value ? "yes" : "no"]);
  const answers = TERMS[path] ?? (CHOSEN.get(path) ? VALUES : {});
  const text = value === null ? "" : String(value);
  return Object.hasOwn(answers, text) ? both(answers[text]) : text;
}

/** @param {any} meta a description that was checked @returns {string} its kind for people: its own, or that of a position */
export const kindOf = (meta) => (meta.alarm?.kind === "position" ? "position" : meta.kind);

/** @param {any} meta a description that was checked @returns {Map<string, string>} what it says, by path; nothing for what says nothing */
export function wordsOf(meta) {
  const plain = told(meta);
  const found = leaves(KINDS[meta.kind]).map(([path, rule]) => {
    const value = path.split(".").reduce((one, name) => one?.[name] ?? null, plain);
    if (rule.is === "pieces") return /** @type {[string, string]} */ ([path, value ?? ""]);
    return /** @type {[string, string]} */ ([path, said(path, path === "kind" ? kindOf(meta) : value)]);
  });
  return new Map(found.filter(([, words]) => words));
}
