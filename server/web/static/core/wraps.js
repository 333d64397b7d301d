/**
 * Key wraps: a content key sealed to one reader (HPKE with X-Wing) and bound to suite, case, item and that reader, so that
 * a wrap cannot be replayed to another item or another person. The counterpart of `evidence/envelope/wraps.py`.
 */
import * as xwing from "./xwing.js";
import { FormatError, base64, concat, fromBase64, fromHex, sha256, utf8 } from "./bytes.js";
import { LockError, openingKid, xwingPublic } from "./sodium.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{to: string, wrap: string, suite: 2}} Wrap `to` names the reader's X-Wing key */
/** @typedef {{case: string, item: string}} Place both ids as hexadecimal */
/** @typedef {{seed: Bytes, hash: Bytes, kid: string}} OpeningKey private X-Wing seed, SHA-256 of its public key, its name */

const SUITE = 2;
const DOMAIN = concat(utf8("getuige/wrap/v1\0"), [SUITE]);
const NOWHERE = "0".repeat(32);

/** @param {Place} place @param {Bytes} hash SHA-256 of the reader's public key @returns {Bytes} what the wrap is bound to */
const about = (place, hash) => concat(DOMAIN, fromHex(place.case, 16), fromHex(place.item, 16), hash);

/** Make ready, once, what each wrap asks for. @param {Bytes} seed X-Wing seed @returns {Promise<OpeningKey>} */
export async function openingKey(seed) {
  const key = xwingPublic(seed);
  return { seed, hash: await sha256(key), kid: await openingKid(key) };
}

/**
 * @param {Place} place @param {Bytes} reader X-Wing public key @param {Bytes} key
 * @returns {Promise<Wrap>} @throws {FormatError} nothing can be wrapped to this reader
 */
export async function wrap(place, reader, key) {
  const sealed = await xwing.seal(reader, about(place, await sha256(reader)), key);
  return { to: await openingKid(reader), wrap: base64(sealed), suite: SUITE };
}

/**
 * @param {Place} place @param {OpeningKey} own @param {string} sealed base64 @param {number} suite number beside the wrap
 * @returns {Promise<Bytes>} content key, 32 bytes
 * @throws {LockError | FormatError} for another reader, bound to another case or item, or of an unknown suite
 */
export async function unwrap(place, own, sealed, suite) {
  if (suite !== SUITE) throw new FormatError("a wrap of a suite that this page does not know");
  const opened = await xwing.unseal(own.seed, about(place, own.hash), fromBase64(sealed));
  if (opened.length !== 32) throw new LockError("the wrap holds something else than a key");
  return opened;
}

/** @param {OpeningKey} own @param {string} sealed @param {number} suite @returns {Promise<Bytes>} the shared X-Wing seed */
export const unwrapShared = (own, sealed, suite) => unwrap({ case: NOWHERE, item: NOWHERE }, own, sealed, suite);

/**
 * Find and open the first wrap that one of `openers` opens; one that does not fit keeps none of the others from it.
 * @param {Place} place @param {Wrap[]} wraps @param {Map<string, OpeningKey>} openers by name
 * @returns {Promise<Bytes | null>} null when none is addressed to us
 * @throws {LockError | FormatError} those that are addressed to us do not open
 */
export async function find(place, wraps, openers) {
  let failed = null;
  for (const { to, wrap: sealed, suite } of wraps) {
    const own = openers.get(to);
    if (!own) continue;
    try {
      return await unwrap(place, own, sealed, suite);
    } catch (error) {
      failed ??= error;
    }
  }
  if (failed) throw failed;
  return null;
}
