/**
 * Key wraps: a content key sealed to one reader and bound to suite, case, item and that reader, so that a wrap
 * cannot be replayed to another item or another person.
 */
import { LockError, boxKid, boxPublic, openBox, sealBox } from "./sodium.js";
import { base64, concat, equal, fromBase64, fromHex, sha256, utf8 } from "./bytes.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{to: string, wrap: string}} Wrap */
/** @typedef {{case: string, item: string}} Place both ids as hexadecimal */

const DOMAIN = utf8("getuige/wrap/v1\0");
const SUITE = 1;
const NOWHERE = "0".repeat(32);

/** @param {Place} place @param {Bytes} reader X25519 public key @returns {Promise<Bytes>} */
function binding(place, reader) {
  return sha256(concat(DOMAIN, [SUITE], fromHex(place.case, 16), fromHex(place.item, 16), reader));
}

/** @param {Place} place @param {Bytes} reader X25519 public key @param {Bytes} key @returns {Promise<Wrap>} */
export async function wrap(place, reader, key) {
  const sealed = sealBox(reader, concat(key, await binding(place, reader)));
  return { to: await boxKid(reader), wrap: base64(sealed) };
}

/**
 * @param {Place} place @param {Bytes} seed of the reader's box key @param {string} sealed base64
 * @returns {Promise<Bytes>} content key, 32 bytes
 * @throws {LockError} for another reader, or bound to another case or item
 */
export async function unwrap(place, seed, sealed) {
  const opened = openBox(seed, fromBase64(sealed));
  if (opened.length !== 64 || !equal(opened.subarray(32), await binding(place, boxPublic(seed)))) {
    throw new LockError("this key was wrapped for another item or another reader");
  }
  return opened.slice(0, 32);
}

/** @param {Bytes} seed of the reader @param {string} sealed base64 @returns {Promise<Bytes>} the shared box seed */
export const unwrapShared = (seed, sealed) => unwrap({ case: NOWHERE, item: NOWHERE }, seed, sealed);

/**
 * Find and open the first wrap that one of `seeds` opens.
 * @param {Place} place @param {Wrap[]} wraps @param {Map<string, Bytes>} seeds by the name of their public box key
 * @returns {Promise<Bytes | null>} null when none is addressed to us
 */
export async function find(place, wraps, seeds) {
  for (const { to, wrap: sealed } of wraps) {
    const seed = seeds.get(to);
    if (seed) return unwrap(place, seed, sealed);
  }
  return null;
}
