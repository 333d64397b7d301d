/**
 * Key wraps: a content key sealed to one reader and bound to suite, case, item and that reader, so that a wrap
 * cannot be replayed to another item or another person. Suite 1 is a sealed box (X25519), suite 2 HPKE with X-Wing.
 */
import * as xwing from "./xwing.js";
import { FormatError, base64, concat, equal, fromBase64, fromHex, sha256, utf8 } from "./bytes.js";
import { LockError, boxKid, boxPublic, openBox, sealBox, xwingPublic } from "./sodium.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{to: string, wrap: string, suite?: 2 | null}} Wrap `to` names the X25519 key in either suite; no `suite` is suite 1 */
/** @typedef {{case: string, item: string}} Place both ids as hexadecimal */
/** @typedef {{box: Bytes, xwing: Bytes | null}} BoxKeys private seeds that open wraps */
/** @typedef {{box: Bytes, xwing?: Bytes | null}} Reader public keys; with `xwing` the wrap is in suite 2 */

const DOMAIN = utf8("getuige/wrap/v1\0");
const NOWHERE = "0".repeat(32);

/** @param {1 | 2} suite @param {Place} place @param {Bytes} reader 32 bytes that name the reader's key @returns {Bytes} */
const about = (suite, place, reader) => concat(DOMAIN, [suite], fromHex(place.case, 16), fromHex(place.item, 16), reader);

/** @param {Place} place @param {Bytes} reader X25519 public key @returns {Promise<Bytes>} */
const binding = (place, reader) => sha256(about(1, place, reader));

/** @param {Place} place @param {Bytes} key X-Wing public key @returns {Promise<Bytes>} */
const info = async (place, key) => about(2, place, await sha256(key));

/** @param {Place} place @param {Bytes | Reader} reader an X25519 public key, or all keys @param {Bytes} key @returns {Promise<Wrap>} */
export async function wrap(place, reader, key) {
  const { box, xwing: hybrid } = reader instanceof Uint8Array ? { box: reader, xwing: null } : reader;
  const to = await boxKid(box);
  if (hybrid) return { to, wrap: base64(await xwing.seal(hybrid, await info(place, hybrid), key)), suite: 2 };
  return { to, wrap: base64(sealBox(box, concat(key, await binding(place, box)))) };
}

/**
 * @param {Place} place @param {Bytes | BoxKeys} reader the seed of their box key, or all seeds @param {string} sealed base64
 * @param {number | null} [suite] member of the wrap; none is suite 1
 * @returns {Promise<Bytes>} content key, 32 bytes
 * @throws {LockError | FormatError} for another reader, bound to another case or item, or of an unknown suite
 */
export async function unwrap(place, reader, sealed, suite = null) {
  const { box, xwing: hybrid } = reader instanceof Uint8Array ? { box: reader, xwing: null } : reader;
  if (suite === 2) return unwrapHybrid(place, hybrid, fromBase64(sealed));
  if (suite !== null) throw new FormatError("a wrap of a suite that this page does not know");
  const opened = openBox(box, fromBase64(sealed));
  if (opened.length !== 64 || !equal(opened.subarray(32), await binding(place, boxPublic(box)))) {
    throw new LockError("this key was wrapped for another item or another reader");
  }
  return opened.slice(0, 32);
}

/** @param {Place} place @param {Bytes | null} seed X-Wing seed @param {Bytes} sealed @returns {Promise<Bytes>} */
async function unwrapHybrid(place, seed, sealed) {
  if (!seed) throw new LockError("this reader has no X-Wing key");
  const opened = await xwing.unseal(seed, await info(place, xwingPublic(seed)), sealed);
  if (opened.length !== 32) throw new LockError("the wrap holds something else than a key");
  return opened;
}

/**
 * @param {Bytes | BoxKeys} reader @param {string} sealed @param {number | null} [suite] @returns {Promise<Bytes>} the shared seed
 */
export const unwrapShared = (reader, sealed, suite = null) => unwrap({ case: NOWHERE, item: NOWHERE }, reader, sealed, suite);

/**
 * Find and open the first wrap that one of `seeds` opens; one that does not fit keeps none of the others from it.
 * @param {Place} place @param {Wrap[]} wraps @param {Map<string, Bytes | BoxKeys>} seeds by the name of their public box key
 * @returns {Promise<Bytes | null>} null when none is addressed to us
 * @throws {LockError | FormatError} those that are addressed to us do not open
 */
export async function find(place, wraps, seeds) {
  let failed = null;
  for (const { to, wrap: sealed, suite } of wraps) {
    const seed = seeds.get(to);
    if (!seed) continue;
    try {
      return await unwrap(place, seed, sealed, suite);
    } catch (error) {
      failed ??= error;
    }
  }
  if (failed) throw failed;
  return null;
}
