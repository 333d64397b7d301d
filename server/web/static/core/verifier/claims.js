/** The claims of the verifier: codes, verdicts and the numbers of the steps (docs/formats/sealed-bundle.md). */
import { STEPS } from "./pinned.js";

/** @typedef {"proven" | "failed" | "note"} Verdict */
/** @typedef {{step: number, code: string, verdict: Verdict, about: string, [value: string]: string | number}} Claim */
/** @typedef {Record<string, unknown>} Values what a sentence about it needs, as in `evidence/bundle/checking/texts.py` */

/** Collects claims while the verifier works. */
export class Findings {
  /** @type {Claim[]} */
  claims = [];

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

  /** @param {string} code @param {Verdict} verdict @param {string} about @param {Values} values */
  #add(code, verdict, about, values) {
    const said = Object.entries(values).map(([name, value]) => [name, value instanceof Error ? value.message : String(value)]);
    this.claims.push({ step: STEPS[code], code, verdict, about, ...Object.fromEntries(said) });
  }
}
