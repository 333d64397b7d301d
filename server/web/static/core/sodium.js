/** The few functions of libsodium that Getuige uses; see `evidence/keys.py` for their counterparts. */
import library from "libsodium-wrappers-sumo";
import { FormatError, concat, hex, sha256 } from "./bytes.js";
import { mayHold } from "./ed25519.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

/** A signature does not fit the key and the bytes. */
export class SignatureError extends Error {}

/** A wrap or a locked key does not open: another key, another phrase, or changed bytes. */
export class LockError extends Error {}

await library.ready;

/** @param {Uint8Array} bytes @returns {Bytes} */
const own = (bytes) => new Uint8Array(bytes);

/** @param {Bytes} seed @returns {Bytes} Ed25519 public key */
export const signPublic = (seed) => own(library.crypto_sign_seed_keypair(seed).publicKey);

/** @param {Bytes} seed @param {Bytes} message @returns {Bytes} Ed25519 signature, 64 bytes */
export function sign(seed, message) {
  return own(library.crypto_sign_detached(message, library.crypto_sign_seed_keypair(seed).privateKey));
}

/** @param {Bytes} key @param {Bytes} message @param {Bytes} signature @throws {SignatureError} */
export function verify(key, message, signature) {
  if (!mayHold(key, signature) || !library.crypto_sign_verify_detached(signature, message, key)) {
    throw new SignatureError("the signature does not fit the key and the bytes");
  }
}

/** @param {Bytes} key @param {Bytes} sealed nonce (24) and secretbox @returns {Bytes} @throws {LockError} */
export function openSecret(key, sealed) {
  try {
    return own(library.crypto_secretbox_open_easy(sealed.subarray(24), sealed.subarray(0, 24), key));
  } catch {
    throw new LockError("the phrase does not open this key");
  }
}

/** @param {Bytes} password @param {Bytes} salt @param {number} passes @param {number} memory bytes @returns {Bytes} */
export function argon2id(password, salt, passes, memory) {
  return own(library.crypto_pwhash(64, password, salt, passes, memory, library.crypto_pwhash_ALG_ARGON2ID13));
}

/** @param {Bytes} bytes @returns {Bytes} SHA-256, at once: thousands of small ones wait for nobody */
export const digest = (bytes) => own(library.crypto_hash_sha256(bytes));

/** @param {Bytes} key 32 bytes @param {Bytes} message @returns {Bytes} HMAC-SHA256, at once */
export const mac = (key, message) => own(library.crypto_auth_hmacsha256(message, key));

/** @param {Bytes} key Ed25519 public key @returns {Promise<string>} its name */
export const signingKid = async (key) => hex((await sha256(concat([1], key))).subarray(0, 16));

/** @param {Bytes} key X-Wing public key @returns {Promise<string>} its name */
export const openingKid = async (key) => hex((await sha256(concat([3], key))).subarray(0, 16));

/** @param {Bytes} seed @returns {Bytes} X-Wing public key, 1216 bytes (draft-connolly-cfrg-xwing-kem, section 5.2) */
export const xwingPublic = (seed) => own(library.crypto_kem_xwing_seed_keypair(seed).publicKey);

/** @param {Bytes} key X-Wing public key @returns {{encapsulated: Bytes, shared: Bytes}} @throws {FormatError} */
export function xwingEncapsulate(key) {
  try {
    const made = library.crypto_kem_xwing_enc(key);
    return { encapsulated: own(made.ciphertext), shared: own(made.sharedSecret) };
  } catch {
    throw new FormatError("nothing can be sealed to that X-Wing key");
  }
}

/** @param {Bytes} seed @param {Bytes} encapsulated @returns {Bytes} the shared secret @throws {LockError} */
export function xwingDecapsulate(seed, encapsulated) {
  try {
    return own(library.crypto_kem_xwing_dec(encapsulated, seed)); // the private key is the seed
  } catch {
    throw new LockError("this key does not open that wrap");
  }
}

/**
 * ChaCha20-Poly1305 (RFC 8439).
 * @param {Bytes} key @param {Bytes} nonce @param {Bytes} plaintext @param {Bytes} additional @returns {Bytes}
 */
export function seal(key, nonce, plaintext, additional) {
  return own(library.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, additional, null, nonce, key));
}

/** @param {Bytes} key @param {Bytes} nonce @param {Bytes} sealed @param {Bytes} additional @returns {Bytes} @throws {LockError} */
export function openSealed(key, nonce, sealed, additional) {
  try {
    return own(library.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, additional, nonce, key));
  } catch {
    throw new LockError("this key does not open that wrap");
  }
}
