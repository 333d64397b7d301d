/** Which time stamp authorities are trusted, and what their tokens over one head are worth (`evidence/custody/time/`). */
import { FormatError, concat, fromHex, hex, sha256, text } from "../bytes.js";
import { verifyInclusion } from "../proof.js";
import { need } from "./bag.js";
import { parseCheckpoint, parseProof } from "./notes.js";
import * as rfc3161 from "./rfc3161.js";
import { UnjudgedError, fingerprint, fromPem } from "./x509.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {import("./rfc3161.js").Stated} Stated */
/** @typedef {{name: string, roots: import("./x509.js").Certificate[], until: number | null}} Tsa */
/** @typedef {{tsas: Tsa[], quorum: number}} Trusted */
/** @typedef {{tsa: string, said: Stated, renewed: number[]}} Vouched `renewed`: the times of the renewals that carry it on */
/** @typedef {{vouched: Vouched[], expired: Vouched[], bad: Error[], unjudged: Error[]}} Judged */
/** @typedef {{agreed: Vouched[], outvoted: Vouched[], torn: boolean, gap: number}} Settled */

const [MAX_TSAS, MAX_ROUNDS] = [16, 32];
const MAX_TOKENS = 2 * MAX_TSAS;
const RENEWAL = "getuige/token-renewal/v1";

/** Authorities are asked at once and answer within seconds; a minute forgives much. */
const AGREE_WITHIN = 60_000_000;

/** @param {import("./bag.js").Bag} folder the trust folder @returns {Promise<Trusted>} @throws {FormatError} */
export async function readTsas(folder) {
  const roots = await fromPem(text(await need(folder, "tsa-roots.pem")));
  if (!folder.has("tsa-policy")) return { tsas: roots.map((root) => ({ name: "", roots: [root], until: null })), quorum: Math.min(1, roots.length) };
  const known = new Map(await Promise.all(roots.map(async (root) => /** @type {const} */ ([await fingerprint(root), root]))));
  /** @type {Map<string, Tsa>} */
  const tsas = new Map();
  const used = new Set();
  let quorum = -1;
  for (const line of text(await need(folder, "tsa-policy")).split(/\r\n|[\n\r]/)) {
    const [word, name, value, ...more] = line.split(/\s+/).filter(Boolean);
    if (!word || word.startsWith("#")) continue;
    if (word === "tsa" && value && more.length <= 1 && /^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/.test(name) && !tsas.has(name) && tsas.size < MAX_TSAS) {
      tsas.set(name, { name, roots: value.split(",").map((one) => rootOf(one, known, used)), until: null });
    } else if (word === "until" && value && !more.length && tsas.get(name)?.until === null) {
      /** @type {Tsa} */ (tsas.get(name)).until = untilOf(value);
    } else if (word === "quorum" && quorum < 0 && !value && /^(0|[1-9][0-9]?)$/.test(name)) quorum = Number(name);
    else throw new FormatError("a line of the TSA policy is not understood");
  }
  if (!tsas.size || quorum < 0 || quorum > tsas.size) throw new FormatError("a TSA policy names authorities, and a quorum of at most all of them");
  return { tsas: [...tsas.values()], quorum };
}

/** @param {string} name SHA-256 @param {Map<string, import("./x509.js").Certificate>} known @param {Set<string>} used */
function rootOf(name, known, used) {
  const root = known.get(hex(fromHex(name, 32)));
  if (!root) throw new FormatError("no certificate has the SHA-256 that the TSA policy names");
  if (used.has(name)) throw new FormatError("two authorities share a root, so they would count as two");
  used.add(name);
  return root;
}

/** @param {string} value @returns {number} microseconds */
function untilOf(value) {
  const moment = Date.parse(value);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) || Number.isNaN(moment)) throw new FormatError("no time like 2031-01-01T00:00:00Z");
  return moment * 1000;
}

/** The tokens and renewals of a bundle, judged by the authorities that are trusted. */
export class Tokens {
  /** @type {Map<string, string[]>} */
  #names = new Map();

  /** @param {import("./bag.js").Bag} bag @param {Trusted} trusted @param {number} now microseconds */
  constructor(bag, trusted, now) {
    this.bag = bag;
    this.trusted = trusted;
    this.now = now;
    for (const name of [...bag.keys()].sort()) {
      const digest = /^proof\/timestamps\/([0-9a-f]{64})/.exec(name)?.[1];
      if (digest) this.#names.set(digest, [...(this.#names.get(digest) ?? []), name]);
    }
  }

