/** Between which times events came to be, by clocks that are not the server's: `evidence/bundle/checking/stamps.py` and `interval.py`. */
import { Tokens, settle } from "./tsas.js";

/** @typedef {import("./journal.js").Event} Event */
/** @typedef {import("./claims.js").Findings} Findings */
/** @typedef {import("./tsas.js").Settled} Settled */
/**
 * @typedef {{digest: string, origin: string, size: number, root: string, cosigned: number[], below: number, events: Event[],
 *   stamped: number | null}} Head a checkpoint that the policy believes, with the events that are proven under it; times in microseconds
 */
/** @typedef {{earliest: number | null, latest: number | null}} Interval */
/** @typedef {{notAfter: Map<number, number>, intervals: Map<number, Interval>}} Times by the number of the event */

const [SECOND, MINUTE, HOUR] = [1_000_000, 60_000_000, 3_600_000_000];
const [TOLERANCE, WIDE] = [60 * SECOND, HOUR];
const FAILS = ["time-server-ahead", "time-server-behind"];

/** @param {string} time @returns {number} microseconds since 1970 */
const moment = (time) => Date.parse(time) * 1000;

/** @param {number} micros @returns {string} to the millisecond, cut off */
export const written = (micros) => new Date(Math.floor(micros / 1000)).toISOString();

