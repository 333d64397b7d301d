/**
 * Signed notes, the policy, the line of logs and their proofs (docs/formats/custody-log.md). Witnesses with Ed25519 count;
 * ML-DSA-44 is not known to browsers, so a quorum that needs such a witness is not reached here.
 */
import * as canonical from "../canonical.js";
import { FormatError, concat, equal, fromBase64, hex, hmac, sha256, text, utf8 } from "../bytes.js";
import { Lineage } from "../lineage.js";
import { ProofError, verifyInclusion } from "../proof.js";
import { SignatureError, verify } from "../sodium.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {{name: string, id: Bytes, kind: number, key: Bytes}} Verifier */
/** @typedef {{origin: string, size: number, root: Bytes}} Head */
/** @typedef {{logs: string[], witnesses: Map<string, Verifier>, groups: Map<string, {needed: number, members: string[]}>, quorum: string}} Policy */

const LOG = 1;
const WITNESS = 4;
const NO_QUORUM = "none";

/** @param {string} vkey @returns {Promise<Verifier>} @throws {FormatError} */
async function parseKey(vkey) {
  const [name, id, ...encoded] = vkey.split("+");
  const blob = fromBase64(encoded.join("+"));
  const computed = (await sha256(concat(utf8(`${name}\n`), blob))).slice(0, 4);
  if (hex(computed) !== id) throw new FormatError("the key id does not belong to this name and key");
  return { name, id: computed, kind: blob[0], key: blob.slice(1) };
}

/** @param {string} source @returns {Promise<Policy>} @throws {FormatError} */
export async function parsePolicy(source) {
  /** @type {Policy} */
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: "" };
  for (const line of source.split("\n")) {
    const [word, ...words] = line.split(/[ \t]+/).filter(Boolean);
    if (!word || word.startsWith("#")) continue;
    if (word === "log") policy.logs.push(words[0]);
    else if (word === "witness") policy.witnesses.set(words[0], await parseKey(words[1]));
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

/** @param {string} note @returns {{body: string, lines: {name: string, blob: Bytes}[]}} @throws {FormatError} */
function parseNote(note) {
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) throw new FormatError("not a signed note");
  const lines = note.slice(end + 2, -1).split("\n").map((line) => {
    const match = /^— ([^ +]+) ([A-Za-z0-9+/=]+)$/.exec(line);
    const blob = match && fromBase64(match[2]);
    if (!match || !blob || blob.length < 5) throw new FormatError("a line of the note is no signature line");
    return { name: match[1], blob };
  });
  return { body: note.slice(0, end + 1), lines };
}

/** @param {{name: string, blob: Bytes}[]} lines @param {Verifier} key @returns {Bytes[]} signatures of this key */
const linesOf = (lines, { name, id }) =>
  lines.filter((line) => line.name === name && equal(line.blob.subarray(0, 4), id)).map(({ blob }) => blob.slice(4));

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
    const [origin, size, root] = body.split("\n");
    if (!/^(0|[1-9][0-9]{0,15})$/.test(size)) throw new FormatError("the tree size is not a plain decimal number");
    const log = await parseKey(this.log(origin).vkey);
    const signatures = linesOf(lines, log);
    if (log.kind !== LOG || signatures.length === 0) throw new SignatureError(`no known key of ${origin} signed the checkpoint`);
    for (const signature of signatures) verify(log.key, utf8(body), signature);
    /** @type {Set<string>} */
    const present = new Set();
    for (const [name, witness] of this.policy.witnesses) {
      if (witness.kind !== WITNESS) continue;
      for (const blob of linesOf(lines, witness)) {
        const seconds = new DataView(blob.buffer).getBigUint64(0);
        verify(witness.key, utf8(`cosignature/v1\ntime ${seconds}\n${body}`), blob.slice(8));
        present.add(name);
      }
    }
    this.#demandQuorum(present);
    return { origin, size: Number(size), root: fromBase64(root) };
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
    const source = text(proof);
    const end = source.indexOf("\n\n");
    const lines = source.slice(0, end).split("\n");
    if (end < 0 || lines.shift() !== "c2sp.org/tlog-proof@v1") throw new FormatError("not a tlog-proof");
    if (lines[0]?.startsWith("extra ")) lines.shift();
    const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? "");
    if (!index || lines.length > 63) throw new FormatError("the proof file has no proper index line, or too many hashes");
    const note = source.slice(end + 2);
    const head = await this.believe(note);
    await verifyInclusion(await sha256(concat([0], entry)), Number(index[1]), head, lines.map(fromBase64));
    return { index: Number(index[1]), head, note };
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
async function verifyConsistency(size1, root1, size2, root2, path) {
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
 * @param {import("./files.js").Bag} bag @param {import("./verify.js").Anchors} anchors
 * @param {import("./claims.js").Findings} findings @returns {Promise<Logs>}
 */
export async function believe(bag, anchors, findings) {
  const { policy } = anchors;
  const first = { root: anchors.root, vkey: policy.logs[0], origin: policy.logs[0].split("+")[0] };
  try {
    const data = bag.get("proof/rotations.json");
    const file = data ? canonical.decode(data) : { rotations: [], links: [] };
    const shown = file.rotations.map((/** @type {any} */ one) => canonical.decode(fromBase64(one.statement)));
    const line = await Lineage.follow(first, [...anchors.rotations, ...shown]);
    for (const vkey of policy.logs) {
      if (!line.logs.some((log) => log.vkey === vkey)) throw new FormatError("the policy names a log, and no rotation leads to it");
    }
    const links = new Map(file.links.map((/** @type {any} */ one) => [one.checkpoint, one.proof.map(fromHash)]));
    const logs = new Logs(policy, line, /** @type {Map<string, Bytes[]>} */ (links));
    for (const one of file.rotations) await demandSuccession(logs, one);
    for (const log of line.logs.slice(0, -1)) findings.proven("log-rotated", log.origin);
    return logs;
  } catch (error) {
    findings.failed("rotation-bad", "", error);
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
