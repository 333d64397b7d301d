/** What was said of the items of a bundle, told beside them: `evidence/bundle/checking/said.py`. It changes no verdict on what was sealed. */
import { tally } from "./names.js";

/** @typedef {import("./journal.js").Part} Part */
/** @typedef {import("./claims.js").Findings} Findings */

const SHOWN = 8;

/**
 * @param {Part} part @param {Findings} findings
 */
export function tell(part, findings) {
  const exported = new Set(part.export.said.body.items);
  /** @param {string[]} items */
  const here = (items) => items.filter((item) => exported.has(item)).map((item) => item.slice(0, SHOWN)).join(", ");
  const trusted = part.listed.filter(part.trusted);
  for (const { at, said: { type, by, body } } of trusted) {
    const known = { who: part.who(by), when: at };
    if (type === "item.amend") {
      const hers = part.standing.keys.get(by)?.role === "vault";
      findings.note(hers ? "item-amended" : "item-added-to", body.amends, { ...known, by: body.item });
    } else if (type === "dispute") findings.note("item-disputed", body.device.slice(0, SHOWN), { ...known, since: body.since, until: body.until });
    else if (type === "hold.place" && part.standing.holds.has(body.hold)) findings.note("item-held", here(body.items), { ...known, ground: body.ground });
    else if (type === "erase.request" && !part.standing.ended.has(body.erasure)) findings.note("item-erasure-asked", here(body.items), known);
    else if (type === "break_glass") findings.note("item-glass-broken", body.item, { ...known, reason: body.reason });
    else if (type === "rescue.use") {
      const asked = part.listed.find(({ id }) => id === body.agrees);
      if (asked) findings.note("case-rescued", "", { ...known, asker: part.who(asked.said.by), until: body.until, reason: body.reason });
    } else if (type === "revoke") findings.note("grant-revoked", "", known);
  }
  const before = trusted.filter(({ said }) => said.type === "export").map(({ said }) => part.who(said.by));
  if (before.length) findings.note("exported-before", "", { exports: tally(before) });
}

/** @param {Part} part @param {Findings} findings */
export function tellReads(part, findings) {
  const readers = part.of("read").filter(part.trusted).map(({ said }) => part.who(said.body.reader));
  if (readers.length) findings.note("reads", "", { reads: tally(readers) });
}
