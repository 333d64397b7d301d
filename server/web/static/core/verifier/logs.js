/** The policy, the line of logs and what is proven in them (docs/formats/custody-log.md). Witnesses sign with Ed25519 or ML-DSA-44. */
import * as canonical from "../canonical.js";
import { FormatError, concat, equal, fromBase64, hex, hmac, sha256, text, utf8 } from "../bytes.js";
import { Lineage } from "../lineage.js";
import { ProofError, verifyInclusion } from "../proof.js";
import { SignatureError, verify } from "../sodium.js";
import { need } from "./bag.js";
import { verify as verifyMlDsa } from "./mldsa.js";
import { parseCheckpoint, parseKey, parseNote, parseProof } from "./notes.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {import("./notes.js").Verifier} Verifier */
/** @typedef {{origin: string, size: number, root: Bytes, cosigned: {witness: string, at: number}[]}} Head times in microseconds */
/** @typedef {{logs: string[], witnesses: Map<string, Verifier>, groups: Map<string, {needed: number, members: string[]}>, quorum: string}} Policy */

const [LOG, ED25519, ML_DSA_44] = [1, 4, 6];
const NO_QUORUM = "none";
const ROTATIONS = "proof/rotations.json";

/** The last second of the year 9999. */
const MAX_TIME = 253_402_300_799n;

/** @param {string} source @returns {Promise<Policy>} @throws {FormatError} */
export async function parsePolicy(source) {
  /** @type {Policy} */
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: "" };
  for (const line of source.split("\n")) {
    const [word, ...words] = line.split(/[ \t]+/).filter(Boolean);
    if (!word || word.startsWith("#")) continue;
    if (word === "log") policy.logs.push(words[0]);
    else if (word === "witness") policy.witnesses.set(words[0], await witness(words[1]));
    else if (word === "group") {
      const [name, needed, ...members] = words;
      const named = /** @type {Record<string, number>} */ ({ any: 1, all: members.length })[needed] ?? Number(needed);
      policy.groups.set(name, { needed: named, members });
    } else if (word === "quorum") policy.quorum = words[0];
    else throw new FormatError("not a log, witness, group or quorum line");
  }
  if (!policy.quorum || policy.logs.length === 0) throw new FormatError("a policy has a log and a quorum line");
  return policy;
}

/** @param {string} vkey @returns {Promise<Verifier>} @throws {FormatError} not a witness's key */
async function witness(vkey) {
  const key = await parseKey(vkey);
  if (key.kind !== ED25519 && key.kind !== ML_DSA_44) throw new FormatError("witnesses have keys of type 4 or 6");
  return key;
}

/** @param {{name: string, blob: Bytes}[]} lines @param {Verifier} key @returns {Bytes[]} signatures of this key */
const linesOf = (lines, { name, id }) =>
  lines.filter((line) => line.name === name && equal(line.blob.subarray(0, 4), id)).map(({ blob }) => blob.slice(4));

/**
 * The time of a cosignature (c2sp.org/tlog-cosignature); null for one that says no time, which does not count.
 * @param {Verifier} key @param {string} body of the head @param {Bytes} blob @returns {Promise<number | null>} microseconds
 * @throws {SignatureError} the line does not hold
 */
async function cosignedAt({ name, kind, key }, body, blob) {
  const seconds = blob.length < 8 ? MAX_TIME + 1n : new DataView(blob.buffer).getBigUint64(0);
  if (seconds > MAX_TIME) throw new SignatureError(`the cosignature of ${name} bears no usable time`);
  if (kind === ED25519) verify(key, utf8(`cosignature/v1\ntime ${seconds}\n${body}`), blob.slice(8));
  else await verifyMlDsa(key, subtree(name, parseCheckpoint(body), seconds), blob.slice(8));
  return kind === ML_DSA_44 && seconds === 0n ? null : Number(seconds) * 1_000_000;
}

/** @param {string} name of the cosigner @param {import("./notes.js").Checkpoint} head @param {bigint} seconds @returns {Bytes} what an ML-DSA-44 key signs */
function subtree(name, { origin, size, root }, seconds) {
  const [cosigner, log] = [utf8(name), utf8(origin)];
  const numbers = new DataView(new ArrayBuffer(24));
  numbers.setBigUint64(0, seconds);
  numbers.setBigUint64(16, BigInt(size));
  const bytes = new Uint8Array(numbers.buffer);
  return concat(utf8("subtree/v1\n\0"), [cosigner.length], cosigner, bytes.subarray(0, 8), [log.length], log, bytes.subarray(8), root);
}

