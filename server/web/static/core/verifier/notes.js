/** Signed notes, checkpoints and proof files as texts (c2sp.org/signed-note, tlog-checkpoint, tlog-proof): read here, believed in `logs.js`. */
import { FormatError, fromBase64, hex, sha256, text, utf8, concat } from "../bytes.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {{name: string, id: Bytes, kind: number, key: Bytes}} Verifier */
/** @typedef {{origin: string, size: number, root: Bytes, extensions: string[]}} Checkpoint */

const MAX_HASHES = 63;

/** @param {string} vkey @returns {Promise<Verifier>} @throws {FormatError} */
export async function parseKey(vkey) {
  const [name, id, ...encoded] = vkey.split("+");
  const blob = fromBase64(encoded.join("+"));
  const computed = (await sha256(concat(utf8(`${name}\n`), blob))).slice(0, 4);
  if (hex(computed) !== id) throw new FormatError("the key id does not belong to this name and key");
  return { name, id: computed, kind: blob[0], key: blob.slice(1) };
}

/** @param {string} note @returns {{body: string, lines: {name: string, blob: Bytes}[]}} @throws {FormatError} */
export function parseNote(note) {
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

/** @param {string} body @returns {Checkpoint} @throws {FormatError} not a checkpoint, or not in its one spelling */
export function parseCheckpoint(body) {
  const lines = body.split("\n");
  if (lines.length <= 3 || lines.pop() !== "" || lines.some((line) => line === "")) throw new FormatError("a checkpoint has an origin, a size and a root, each on a line");
  const [origin, size, root, ...extensions] = lines;
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size)) throw new FormatError("the tree size is not a plain decimal number");
  const bytes = fromBase64(root);
  if (bytes.length !== 32) throw new FormatError("a root hash has 32 bytes");
  return { origin, size: Number(size), root: bytes, extensions };
}

/** @param {Bytes} proof a `.tlog-proof` @returns {{index: number, hashes: Bytes[], note: string}} @throws {FormatError} */
export function parseProof(proof) {
  const source = text(proof);
  const end = source.indexOf("\n\n");
  const lines = source.slice(0, end).split("\n");
  if (end < 0 || lines.shift() !== "c2sp.org/tlog-proof@v1") throw new FormatError("not a tlog-proof");
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? "");
  if (!index || lines.length > MAX_HASHES) throw new FormatError("the proof file has no proper index line, or too many hashes");
  return { index: Number(index[1]), hashes: lines.map(fromBase64), note: source.slice(end + 2) };
}