  /** @param {string} digest @returns {Promise<Bytes[]>} the tokens over it */
  over(digest) {
    return Promise.all((this.#names.get(digest) ?? []).slice(0, MAX_TOKENS).map((name) => need(this.bag, name)));
  }

  /** What the tokens over a head are worth; of one authority the earliest counts. @param {string} digest @returns {Promise<Judged>} */
  async judge(digest) {
    /** @type {Map<string, Vouched>} */
    const vouched = new Map();
    /** @type {Map<string, Vouched>} */
    const expired = new Map();
    /** @type {Judged} */
    const judged = { vouched: [], expired: [], bad: [], unjudged: [] };
    for (const token of await this.over(digest)) {
      try {
        const { tsa, said } = await this.#identify(token, digest);
        const renewed = await this.#carried(token, tsa, said, MAX_ROUNDS);
        const name = tsa.name || said.name;
        const found = renewed ? vouched : expired;
        if ((found.get(name)?.said.time ?? Infinity) > said.time) found.set(name, { tsa: name, said, renewed: renewed ?? [] });
      } catch (error) {
        (error instanceof UnjudgedError ? judged.unjudged : judged.bad).push(/** @type {Error} */ (error));
      }
    }
    judged.vouched = [...vouched.values()];
    judged.expired = [...expired.values()].filter(({ tsa }) => !vouched.has(tsa));
    return judged;
  }

  /** @param {Bytes} token @param {string} digest @returns {Promise<{tsa: Tsa, said: Stated}>} whose token it is, and what it says */
  async #identify(token, digest) {
    let reason = new FormatError("no time stamp authority is trusted");
    for (const tsa of this.trusted.tsas) {
      try {
        return { tsa, said: await rfc3161.verify(token, fromHex(digest, 32), tsa.roots) };
      } catch (error) {
        if (!(reason instanceof UnjudgedError)) reason = /** @type {Error} */ (error);
      }
    }
    throw reason;
  }

  /**
   * The times of the renewals by which a token is still believed (none are needed: empty); null when it has expired.
   * @param {Bytes} token @param {Tsa} tsa @param {Stated} said @param {number} rounds @returns {Promise<number[] | null>}
   */
  async #carried(token, tsa, said, rounds) {
    const name = hex(await sha256(token));
    const file = `proof/renewals/${name}.tlog-proof`;
    const stamped = this.bag.has(file) ? await renewalOf(await need(this.bag, file), fromHex(name, 32)) : null;
    const end = Math.min(said.expires, tsa.until ?? Infinity);
    if (this.now <= end) return [];
    if (stamped === null || rounds === 0) return null;
    for (const newer of await this.over(stamped)) {
      let by;
      try {
        by = await this.#identify(newer, stamped);
      } catch (error) {
        if (error instanceof UnjudgedError) throw error;
        continue;
      }
      if (said.time > by.said.latest || by.said.latest > end) continue;
      const further = await this.#carried(newer, by.tsa, by.said, rounds - 1);
      if (further) return [by.said.time, ...further];
    }
    return null;
  }
}

/** @param {Bytes} proof of a renewal @param {Bytes} token SHA-256 of it @returns {Promise<string>} what was stamped @throws {Error} it is about another */
async function renewalOf(proof, token) {
  const { index, hashes, note } = parseProof(proof);
  const head = parseCheckpoint(note);
  if (head.origin !== RENEWAL || head.extensions.length) throw new FormatError("the head is not that of a renewal");
  await verifyInclusion(await sha256(concat([0], token)), index, head, hashes);
  return hex(await sha256(new TextEncoder().encode(note)));
}

/** The largest group of authorities whose times agree pairwise. @param {Vouched[]} vouched @returns {Settled} */
export function settle(vouched) {
  const row = [...vouched].sort((left, right) => left.said.time - right.said.time);
  /** @type {Vouched[]} */
  let best = [];
  row.forEach((first, start) => {
    const group = row.slice(start).filter((one) => one.said.time - first.said.time <= AGREE_WITHIN + first.said.accuracy + one.said.accuracy);
    if (group.length > best.length) best = group;
  });
  const torn = 2 * best.length <= row.length && best.length < row.length;
  const gap = row.length ? row[row.length - 1].said.time - row[0].said.time : 0;
  return { agreed: best, outvoted: row.filter((one) => !best.includes(one)), torn, gap };
}