/** The logs that are believed, their policy, and the judgement on heads of those that ended. */
export class Logs {
  /** @type {Set<string>} heads of before a rotation, for which only the witnesses answer */
  unlinked = new Set();

  /** @param {Policy} policy @param {Lineage} line @param {Map<string, Bytes[]>} links */
  constructor(policy, line, links = new Map()) {
    this.policy = policy;
    this.line = line;
    this.links = links;
  }

  /** @param {string} origin @returns {import("../lineage.js").Log} @throws {FormatError} */
  log(origin) {
    const found = this.line.logs.find((log) => log.origin === origin);
    if (!found) throw new FormatError(`the policy knows no log ${origin}`);
    return found;
  }

  /**
   * What a signed head says, when its log signed it, every line of a known key holds, and the quorum is there.
   * @param {string} note @returns {Promise<Head>} @throws {FormatError | SignatureError}
   */
  async believe(note) {
    const { body, lines } = parseNote(note);
    const { origin, size, root } = parseCheckpoint(body);
    const log = await parseKey(this.log(origin).vkey);
    const signatures = linesOf(lines, log);
    if (log.kind !== LOG || signatures.length === 0) throw new SignatureError(`no known key of ${origin} signed the checkpoint`);
    for (const signature of signatures) verify(log.key, utf8(body), signature);
    const cosigned = [];
    for (const [witness, key] of this.policy.witnesses) {
      const times = [];
      for (const blob of linesOf(lines, key)) times.push(await cosignedAt(key, body, blob));
      const known = times.filter((at) => at !== null);
      if (known.length) cosigned.push({ witness, at: Math.min(...known) });
    }
    this.#demandQuorum(new Set(cosigned.map(({ witness }) => witness)));
    return { origin, size, root, cosigned };
  }

  /** @param {Set<string>} present @throws {SignatureError} */
  #demandQuorum(present) {
    for (const [name, { needed, members }] of this.policy.groups) {
      if (members.filter((member) => present.has(member)).length >= needed) present.add(name);
    }
    if (this.policy.quorum !== NO_QUORUM && !present.has(this.policy.quorum)) {
      throw new SignatureError("the quorum of witnesses is not there");
    }
  }

  /**
   * @param {Bytes} proof a `.tlog-proof` @param {Bytes} entry of the log
   * @returns {Promise<{index: number, head: Head, note: string}>} @throws {Error} it is not there, or the head is not believed
   */
  async prove(proof, entry) {
    const { index, hashes, note } = parseProof(proof);
    const head = await this.believe(note);
    await verifyInclusion(await sha256(concat([0], entry)), index, head, hashes);
    return { index, head, note };
  }

  /**
   * The head under which an entry stands in the place of an event.
   * @param {Bytes} proof @param {Bytes} entry @param {number} event its number @param {import("../lineage.js").Log} [exported] the log of the export
   * @returns {Promise<{head: Head, note: string}>} @throws {Error} it stands nowhere, elsewhere, or the head is not believed
   */
  async proveAt(proof, entry, event, exported = this.line.at(event)) {
    const { index, head, note } = await this.prove(proof, entry);
    await this.admit(head, note, exported);
    const log = this.line.at(event);
    if (head.origin !== log.origin || index !== event - log.firstEvent + log.before) throw new ProofError("the proof is about another place in the log");
    return { head, note };
  }

  /** Say for how many heads only the witnesses answer. @param {import("./claims.js").Findings} findings */
  tell(findings) {
    if (this.unlinked.size) findings.note("log-unlinked", "", { count: this.unlinked.size });
  }

  /**
   * Refuse what a rotation forbids of a head: beyond the end of its log, or not leading there.
   * @param {Head} head @param {string} note @param {import("../lineage.js").Log} exported the log of the export
   */
  async admit(head, note, exported) {
    const log = this.log(head.origin);
    if (!log.end) return;
    if (head.size > log.end.size) throw new ProofError("the log ended before this head: its key was retired");
    const digest = hex(await sha256(utf8(note)));
    const link = this.links.get(digest);
    if (link === undefined && head.size < log.end.size) {
      if (exported.firstEvent > log.firstEvent || this.policy.quorum === NO_QUORUM) throw new ProofError("the head leads nowhere");
      this.unlinked.add(digest);
      return;
    }
    await verifyConsistency(head.size, head.root, log.end.size, log.end.root, link ?? []);
  }
}

