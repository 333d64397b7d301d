/**
 * Certificates (RFC 5280) as far as a time stamp needs them, on WebCrypto; as `evidence/custody/time/rfc3161.py`. A key or an
 * algorithm that WebCrypto does not know is not judged: `UnjudgedError`, which is neither *holds* nor *does not*.
 */
import { FormatError, concat, equal, hex, sha256, text } from "../bytes.js";
import * as der from "./der.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {"SHA-256" | "SHA-384" | "SHA-512"} Hash */
/**
 * @typedef {{encoded: Bytes, signed: Bytes, algorithm: der.Value, signature: Bytes, issuer: Bytes, subject: Bytes, serial: bigint,
 *   begins: number, ends: number, key: der.Value, extensions: Map<string, {critical: boolean, value: Bytes}>}} Certificate
 * `begins` and `ends` in microseconds since 1970
 */

/** What no verdict can be given on here. */
export class UnjudgedError extends Error {}

/** @type {Record<string, Hash>} */
export const HASHES = {
  "2.16.840.1.101.3.4.2.1": "SHA-256", "2.16.840.1.101.3.4.2.2": "SHA-384", "2.16.840.1.101.3.4.2.3": "SHA-512",
};
/** shaNNNWithRSAEncryption (RFC 4055) and ecdsa-with-SHANNN (RFC 5758) name their hash themselves. @type {Record<string, Hash>} */
export const HASH_OF = {
  "1.2.840.113549.1.1.11": "SHA-256", "1.2.840.113549.1.1.12": "SHA-384", "1.2.840.113549.1.1.13": "SHA-512",
  "1.2.840.10045.4.3.2": "SHA-256", "1.2.840.10045.4.3.3": "SHA-384", "1.2.840.10045.4.3.4": "SHA-512",
};
export const [RSA, RSA_PSS, MGF1] = ["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"];
const EC = "1.2.840.10045.2.1";

/** @type {Record<string, {name: string, bytes: number}>} */
const CURVES = {
  "1.2.840.10045.3.1.7": { name: "P-256", bytes: 32 }, "1.3.132.0.34": { name: "P-384", bytes: 48 }, "1.3.132.0.35": { name: "P-521", bytes: 66 },
};
const [KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE] = ["2.5.29.15", "2.5.29.19", "2.5.29.37"];
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
const KEY_CERT_SIGN = 5;

/** @param {Bytes} encoded @returns {Certificate} @throws {FormatError} */
export function parse(encoded) {
  const whole = der.read(encoded).members();
  const signed = whole.take(der.SEQUENCE);
  const [algorithm, signature] = [whole.take(der.SEQUENCE), bitsOf(whole.take())];
  whole.end();
  const fields = signed.members();
  if (fields.take(der.context(0)).members(der.context(0)).take().integer() !== 2n) throw new FormatError("not a certificate of version 3");
  const serial = fields.take().integer();
  if (!equal(fields.take(der.SEQUENCE).encoded, algorithm.encoded)) throw new FormatError("a certificate names two algorithms");
  const issuer = fields.take(der.SEQUENCE).encoded;
  const validity = fields.take().members();
  const [begins, ends] = [validity.take().date(), validity.take().date()];
  const [subject, key] = [fields.take(der.SEQUENCE).encoded, fields.take(der.SEQUENCE)];
  for (const number of [1, 2]) fields.optional(der.context(number, false));
  const listed = fields.optional(der.context(3));
  fields.end();
  return {
    encoded, signed: signed.encoded, algorithm, signature, issuer, subject, serial, begins, ends, key,
    extensions: extensionsOf(listed),
  };
}

/** @param {der.Value | null} listed */
function extensionsOf(listed) {
  /** @type {Certificate["extensions"]} */
  const found = new Map();
  for (const one of listed?.members(der.context(3)).take().members().left ?? []) {
    const members = one.members();
    const oid = members.take().oid();
    if (found.has(oid)) throw new FormatError("an extension stands there twice");
    const critical = members.optional(der.BOOLEAN)?.content[0] === 0xff;
    found.set(oid, { critical, value: members.take(der.OCTETS).content });
  }
  return found;
}

