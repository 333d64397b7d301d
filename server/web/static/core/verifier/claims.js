/** The claims of the verifier: codes, verdicts, the numbers of the steps (docs/formats/sealed-bundle.md), and the sentences. */
import { STEPS } from "./pinned.js";
import { SENTENCES, VERDICTS, VERDICT_CHARACTERS } from "./sentences.js";

/** @typedef {"proven" | "failed" | "note"} Verdict */
/** @typedef {{step: number, code: string, verdict: Verdict, about: string, [value: string]: string | number}} Claim */
/** @typedef {Record<string, unknown>} Values what a sentence about it needs; what a language says differently has a method `said` */
/** @typedef {import("./names.js").Language} Language */

/** Collects claims while the verifier works. */
export class Findings {
  /** @type {Claim[]} */
  claims = [];

  /** @type {Map<Claim, Values>} as they were given */
  #values = new Map();

  /** @param {string} code @param {string} [about] @param {Values} [values] */
  proven(code, about = "", values = {}) {
    this.#add(code, "proven", about, values);
  }

  /** @param {string} code @param {string} [about] @param {Values} [values] */
  failed(code, about = "", values = {}) {
    this.#add(code, "failed", about, values);
  }

  /** @param {string} code @param {string} [about] @param {Values} [values] */
  note(code, about = "", values = {}) {
    this.#add(code, "note", about, values);
  }

  /** @returns {boolean} */
  get holds() {
    return this.claims.every(({ verdict }) => verdict !== "failed");
  }

  /** @param {Claim} claim @param {Language} language @returns {string} the claim as a sentence */
  sentence(claim, language) {
    /** @type {Values} */
    const values = { about: claim.about, ...this.#values.get(claim) };
    return SENTENCES[claim.code][language].replace(/\{(\w+)\}/g, (_, name) => written(values[name], language));
  }

  /** @param {Language} language @returns {string[]} a line for each claim: mark, verdict, number of the step, sentence */
  lines(language) {
    return this.claims.map((claim) => {
      const verdict = VERDICTS[claim.verdict];
      return `${verdict.mark} ${verdict[language].padEnd(VERDICT_CHARACTERS)} ${String(claim.step).padStart(2)}  ${this.sentence(claim, language)}`;
    });
  }

  /** @param {string} code @param {Verdict} verdict @param {string} about @param {Values} values */
  #add(code, verdict, about, values) {
    const said = Object.entries(values).map(([name, value]) => [name, written(value, "en")]);
    const claim = { step: STEPS[code], code, verdict, about, ...Object.fromEntries(said) };
    this.claims.push(claim);
    this.#values.set(claim, values);
  }
}

/** @param {any} value @param {Language} language @returns {string} */
function written(value, language) {
  if (value instanceof Error) return value.message;
  return typeof value?.said === "function" ? value.said(language) : String(value);
}
