/**
 * HPKE (RFC 9180, mode Base) with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305; the counterpart of
 * `evidence/xwing.py`. X-Wing and the cipher are libsodium's; the key schedule stands here, on WebCrypto's HMAC.
 */
import { concat, hmac, utf8 } from "./bytes.js";
import { openSealed, seal as sealBytes, xwingDecapsulate, xwingEncapsulate } from "./sodium.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

/** Bytes of `enc`: ML-KEM-768 ciphertext (1088) and X25519 public key (32). */
const ENCAPSULATED = 1120;

const VERSION = utf8("HPKE-v1");
/** KEM 0x647a, KDF 0x0001, AEAD 0x0003. */
const SUITE = concat(utf8("HPKE"), [0x64, 0x7a, 0x00, 0x01, 0x00, 0x03]);
const BASE = 0;
const NOTHING = new Uint8Array(0);
/** HMAC pads a key with zero bytes, so this is the empty salt; WebCrypto takes no empty key. */
const NO_SALT = new Uint8Array(32);

/** @param {Bytes} salt @param {string} label @param {Bytes} material (RFC 9180 section 4) */
const labeledExtract = (salt, label, material) => hmac("SHA-256", salt, concat(VERSION, SUITE, utf8(label), material));

/** @param {Bytes} secret @param {string} label @param {Bytes} context @param {number} size at most 32 bytes: one block */
async function labeledExpand(secret, label, context, size) {
  const info = concat([size >> 8, size & 0xff], VERSION, SUITE, utf8(label), context);
  return (await hmac("SHA-256", secret, concat(info, [1]))).slice(0, size);
}

/** @param {Bytes} shared secret of the KEM @param {Bytes} info (RFC 9180 section 5.1, no PSK) */
async function schedule(shared, info) {
  const context = concat(
    [BASE], await labeledExtract(NO_SALT, "psk_id_hash", NOTHING), await labeledExtract(NO_SALT, "info_hash", info),
  );
  const secret = await labeledExtract(shared, "secret", NOTHING);
  return { key: await labeledExpand(secret, "key", context, 32), nonce: await labeledExpand(secret, "base_nonce", context, 12) };
}

/** @param {Bytes} key X-Wing public key @param {Bytes} info what it is bound to @param {Bytes} plaintext @returns {Promise<Bytes>} */
export async function seal(key, info, plaintext) {
  const { encapsulated, shared } = xwingEncapsulate(key);
  const { key: sealing, nonce } = await schedule(shared, info);
  return concat(encapsulated, sealBytes(sealing, nonce, plaintext, NOTHING));
}

/**
 * @param {Bytes} seed X-Wing seed @param {Bytes} info @param {Bytes} sealed `enc`, then ciphertext and tag
 * @param {Bytes} [additional] data that was sealed beside it; a wrap has none
 * @returns {Promise<Bytes>} @throws {import("./sodium.js").LockError} another key, other `info`, or changed bytes
 */
export async function unseal(seed, info, sealed, additional = NOTHING) {
  const shared = xwingDecapsulate(seed, sealed.slice(0, ENCAPSULATED));
  const { key, nonce } = await schedule(shared, info);
  return openSealed(key, nonce, sealed.slice(ENCAPSULATED), additional);
}