/** @param {der.Value} value a BIT STRING of whole bytes @returns {Bytes} */
function bitsOf(value) {
  const { content } = value.of(der.BITS);
  if (content[0] !== 0) throw new FormatError("a bit string of broken bytes");
  return content.slice(1);
}

/** @param {string} pem @returns {Promise<Certificate[]>} */
export async function fromPem(pem) {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/g);
  return [...blocks].map(([, body]) => parse(Uint8Array.from(atob(body.replace(/\s/g, "")), (letter) => letter.charCodeAt(0))));
}

/** @param {Certificate} certificate @returns {Promise<string>} SHA-256 of it */
export const fingerprint = async ({ encoded }) => hex(await sha256(encoded));

/**
 * Whether a signature by the certificate's key holds.
 * @param {Certificate} certificate @param {string} algorithm @param {Hash} hash @param {Bytes} message @param {Bytes} signature
 * @param {number | null} [salt] of RSA-PSS
 * @returns {Promise<boolean>} @throws {UnjudgedError | FormatError}
 */
export async function holds({ key }, algorithm, hash, message, signature, salt = null) {
  const fields = key.members();
  const [named, bits] = [fields.take().members(), fields.take(der.BITS)];
  const kind = named.take().oid();
  if (kind === RSA || kind === RSA_PSS) {
    // Engines take RSA keys under the one name that all of them know.
    const oid = Uint8Array.of(der.OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1);
    const spki = der.write(der.SEQUENCE, der.write(der.SEQUENCE, oid, Uint8Array.of(der.NULL, 0)), bits.encoded);
    const name = salt === null ? "RSASSA-PKCS1-v1_5" : "RSA-PSS";
    return check(spki, { name, hash }, salt === null ? { name } : { name, saltLength: salt }, signature, message);
  }
  const curve = kind === EC ? CURVES[named.take().oid()] : undefined;
  if (!curve) throw new UnjudgedError(`a key of the kind ${kind} cannot be judged in a browser`);
  if (!algorithm.startsWith("1.2.840.10045.")) throw new FormatError("a signature of another kind than its key");
  const numbers = der.read(signature).members();
  const halves = [numbers.take().integer(), numbers.take().integer()].map((number) => fixed(number, curve.bytes));
  return check(key.encoded, { name: "ECDSA", namedCurve: curve.name }, { name: "ECDSA", hash }, concat(...halves), message);
}

/** @param {bigint} number @param {number} size @returns {Bytes} big-endian @throws {FormatError} it does not fit */
function fixed(number, size) {
  const digits = number.toString(16).padStart(2 * size, "0");
  if (number < 0n || digits.length > 2 * size) throw new FormatError("a number of a signature is out of range");
  return Uint8Array.from({ length: size }, (_, at) => parseInt(digits.slice(2 * at, 2 * at + 2), 16));
}

/**
 * @param {Bytes} spki @param {RsaHashedImportParams | EcKeyImportParams} kind @param {AlgorithmIdentifier | RsaPssParams | EcdsaParams} how
 * @param {Bytes} signature @param {Bytes} message
 */
async function check(spki, kind, how, signature, message) {
  let key;
  try {
    key = await crypto.subtle.importKey("spki", spki, kind, false, ["verify"]);
  } catch {
    throw new UnjudgedError("a key of an authority cannot be read in this browser");
  }
  return crypto.subtle.verify(how, key, signature, message);
}

/** @param {Certificate} signer @throws {FormatError} RFC 3161, 2.3: it is not for time stamping alone, or does not say so critically */
export function demandPurpose({ extensions }) {
  const usage = extensions.get(EXTENDED_KEY_USAGE);
  const purposes = usage ? der.read(usage.value).members().left.map((one) => one.oid()) : [];
  if (!usage?.critical || purposes.join() !== TIME_STAMPING) throw new FormatError("the signer's certificate is not for time stamping alone");
}

/** @param {Certificate} certificate @param {number} time @throws {FormatError} not in force then, or not understood */
export function demandInForce({ begins, ends, extensions }, time) {
  if (time < begins || time > ends) throw new FormatError("a certificate was not in force at the stated time");
  for (const [oid, { critical }] of extensions) {
    if (critical && ![KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE].includes(oid)) {
      throw new FormatError("a certificate has a critical extension that is not understood here");
    }
  }
}

