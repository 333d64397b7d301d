/**
 * Cobblestone-256 (c2sp.org/chunked-encryption@v1 with SHA-512 and AES-256-GCM) on WebCrypto alone.
 *
 * A message is a header (salt, 24 bytes; commitment to the key, 32 bytes) and chunks of 16 KiB, each with a tag of
 * 16 bytes. The last chunk is the only short one (it may be empty), so a message that was cut is noticed.
 */
import { LockError } from "./sodium.js";
import { concat, equal, hmac, utf8 } from "./bytes.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

export const CHUNK = 16384;
export const TAG = 16;
export const SALT = 24;
export const HEADER = SALT + 32;

/** Chunks that WebCrypto works on at once: enough to keep its threads busy, few enough to keep memory flat. */
const BATCH = 64;

const INFO = utf8("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0");

/** @param {Bytes} key @param {Bytes} info @param {number} size HKDF-Expand (RFC 5869 section 2.3), SHA-512 */
async function expand(key, info, size) {
  let output = new Uint8Array(0);
  let block = new Uint8Array(0);
  for (let counter = 1; output.length < size; counter += 1) {
    block = await hmac("SHA-512", key, concat(block, info, [counter]));
    output = concat(output, block);
  }
  return output.slice(0, size);
}

/** @param {Bytes} key @param {Bytes} salt @param {Bytes} context @param {"encrypt" | "decrypt"} use */
async function derive(key, salt, context, use) {
  const derived = await expand(key, concat(INFO, salt, context), 76);
  const cipher = await crypto.subtle.importKey("raw", derived.slice(0, 32), "AES-GCM", false, [use]);
  return { cipher, base: derived.slice(32, 44), commitment: derived.slice(44) };
}

/** @param {Bytes} base @param {number} index @returns {Bytes} base nonce XOR the chunk's index, big-endian */
function nonce(base, index) {
  const mixed = base.slice();
  const view = new DataView(mixed.buffer);
  view.setUint32(8, (view.getUint32(8) ^ (index >>> 0)) >>> 0);
  view.setUint32(4, (view.getUint32(4) ^ Math.floor(index / 2 ** 32)) >>> 0);
  return mixed;
}

/** @param {number} count @param {(index: number) => Promise<void>} work */
async function inBatches(count, work) {
  for (let first = 0; first < count; first += BATCH) {
    const size = Math.min(BATCH, count - first);
    await Promise.all(Array.from({ length: size }, (_, offset) => work(first + offset)));
  }
}

/**
 * @param {Bytes} key 32 bytes
 * @param {Bytes} context
 * @param {Bytes} plaintext
 * @param {Bytes} salt 24 bytes; the same salt must never serve two plaintexts under one key
 * @returns {Promise<Bytes>}
 */
export async function seal(key, context, plaintext, salt) {
  const { cipher, base, commitment } = await derive(key, salt, context, "encrypt");
  const count = Math.floor(plaintext.length / CHUNK) + 1;
  const sealed = new Uint8Array(HEADER + plaintext.length + TAG * count);
  sealed.set(salt);
  sealed.set(commitment, SALT);
  await inBatches(count, async (index) => {
    const chunk = plaintext.subarray(index * CHUNK, (index + 1) * CHUNK);
    const parameters = { name: "AES-GCM", iv: nonce(base, index) };
    sealed.set(new Uint8Array(await crypto.subtle.encrypt(parameters, cipher, chunk)), HEADER + index * (CHUNK + TAG));
  });
  return sealed;
}

/** @param {number} size of the plaintext @returns {number} size of the message that seals it */
export const messageSize = (size) => HEADER + size + TAG * (Math.floor(size / CHUNK) + 1);

/**
 * Open whole chunks from anywhere in a message. Whether the message goes on after them is for the caller to know.
 * @param {Bytes} key 32 bytes @param {Bytes} context @param {Bytes} header first 56 bytes of the message
 * @param {Bytes} sealed begins with chunk number `first` @param {number} first
 * @returns {Promise<Bytes>} their plaintext
 * @throws {LockError} another key, context or place, or a changed byte
 */
export async function openChunks(key, context, header, sealed, first) {
  const { cipher, base, commitment } = await derive(key, header.slice(0, SALT), context, "decrypt");
  if (!equal(commitment, header.subarray(SALT))) throw new LockError("the message commits to another key");
  const count = Math.ceil(sealed.length / (CHUNK + TAG));
  const plaintext = new Uint8Array(Math.max(0, sealed.length - count * TAG));
  try {
    await inBatches(count, async (index) => {
      const chunk = sealed.subarray(index * (CHUNK + TAG), (index + 1) * (CHUNK + TAG));
      const parameters = { name: "AES-GCM", iv: nonce(base, first + index) };
      plaintext.set(new Uint8Array(await crypto.subtle.decrypt(parameters, cipher, chunk)), index * CHUNK);
    });
  } catch {
    throw new LockError("a chunk was changed, cut off, or is from another place");
  }
  return plaintext;
}

/**
 * @param {Bytes} key 32 bytes
 * @param {Bytes} context
 * @param {Bytes} sealed
 * @returns {Promise<Bytes>} the plaintext
 * @throws {LockError} another key, another context, a changed byte, or a cut message
 */
export async function open(key, context, sealed) {
  if (sealed.length < HEADER + TAG) throw new LockError("the sealed message is cut off");
  const { cipher, base, commitment } = await derive(key, sealed.slice(0, SALT), context, "decrypt");
  if (!equal(commitment, sealed.subarray(SALT, HEADER))) throw new LockError("the message commits to another key");
  const size = sealed.length - HEADER;
  const count = Math.floor(size / (CHUNK + TAG)) + 1;
  if (size - (count - 1) * (CHUNK + TAG) < TAG) throw new LockError("the sealed message is cut off");
  const plaintext = new Uint8Array(size - count * TAG);
  try {
    await inBatches(count, async (index) => {
      const from = HEADER + index * (CHUNK + TAG);
      const parameters = { name: "AES-GCM", iv: nonce(base, index) };
      const chunk = await crypto.subtle.decrypt(parameters, cipher, sealed.subarray(from, from + CHUNK + TAG));
      plaintext.set(new Uint8Array(chunk), index * CHUNK);
    });
  } catch {
    throw new LockError("the sealed message was changed");
  }
  return plaintext;
}
