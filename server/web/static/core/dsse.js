/**
 * DSSE envelopes (Dead Simple Signing Envelope v1.0): a signature over exact bytes and their type.
 * The payload is never serialised anew; see `evidence/statements/dsse.py`.
 */
import * as canonical from "./canonical.js";
import { FormatError, base64, concat, fromBase64, utf8 } from "./bytes.js";
import { SignatureError, sign as signBytes, signPublic, signingKid, verify as verifyBytes } from "./sodium.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{keyid: string, sig: string}} Signature */
/** @typedef {{payload: string, payloadType: string, signatures: Signature[]} | Unpacked} Envelope */

export const STATEMENT = "application/vnd.getuige.statement.v1+json";
export const RECEIPT = "application/vnd.getuige.receipt.v1+json";
export const ITEM_HEAD = "application/vnd.getuige.item-head.v1+json";

/** An envelope that came with its payload as JSON: what was signed are its canonical bytes, so nothing else can be read in it. */
export class Unpacked {
  /** @param {{payload: any, payloadType: string, signatures: Signature[]}} envelope parsed JSON of any form; `parse` checks it */
  constructor({ payload, payloadType, signatures }) {
    this.said = payload;
    this.bytes = canonical.encode(payload);
    this.payloadType = payloadType;
    this.signatures = signatures;
  }

  /** @returns {string} the payload as base64 */
  get payload() {
    return base64(this.bytes);
  }

  /** @returns {{payload: string, payloadType: string, signatures: Signature[]}} as it is stored */
  packed() {
    return { payload: this.payload, payloadType: this.payloadType, signatures: this.signatures };
  }
}

/** An enrolment has two signatures; more than a few only costs the verifier time. */
const MAX_SIGNATURES = 4;

/** @param {string} type @param {Bytes} body @returns {Bytes} pre-authentication encoding: what is really signed */
export function pae(type, body) {
  const name = utf8(type);
  return concat(utf8(`DSSEv1 ${name.length} `), name, utf8(` ${body.length} `), body);
}

/** @param {string} type @param {Bytes} body @param {...Bytes} seeds of the signers @returns {Promise<Envelope>} */
export async function sign(type, body, ...seeds) {
  const message = pae(type, body);
  const signatures = seeds.map(async (seed) => ({
    keyid: await signingKid(signPublic(seed)),
    sig: base64(signBytes(seed, message)),
  }));
  return { payload: base64(body), payloadType: type, signatures: await Promise.all(signatures) };
}

/**
 * Check the form of an envelope; nothing is verified yet.
 * @param {any} value parsed JSON
 * @param {string} type expected payload type
 * @returns {Envelope}
 * @throws {FormatError}
 */
export function parse(value, type) {
  if (value?.payloadType !== type) throw new FormatError(`expected the payload type ${type}`);
  const count = Array.isArray(value.signatures) ? value.signatures.length : 0;
  if (count < 1 || count > MAX_SIGNATURES) throw new FormatError(`expected 1 to ${MAX_SIGNATURES} signatures`);
  return value;
}

/** @param {Envelope} envelope @returns {Bytes} the exact bytes that were signed */
export const body = (envelope) => (envelope instanceof Unpacked ? envelope.bytes : fromBase64(envelope.payload));

/** @param {Envelope} envelope @returns {any} what its payload says */
export const said = (envelope) => (envelope instanceof Unpacked ? envelope.said : canonical.decode(body(envelope)));

/**
 * Check every signature.
 * @param {Envelope} envelope
 * @param {(kid: string) => Bytes | undefined} keyOf
 * @returns {string[]} names of the keys that signed
 * @throws {SignatureError} one is by an unknown key or does not hold, even beside a good one
 */
export function verify(envelope, keyOf) {
  const message = pae(envelope.payloadType, body(envelope));
  return envelope.signatures.map(({ keyid, sig }) => {
    const key = keyOf(keyid);
    if (!key) throw new SignatureError(`signed by key ${keyid}, which is not known here`);
    verifyBytes(key, message, fromBase64(sig));
    return keyid;
  });
}
