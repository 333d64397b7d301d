/**
 * The checks of an RFC 3161 token, by the rules of `evidence/custody/time/rfc3161.py`, which tests hold to `openssl ts -verify`. Section
 * numbers are those of RFC 3161 unless another RFC is named. Roots come from the trust folder; what a token brings only leads there.
 */
import { FormatError, equal, hex } from "../bytes.js";
import * as der from "./der.js";
import * as x509 from "./x509.js";
import { UnjudgedError } from "./x509.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {{time: number, accuracy: number, latest: number, expires: number, name: string}} Stated times in microseconds since 1970 */

const MAX_CHAIN = 6;
const MAX_TOKEN = 64 * 1024;
const [SHA256, SIGNED_DATA, TST_INFO] = ["2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"];
const [CONTENT_TYPE, MESSAGE_DIGEST] = ["1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"];
const [SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2] = ["1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"];

/**
 * @param {Bytes} token a TimeStampResp @param {Bytes} digest SHA-256 @param {x509.Certificate[]} roots trusted
 * @returns {Promise<Stated>} what it says @throws {FormatError} it does not hold @throws {UnjudgedError} this browser cannot tell
 */
export async function verify(token, digest, roots) {
  if (token.length > MAX_TOKEN) throw new FormatError(`a timestamp has at most ${MAX_TOKEN} bytes`);
  const signed = signedData(token);
  const info = der.read(signed.content).members();
  if (info.take().integer() !== 1n) throw new FormatError("the timestamp is of an unknown version");
  info.take().oid();
  const imprint = info.take().members();
  const [algorithm, message] = [imprint.take().members().take().oid(), imprint.take(der.OCTETS).content];
  if (algorithm !== SHA256 || !equal(message, digest)) throw new FormatError("the timestamp is over another digest");
  info.take().integer();
  const time = info.take().time();
  const accuracy = accuracyOf(info.optional(der.SEQUENCE));
  const signer = await signerOf(signed);
  x509.demandPurpose(signer);
  await demandChain(signer, signed.certificates, roots, time);
  return { time, accuracy, latest: time + accuracy, expires: signer.ends, name: x509.nameOf(signer) };
}

/** @param {der.Value | null} value @returns {number} microseconds */
function accuracyOf(value) {
  if (!value) return 0;
  const members = value.members();
  const parts = [der.INTEGER, der.context(0, false), der.context(1, false)].map((tag) => members.optional(tag)?.integer(tag) ?? 0n);
  return Number(parts[0] * 1_000_000n + parts[1] * 1000n + parts[2]);
}

/** @typedef {{content: Bytes, certificates: x509.Certificate[], signer: der.Value}} SignedData the parts of RFC 5652, 5.1 that count here */

/** @param {Bytes} token @returns {SignedData} */
function signedData(token) {
  const response = der.read(token).members();
  if (response.take().members().take().integer() !== 0n) throw new FormatError("the authority did not grant the timestamp");
  const content = response.take().members();
  response.end();
  if (content.take().oid() !== SIGNED_DATA) throw new FormatError("the timestamp is not signed");
  const data = content.take().members(der.context(0)).take().members();
  data.take().integer();
  data.take(der.SET);
  const inner = data.take().members();
  if (inner.take().oid() !== TST_INFO) throw new FormatError("what is signed is no timestamp");
  const stated = inner.take().members(der.context(0)).take(der.OCTETS).content;
  const embedded = data.optional(der.context(0));
  data.optional(der.context(1)); // revocation lists are not looked at
  const signers = data.take().members(der.SET);
  const signer = signers.take(der.SEQUENCE);
  signers.end(); // 2.4.2: one signature, the authority's own
  data.end();
  return { content: stated, certificates: (embedded?.members(der.context(0)).left ?? []).map((one) => x509.parse(one.encoded)), signer };
}

