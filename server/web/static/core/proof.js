/**
 * Inclusion in the custody log, checked in the browser: tlog-proof, signed-note checkpoints, RFC 6962 hashing.
 * The browser checks the log's own signature; the quorum of witnesses is checked by `getuige verify`.
 */
import { FormatError, concat, equal, fromBase64, fromHex, hex, hmac, sha256, text, utf8 } from "./bytes.js";
import { SignatureError, verify } from "./sodium.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{origin: string, size: number, root: Bytes}} Checkpoint */

const HEADER = "c2sp.org/tlog-proof@v1";
const ED25519 = 1;

/** A tree of 2^63 leaves needs no more. */
const MAX_HASHES = 63;

/** An event is not where its receipt says. */
export class ProofError extends Error {}

/** @param {string} vkey `name+keyid+base64(type, public key)` @returns {Promise<{name: string, id: Bytes, key: Bytes}>} */
export async function parseVkey(vkey) {
  const [name, id, ...encoded] = vkey.trim().split("+");
  const blob = fromBase64(encoded.join("+"));
  const computed = (await sha256(concat(utf8(`${name}\n`), blob))).slice(0, 4);
  if (blob.length !== 33 || blob[0] !== ED25519 || hex(computed) !== id) throw new FormatError("not a log key");
  return { name, id: fromHex(id, 4), key: blob.slice(1) };
}

/**
 * @param {string} note signed note @param {string} vkey of the log, pinned
 * @returns {Promise<Checkpoint>} @throws {SignatureError | FormatError}
 */
export async function verifyCheckpoint(note, vkey) {
  const log = await parseVkey(vkey);
  const end = note.indexOf("\n\n");
  if (end < 0) throw new FormatError("not a signed note");
  const body = note.slice(0, end + 1);
  const lines = note.slice(end + 2).split("\n").filter((line) => line.startsWith(`— ${log.name} `));
  const blobs = lines.map((line) => fromBase64(line.split(" ")[2]));
  const signature = blobs.find((blob) => equal(blob.subarray(0, 4), log.id));
  if (!signature) throw new SignatureError("the log did not sign this checkpoint");
  verify(log.key, utf8(body), signature.slice(4));
  const [origin, size, root] = body.split("\n");
  if (origin !== log.name || !/^(0|[1-9][0-9]{0,15})$/.test(size)) throw new FormatError("not a checkpoint of this log");
  return { origin, size: Number(size), root: fromBase64(root) };
}

/** @param {Bytes} left @param {Bytes} right */
const node = (left, right) => sha256(concat([1], left, right));

/**
 * RFC 9162 section 2.1.3.2 (numbers beyond 2^31, hence no bit operators).
 * @param {Bytes} leaf @param {number} index @param {Checkpoint} tree @param {Bytes[]} path @throws {ProofError}
 */
export async function verifyInclusion(leaf, index, tree, path) {
  if (index >= tree.size) throw new ProofError("the event is newer than the checkpoint");
  let [at, last, hash] = [index, tree.size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) throw new ProofError("the proof is too long");
    if (at % 2 === 1 || at === last) {
      hash = await node(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      hash = await node(hash, sibling);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  if (last !== 0 || !equal(hash, tree.root)) throw new ProofError("the event is not in the log");
}

/**
 * Check a `.tlog-proof` for one event.
 * @param {Bytes} proof file @param {number} index of its entry in the log @param {Bytes} event bytes @param {Bytes} salt
 * @param {string} vkey of the log, pinned or named by the root @param {import("./lineage.js").End | null} [ending] of a
 * log that ended: the one head of it that is shown since
 * @returns {Promise<Checkpoint>} the signed head that includes the event
 * @throws {ProofError | SignatureError | FormatError}
 */
export async function verifyProof(proof, index, event, salt, vkey, ending = null) {
  const source = text(proof);
  const end = source.indexOf("\n\n");
  const lines = source.slice(0, end).split("\n");
  if (end < 0 || lines.shift() !== HEADER) throw new FormatError("not a tlog-proof");
  if (lines[0]?.startsWith("extra ")) lines.shift();
  if (lines.shift() !== `index ${index}`) throw new ProofError("the proof is of another event");
  if (lines.length > MAX_HASHES) throw new FormatError("the proof is too long");
  const checkpoint = await verifyCheckpoint(source.slice(end + 2), vkey);
  if (ending && (checkpoint.size !== ending.size || hex(checkpoint.root) !== ending.root)) {
    throw new ProofError("the log ended with another head: its key was retired");
  }
  const entry = concat([1], await hmac("SHA-256", salt, event));
  await verifyInclusion(await sha256(concat([0], entry)), index, checkpoint, lines.map(fromBase64));
  return checkpoint;
}
