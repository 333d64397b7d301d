/** The claims of the verifier: codes, verdicts and the numbers of the steps (docs/formats/sealed-bundle.md). */

/** @typedef {"proven" | "failed" | "note"} Verdict */
/** @typedef {{step: number, code: string, verdict: Verdict, about: string, why?: string}} Claim */

/** @type {Record<string, number>} code → step, as in `evidence/bundle/checking/texts.py` */
const STEPS = {
  "anchors": 1,
  "bag-whole": 2, "bag-file-missing": 2, "bag-file-extra": 2, "bag-file-differs": 2, "bag-text-foreign": 2,
  "events-logged": 3, "event-not-logged": 3, "log-rotated": 3, "log-unlinked": 3, "rotation-bad": 3, "heads-differ": 3,
  "events-signed": 5, "event-not-authentic": 5,
  "export": 6, "export-manifest-differs": 6, "export-foreign-case": 6, "export-item-foreign": 6, "export-item-missing": 6,
  "export-not-granted": 6, "export-granted-not-here": 6, "export-head-differs": 6,
  "item-unchanged": 7, "item-incomplete": 7, "item-differs": 7, "original-proven": 7, "original-incomplete": 7,
  "original-closed": 7, "original-differs": 7,
  "sequence-whole": 8, "sequence-gap": 8, "sequence-broken": 8,
  "limits": 10, "not-checked-here": 10,
};

/** Collects claims while the verifier works. */
export class Findings {
  /** @type {Claim[]} */
  claims = [];

  /** @param {string} code @param {string} [about] */
  proven(code, about = "") {
    this.#add(code, "proven", about);
  }

  /** @param {string} code @param {string} [about] @param {unknown} [why] */
  failed(code, about = "", why = undefined) {
    this.#add(code, "failed", about, why);
  }

  /** @param {string} code @param {string} [about] @param {unknown} [why] */
  note(code, about = "", why = undefined) {
    this.#add(code, "note", about, why);
  }

  /** @returns {boolean} */
  get holds() {
    return this.claims.every(({ verdict }) => verdict !== "failed");
  }

  /** @param {string} code @param {Verdict} verdict @param {string} about @param {unknown} [why] */
  #add(code, verdict, about, why) {
    const more = why === undefined ? {} : { why: why instanceof Error ? why.message : String(why) };
    this.claims.push({ step: STEPS[code], code, verdict, about, ...more });
  }
}
