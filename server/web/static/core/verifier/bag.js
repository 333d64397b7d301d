/**
 * The files of a bundle: parts of a disk, each read when it is asked for. A folder gives them one by one, a ZIP as slices of
 * itself (`zip.js`), so that memory grows with the file that is looked at and not with the bundle.
 */
import library from "libsodium-wrappers-sumo";
import { FormatError, hex } from "../bytes.js";
import { MAX_FILE_BYTES } from "../canonical.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {{blob: Blob, crc?: number}} Member `crc` is what a ZIP says of it */
/** @typedef {Map<string, Member>} Bag by their names inside the folder */

/** The largest file that is read whole, and the most files; as in `evidence/bundle/format/bag.py`. */
const MAX_SMALL = MAX_FILE_BYTES;
export const MAX_FILES = 500_000;
const PIECE = 4 * 1024 * 1024;

/**
 * @param {Iterable<[string, Blob]>} files of a folder, by their names inside it
 * @returns {Bag} @throws {FormatError} two names are one on some disks, or too many
 */
export function folder(files) {
  const bag = new Map([...files].map(([name, blob]) => [name, { blob }]));
  if (bag.size > MAX_FILES) throw new FormatError(`more than ${MAX_FILES} files`);
  demandDistinct(bag.keys());
  return bag;
}

/** @param {Iterable<string>} names @throws {FormatError} two are one where case or composition is ignored, or a file is a folder too */
export function demandDistinct(names) {
  const all = [...names];
  const folded = new Set(all.map((name) => name.normalize("NFC").toUpperCase().toLowerCase()));
  const folders = new Set([...folded].flatMap((name) => name.split("/").map((_, at, parts) => parts.slice(0, at).join("/"))));
  if (folded.size !== all.length || [...folded].some((name) => folders.has(name))) {
    throw new FormatError("two names in the bag are one on some disks");
  }
}

/** @param {string} name @returns {boolean} whether it stays inside the bag, on every system */
export const isSafe = (name) => /^(?:[^\p{C}\p{Z}\\:]| )+$/u.test(name) && name.split("/").every((part) => !["", ".", ".."].includes(part));

/** @param {Bag} bag @param {string} name @returns {Promise<Bytes>} @throws {FormatError} it is not there, or too large */
export async function need(bag, name) {
  const member = bag.get(name);
  if (!member) throw new FormatError(`${name} is missing`);
  if (member.blob.size > MAX_SMALL) throw new FormatError(`${name} is larger than ${MAX_SMALL} bytes`);
  return bytesOf(member.blob);
}

/** @param {Blob} blob @returns {Promise<Bytes>} */
export const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

/** @param {Member} member @returns {Promise<string>} SHA-256, piece by piece @throws {FormatError} the ZIP has another sum of it */
export async function digest({ blob, crc }) {
  const state = library.crypto_hash_sha256_init();
  let sum = -1;
  for (let at = 0; at < blob.size; at += PIECE) {
    const piece = await bytesOf(blob.slice(at, at + PIECE));
    library.crypto_hash_sha256_update(state, piece);
    if (crc !== undefined) sum = crc32(sum, piece);
  }
  if (crc !== undefined && (sum ^ -1) >>> 0 !== crc) throw new FormatError("a member of the ZIP cannot be read: another sum");
  return hex(library.crypto_hash_sha256_final(state));
}

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** @param {number} sum @param {Bytes} piece @returns {number} CRC-32 (ISO 3309), not yet inverted */
function crc32(sum, piece) {
  let value = sum;
  for (const byte of piece) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return value;
}
