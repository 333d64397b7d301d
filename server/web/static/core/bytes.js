/**
 * Bytes and their spellings: hexadecimal for ids, hashes and public keys; standard base64 for everything longer.
 *
 * @typedef {Uint8Array<ArrayBuffer>} Bytes
 */

/** Something that arrived does not have the form that Getuige gives it. */
export class FormatError extends Error {}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** @param {string} text @returns {Bytes} UTF-8 */
export const utf8 = (text) => encoder.encode(text);

/** @param {Uint8Array} bytes @returns {string} @throws {FormatError} not UTF-8 */
export function text(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new FormatError("these bytes are not UTF-8 text");
  }
}

/** @param {...ArrayLike<number>} parts @returns {Bytes} */
export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** @param {Uint8Array} bytes @returns {string} lower-case hexadecimal */
export function hex(bytes) {
  let written = "";
  for (const byte of bytes) written += HEX[byte];
  return written;
}

/**
 * @param {string} value
 * @param {number} size bytes that are expected
 * @returns {Bytes}
 * @throws {FormatError} another length, or not lower-case hexadecimal
 */
export function fromHex(value, size) {
  if (typeof value !== "string" || value.length !== 2 * size || !/^[0-9a-f]*$/.test(value)) {
    throw new FormatError(`expected ${size} bytes as lower-case hexadecimal`);
  }
  return Uint8Array.from({ length: size }, (_, index) => parseInt(value.slice(2 * index, 2 * index + 2), 16));
}

/** Characters that go through String.fromCharCode at once: more would overflow the argument stack. */
const SLICE = 0x8000;

/** @param {Uint8Array} bytes @returns {string} standard base64 with padding */
export function base64(bytes) {
  const slices = [];
  for (let at = 0; at < bytes.length; at += SLICE) slices.push(String.fromCharCode(...bytes.subarray(at, at + SLICE)));
  return btoa(slices.join(""));
}

/** @param {string} value @returns {Bytes} @throws {FormatError} not standard base64 with padding */
export function fromBase64(value) {
  let binary;
  try {
    binary = atob(value);
  } catch {
    throw new FormatError("not valid base64");
  }
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  if (base64(bytes) !== value) throw new FormatError("base64 has more than one spelling here");
  return bytes;
}

/** @param {Bytes} bytes @returns {Promise<Bytes>} SHA-256, 32 bytes */
export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/**
 * @param {"SHA-256" | "SHA-512"} hash
 * @param {Bytes} key
 * @param {Bytes} message
 * @returns {Promise<Bytes>}
 */
export async function hmac(hash, key, message) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

/** @param {Uint8Array} left @param {Uint8Array} right @returns {boolean} compared without an early exit */
export function equal(left, right) {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) difference |= left[index] ^ right[index];
  return difference === 0;
}