/**
 * RFC 9162 section 2.1.4.2.
 * @param {number} size1 @param {Bytes} root1 @param {number} size2 @param {string} root2 hexadecimal @param {Bytes[]} path
 */
export async function verifyConsistency(size1, root1, size2, root2, path) {
  if (size1 < 1 || size1 > size2) throw new ProofError("no smaller head leads to a larger one");
  if (size1 === size2) {
    if (path.length || hex(root1) !== root2) throw new ProofError("two heads of one size differ");
    return;
  }
  const hashes = Number.isInteger(Math.log2(size1)) ? [root1, ...path] : path;
  let [fn, sn] = [size1 - 1, size2 - 1];
  while (fn % 2 === 1) [fn, sn] = [(fn - 1) / 2, Math.floor(sn / 2)];
  if (hashes.length === 0) throw new ProofError("the head leads nowhere");
  let [fr, sr] = [hashes[0], hashes[0]];
  for (const hash of hashes.slice(1)) {
    if (sn === 0) throw new ProofError("the proof is too long");
    if (fn % 2 === 1 || fn === sn) {
      fr = await sha256(concat([1], hash, fr));
      sr = await sha256(concat([1], hash, sr));
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      sr = await sha256(concat([1], sr, hash));
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  if (sn !== 0 || !equal(fr, root1) || hex(sr) !== root2) throw new ProofError("a head is not part of the final head");
}

/** @param {Bytes} salt @param {Bytes} event @returns {Promise<Bytes>} the entry of an event */
export const entryOf = async (salt, event) => concat([1], await hmac("SHA-256", salt, event));

/**
 * The logs that count: those of the anchors, and those that the root's rotations in the bundle add.
 * @param {import("./bag.js").Bag | null} bag null: there is none @param {import("./verify.js").Anchors} anchors
 * @param {import("./claims.js").Findings} findings @returns {Promise<Logs>}
 */
export async function believe(bag, anchors, findings) {
  const { policy } = anchors;
  const first = { root: anchors.root, vkey: policy.logs[0], origin: policy.logs[0].split("+")[0] };
  try {
    const file = bag?.has(ROTATIONS) ? canonical.decode(await need(bag, ROTATIONS)) : { rotations: [], links: [] };
    const shown = file.rotations.map((/** @type {any} */ one) => canonical.decode(fromBase64(one.statement)));
    const line = await Lineage.follow(first, [...anchors.rotations, ...shown]);
    for (const vkey of policy.logs) {
      if (!line.logs.some((log) => log.vkey === vkey)) throw new FormatError("the policy names a log, and no rotation leads to it");
    }
    const links = new Map(file.links.map((/** @type {any} */ one) => [one.checkpoint, one.proof.map(fromHash)]));
    const logs = new Logs(policy, line, /** @type {Map<string, Bytes[]>} */ (links));
    for (const one of file.rotations) await demandSuccession(logs, one);
    line.logs.slice(0, -1).forEach(({ origin, end }, at) => {
      findings.proven("log-rotated", origin, { size: end?.size ?? 0, next: line.logs[at + 1].origin });
    });
    return logs;
  } catch (error) {
    findings.failed("rotation-bad", "", { why: error });
    return new Logs(policy, await Lineage.follow(first, anchors.rotations));
  }
}

/** @param {string} value @returns {Bytes} */
const fromHash = (value) => Uint8Array.from(value.match(/../g) ?? [], (byte) => parseInt(byte, 16));

/** The log that takes over begins with the end of the one before. @param {Logs} logs @param {any} one */
async function demandSuccession(logs, one) {
  const note = text(fromBase64(one.final));
  const final = await logs.believe(note);
  const log = logs.log(final.origin);
  const entry = concat([2], await sha256(concat(utf8("getuige/log-succession/v1\n"), utf8(parseNote(note).body))));
  const { index, head } = await logs.prove(fromBase64(one.entry), entry);
  const next = logs.line.logs[logs.line.logs.indexOf(log) + 1];
  if (index !== 0 || head.origin !== next?.origin || final.size !== log.end?.size || hex(final.root) !== log.end.root) {
    throw new FormatError("the heads of a rotation are not those that the root signed");
  }
}