/** @param {number} gap microseconds @returns {string} hours and minutes, `2:00` */
function hours(gap) {
  const exact = gap / MINUTE;
  const [whole, rest] = [Math.floor(exact), exact % 1];
  const minutes = rest === 0.5 ? whole + (whole % 2) : Math.round(exact); // half to even, as Python rounds
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/**
 * Judge the tokens over every head, demand the quorum, and compare the clocks.
 * @param {Head[]} heads @param {import("./bag.js").Bag} bag @param {import("./tsas.js").Trusted} trusted
 * @param {import("../lineage.js").Lineage} line @param {Findings} findings @returns {Promise<Times>} what holds
 */
export async function check(heads, bag, trusted, line, findings) {
  const now = Date.now() * 1000;
  const tokens = new Tokens(bag, trusted, now);
  /** @type {Map<number, number>} */
  const notAfter = new Map();
  const told = new Told(trusted.quorum);
  for (const head of heads) {
    const judged = await tokens.judge(head.digest);
    for (const why of judged.bad) findings.failed("time-token-bad", "", { why });
    for (const why of judged.unjudged) findings.note("not-checked-here", "time stamp", { why });
    const settled = settle(judged.vouched);
    tellOfExpired(judged.expired, settled, trusted.quorum, findings);
    tellOfDisagreement(settled, findings);
    const stamped = bound(settled);
    head.stamped = stamped && stamped.said.latest;
    if (stamped) for (const { index } of head.events) notAfter.set(index, stamped.said.time);
    told.collect(settled, head.events, judged.unjudged.length);
  }
  told.tell(findings);
  return { notAfter, intervals: compare(heads, line, now, findings) };
}

/** The stamp by which the head existed: the earliest that is agreed on, or the latest where nobody agrees. @param {Settled} settled */
function bound({ agreed, outvoted, torn }) {
  const all = torn ? [...agreed, ...outvoted] : agreed;
  return all.reduce((/** @type {import("./tsas.js").Vouched | null} */ best, one) => {
    const better = !best || (torn ? one.said.latest > best.said.latest : one.said.latest < best.said.latest);
    return better ? one : best;
  }, null);
}

/** @param {import("./tsas.js").Vouched[]} expired @param {Settled} settled @param {number} quorum @param {Findings} findings */
function tellOfExpired(expired, settled, quorum, findings) {
  const enough = settled.agreed.length >= Math.max(1, quorum);
  for (const { tsa, said } of expired) {
    const values = { when: written(said.time), expired: written(said.expires) };
    if (enough) findings.note("time-token-expired", tsa, values);
    else findings.failed("time-token-expired", tsa, values);
  }
}

/** @param {Settled} settled @param {Findings} findings */
function tellOfDisagreement({ agreed, outvoted, torn, gap }, findings) {
  if (torn) {
    const names = [...agreed, ...outvoted].map(({ tsa }) => tsa).sort();
    findings.failed("time-tsa-differs", names.join(", "), { gap: hours(gap) });
    return;
  }
  for (const { tsa } of outvoted) findings.note("time-tsa-outvoted", tsa, { gap: hours(gap), agreed: agreed.length });
}

/** What is said once over all heads. */
class Told {
  /** @type {Map<string, string[]>} */
  #times = new Map();
  /** @type {number[]} */
  #renewed = [];
  /** @type {number[]} */
  #short = [];
  #missing = 0;

  /** @param {number} quorum */
  constructor(quorum) {
    this.quorum = quorum;
  }

  /** @param {Settled} settled @param {Event[]} covered @param {number} unjudged tokens that may vouch as well */
  collect({ agreed, outvoted, torn }, covered, unjudged) {
    const vouching = torn ? [] : agreed;
    for (const { tsa, said, renewed } of vouching) {
      this.#times.set(tsa, [...(this.#times.get(tsa) ?? []), ...covered.map(() => written(said.time))]);
      this.#renewed.push(...renewed);
    }
    if (vouching.length + unjudged < this.quorum) this.#short.push(...covered.map(({ index }) => index));
    else if (!agreed.length && !outvoted.length) this.#missing += covered.length;
  }

  /** @param {Findings} findings */
  tell(findings) {
    for (const [authority, times] of [...this.#times].sort(([left], [right]) => (left < right ? -1 : 1))) {
      const sorted = [...times].sort();
      findings.proven("time", "", { count: times.length, earliest: sorted[0], latest: sorted[sorted.length - 1], authority });
    }
    const renewed = this.#renewed.sort((left, right) => left - right);
    if (renewed.length) findings.proven("time-renewed", "", { latest: written(renewed[renewed.length - 1]), first: written(renewed[0]) });
    if (this.#short.length) findings.failed("time-quorum", String(Math.min(...this.#short)), { count: this.#short.length, quorum: this.quorum });
    if (this.#missing) findings.note("time-missing", "", { count: this.#missing });
  }
}

/** @param {Head} head @returns {number | null} by when it existed: of several witnesses the latest counts, unless a stamp is earlier */
function notAfterOf({ cosigned, stamped }) {
  const bounds = [...(cosigned.length ? [Math.max(...cosigned)] : []), ...(stamped === null ? [] : [stamped])];
  return bounds.length ? Math.min(...bounds) : null;
}

/**
 * Compare the server's and the signers' clocks with the interval of each event.
 * @param {Head[]} heads @param {import("../lineage.js").Lineage} line @param {number} now @param {Findings} findings
 * @returns {Map<number, Interval>}
 */
function compare(heads, line, now, findings) {
  demandOneHistory(heads, findings);
  /** @type {Map<number, Interval>} */
  const found = new Map();
  /** @type {Map<string, {gap: number, index: number}[]>} */
  const odd = new Map([...FAILS, "time-wide", "time-signer-clock", "time-claim-early"].map((code) => [code, []]));
  for (const under of heads) {
    for (const event of under.events) {
      const claim = judgeSeen(event, line, heads);
      const between = { earliest: earliestOf(event, line, heads), latest: notAfterOf(under) };
      if (claim === "contradicted") {
        between.earliest = null;
        findings.note("seen-differs", String(event.index), { size: event.said.seen.size });
      }
      found.set(event.index, between);
      for (const [code, gap] of oddities(event, between)) {
        const unshown = code === "time-server-behind" && claim !== "shown";
        /** @type {any} */ (odd.get(unshown ? "time-claim-early" : code)).push({ gap, index: event.index });
      }
    }
  }
  for (const [code, all] of odd) {
    if (!all.length) continue;
    const { gap, index } = all.reduce((worst, one) => (one.gap > worst.gap || (one.gap === worst.gap && one.index > worst.index) ? one : worst));
    const values = { count: all.length, gap: hours(gap) };
    if (FAILS.includes(code)) findings.failed(code, String(index), values);
    else findings.note(code, String(index), values);
  }
  const latest = heads.map(notAfterOf).reduce((/** @type {number | null} */ most, one) => (one !== null && one > (most ?? 0) ? one : most), null);
  if (latest !== null && latest > now + TOLERANCE) findings.note("time-clock-here", "", { gap: hours(latest - now) });
  return found;
}

/** @param {Event} event @param {Interval} between @returns {[string, number][]} what is odd about the two times that it states */
function oddities(event, { earliest, latest }) {
  const [received, signed] = [moment(event.at), moment(event.said.at)];
  /** @type {[string, number][]} */
  const found = [];
  if (latest !== null) {
    if (received > latest + TOLERANCE) found.push(["time-server-ahead", received - latest]);
    else if (latest - received > WIDE) found.push(["time-wide", latest - received]);
    if (signed > latest + TOLERANCE) found.push(["time-signer-clock", signed - latest]);
  }
  if (earliest !== null) {
    if (received < earliest - TOLERANCE) found.push(["time-server-behind", earliest - received]);
    if (signed < earliest - TOLERANCE) found.push(["time-signer-clock", earliest - signed]);
  }
  return found;
}

/** Heads of one log and one size have one root, or the log was shown in two versions. @param {Head[]} heads @param {Findings} findings */
function demandOneHistory(heads, findings) {
  /** @type {Map<string, Set<string>>} */
  const roots = new Map();
  for (const { origin, size, root } of heads) {
    const of = `${origin} ${String(size).padStart(16, "0")}`;
    roots.set(of, (roots.get(of) ?? new Set()).add(root));
  }
  for (const [of, found] of [...roots].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const [origin, size] = of.split(" ");
    if (found.size > 1) findings.failed("heads-differ", origin, { size: Number(size), count: found.size });
  }
}

/** The log of the head that was seen: the first of the line, unless the statement names another. @param {any} seen @param {import("../lineage.js").Lineage} line */
const logSeen = (seen, line) => (seen?.log === undefined ? line.logs[0] : line.logs.find(({ origin }) => origin === seen.log));

/**
 * Whether the head that the signer claims to have seen is here, or another of that size, or neither: one signer's word against heads
 * that log and witnesses signed.
 * @param {Event} event @param {import("../lineage.js").Lineage} line @param {Head[]} heads @returns {"shown" | "contradicted" | "unknown"}
 */
function judgeSeen({ said: { seen } }, line, heads) {
  const log = seen && logSeen(seen, line);
  if (!log) return "unknown";
  const known = new Set(heads.filter(({ origin, size }) => origin === log.origin && size === seen.size).map(({ root }) => root));
  if (log.end?.size === seen.size) known.add(log.end.root);
  if (known.has(seen.root)) return "shown";
  return known.size || (log.end && seen.size > log.end.size) ? "contradicted" : "unknown";
}

/** @param {Event} event @param {import("../lineage.js").Lineage} line @param {Head[]} heads @returns {number | null} not before */
function earliestOf({ index, said: { seen } }, line, heads) {
  const log = seen && logSeen(seen, line);
  const below = log ? log.firstEvent + Math.max(0, seen.size - log.before) : 0;
  // No head that was seen can hold the statement itself: who claims that saw nothing, and moves no bound.
  const size = below <= index ? below : 0;
  const known = heads.filter((head) => head.below <= size && head.cosigned.length).map(({ cosigned }) => Math.min(...cosigned));
  return known.length ? Math.max(...known) : null;
}