/** @param {SignedData} signed @returns {Promise<x509.Certificate>} the certificate whose key signed (RFC 5652, 5.4 and 5.6) */
async function signerOf({ content, certificates, signer }) {
  const fields = signer.members();
  fields.take().integer();
  const identifier = fields.take().members();
  const [issuer, serial] = [identifier.take().encoded, identifier.take().integer()];
  const hash = x509.HASHES[fields.take().members().take().oid()];
  const attributes = fields.take(der.context(0));
  const algorithm = fields.take(der.SEQUENCE);
  const signature = fields.take(der.OCTETS).content;
  if (!hash) throw new FormatError("the timestamp uses a hash that is not accepted");
  const certificate = certificates.find((one) => equal(one.issuer, issuer) && one.serial === serial);
  if (!certificate) throw new FormatError("the timestamp does not contain its signer's certificate");
  await demandAttributes(attributes, await digestOf(hash, content), certificate);
  const kind = algorithm.members().take().oid();
  if (kind !== x509.RSA && kind !== x509.RSA_PSS && x509.HASH_OF[kind] !== hash) throw new FormatError("the timestamp's signature algorithm is not accepted");
  const pss = kind === x509.RSA_PSS ? x509.pssOf(algorithm) : null;
  if (pss && pss.hash !== hash) throw new FormatError("the timestamp's RSA-PSS uses another hash than its content");
  const message = Uint8Array.from(attributes.encoded);
  message[0] = der.SET; // signed as a plain SET OF, without the tag in the message
  if (!(await x509.holds(certificate, kind, hash, message, signature, pss?.salt ?? null))) throw new FormatError("its signature does not hold");
  return certificate;
}

/** @param {string} hash @param {Bytes} bytes @returns {Promise<Bytes>} */
const digestOf = async (hash, bytes) => new Uint8Array(await crypto.subtle.digest(hash, bytes));

/** The signed attributes name the content, its hash and the signer's certificate (2.4.2, RFC 5816). @param {der.Value} attributes @param {Bytes} digest @param {x509.Certificate} signer */
async function demandAttributes(attributes, digest, signer) {
  /** @type {Map<string, der.Value>} */
  const found = new Map();
  for (const attribute of attributes.members(der.context(0)).left) {
    const members = attribute.members();
    const [kind, values] = [members.take().oid(), members.take().members(der.SET)];
    if (found.has(kind)) throw new FormatError("an attribute stands there twice");
    found.set(kind, values.take());
    values.end();
  }
  if (found.get(CONTENT_TYPE)?.oid() !== TST_INFO) throw new FormatError("the signature is not about a timestamp");
  const stated = found.get(MESSAGE_DIGEST)?.of(der.OCTETS).content;
  if (!stated || !equal(stated, digest)) throw new FormatError("the signature is about another content");
  const named = found.get(SIGNING_CERTIFICATE_V2) ?? found.get(SIGNING_CERTIFICATE);
  if (!named) throw new FormatError("the signature does not name its certificate");
  const first = named.members().take().members().take().members();
  const other = found.has(SIGNING_CERTIFICATE_V2) ? first.optional(der.SEQUENCE) : null;
  // ESSCertID knows no hash but SHA-1 (RFC 2634, 5.4); the signature itself does not rest on it.
  const hash = !found.has(SIGNING_CERTIFICATE_V2) ? "SHA-1" : other ? x509.HASHES[other.members().take().oid()] : "SHA-256";
  if (!hash || hex(first.take(der.OCTETS).content) !== hex(await digestOf(hash, signer.encoded))) throw new FormatError("the signature names another certificate");
}

/**
 * Find a way from the signer to a root over certificates of the token, all in force at `time` (RFC 5280, 6.1).
 * @param {x509.Certificate} signer @param {x509.Certificate[]} others @param {x509.Certificate[]} roots @param {number} time
 */
async function demandChain(signer, others, roots, time) {
  const chain = [signer];
  while (chain.length <= MAX_CHAIN) {
    x509.demandInForce(chain[chain.length - 1], time);
    for (const root of roots) if (await x509.issued(root, chain, time)) return;
    let above = null;
    for (const one of others) if (!chain.includes(one) && (await x509.issued(one, chain, time))) above ??= one;
    if (!above) throw new FormatError("the signer's certificate does not lead to a trusted root");
    chain.push(above);
  }
  throw new FormatError("the chain of certificates is too long");
}

export { UnjudgedError };
