/** What is made from the rest of an opened bundle, for people and their programs. */

/**
 * @param {import("./bag.js").Bag} _bag @param {Map<string, string>} _digests @param {any} _openings @param {import("./claims.js").Findings} findings
 */
export async function checkDerived(_bag, _digests, _openings, findings) {
  findings.note("not-checked-here", "derived");
}
