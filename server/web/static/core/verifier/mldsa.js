/** Signatures by ML-DSA-44 (FIPS 204), which WebCrypto does not know: asked for only where a policy names such a witness. */
import { SignatureError } from "../sodium.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */

/** @param {Bytes} key @param {Bytes} message @param {Bytes} signature @throws {SignatureError} it does not hold */
export async function verify(key, message, signature) {
  const { ml_dsa44: mlDsa44 } = await import("@noble/post-quantum/ml-dsa.js");
  let holds = false;
  try {
    holds = mlDsa44.verify(signature, message, key);
  } catch {
    // a key or signature of another length
  }
  if (!holds) throw new SignatureError("the ML-DSA-44 signature does not verify");
}