/**
 * Whether `issuer` may issue certificates, was in force, and signed the last one of the chain.
 * @param {Certificate} issuer @param {Certificate[]} chain @param {number} time @returns {Promise<boolean>} @throws {UnjudgedError}
 */
export async function issued(issuer, chain, time) {
  const last = chain[chain.length - 1];
  if (!equal(last.issuer, issuer.subject)) return false;
  try {
    demandInForce(issuer, time);
    if (!mayIssue(issuer, chain.length - 1)) return false;
    const algorithm = last.algorithm.members().take().oid();
    const pss = algorithm === RSA_PSS ? pssOf(last.algorithm) : null;
    const hash = pss?.hash ?? HASH_OF[algorithm];
    return hash !== undefined && (await holds(issuer, algorithm, hash, last.signed, last.signature, pss?.salt ?? null));
  } catch (error) {
    if (error instanceof UnjudgedError) throw error;
    return false;
  }
}

/** @param {Certificate} issuer @param {number} below authorities between it and the signer */
function mayIssue({ extensions }, below) {
  const constraints = extensions.get(BASIC_CONSTRAINTS);
  if (!constraints) return false;
  const members = der.read(constraints.value).members();
  const authority = members.optional(der.BOOLEAN)?.content[0] === 0xff;
  const most = members.optional(der.INTEGER);
  if (!authority || (most && most.integer() < BigInt(below))) return false;
  const usage = extensions.get(KEY_USAGE);
  if (!usage) return true;
  const { content } = der.read(usage.value).of(der.BITS);
  return Boolean((content[1] ?? 0) & (0x80 >> KEY_CERT_SIGN));
}

/** @param {der.Value} algorithm with RSASSA-PSS-params (RFC 4055, 3.1) @returns {{hash: Hash, salt: number}} one hash serves for message and mask */
export function pssOf(algorithm) {
  const [, parameters] = algorithm.members().left;
  if (!parameters) throw new FormatError("an RSA-PSS that rests on SHA-1 is not accepted");
  const fields = parameters.members();
  const [hashed, mask, salt, trailer] = [0, 1, 2, 3].map((number) => {
    const field = fields.optional(der.context(number));
    return field && field.members(field.tag).take();
  });
  fields.end();
  if (!hashed || !mask || !salt) throw new FormatError("an RSA-PSS that rests on SHA-1 is not accepted");
  const generator = mask.members();
  const [name, inner] = [generator.take().oid(), generator.take().members().take().oid()];
  const hash = HASHES[hashed.members().take().oid()];
  if (!hash || name !== MGF1 || HASHES[inner] !== hash) throw new FormatError("an RSA-PSS of two hashes, or of one that is not accepted");
  if (trailer && trailer.integer() !== 1n) throw new FormatError("an RSA-PSS with an unknown trailer");
  return { hash, salt: Number(salt.integer()) };
}

/** @type {Record<string, string>} RFC 4514, section 3 */
const SHORT = {
  "2.5.4.3": "CN", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.6": "C", "2.5.4.9": "STREET",
  "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
};
const TEXTS = [0x0c, 0x13, 0x14, 0x16];
const UTF16 = 0x1e;

/** @param {Certificate} certificate @returns {string} its subject (RFC 4514) */
export function nameOf({ subject }) {
  return der.read(subject).members().left.reverse().map((set) => set.members(der.SET).left.map((pair) => {
    const [type, value] = pair.members().left;
    return `${SHORT[type.oid()] ?? type.oid()}=${valueOf(value)}`;
  }).join("+")).join(",");
}

/** @param {der.Value} value @returns {string} escaped as section 2.4 asks */
function valueOf({ tag, content, encoded }) {
  if (!TEXTS.includes(tag) && tag !== UTF16) return `#${hex(encoded)}`;
  const said = tag === UTF16 ? new TextDecoder("utf-16be").decode(content) : text(content);
  return said.replace(/[\\"+,;<>]/g, "\\$&").replaceAll("\0", "\\00").replace(/^[# ]| $/g, "\\$&");
}
