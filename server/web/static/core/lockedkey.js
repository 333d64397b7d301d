/**
 * The locked key of a member of staff: two private seeds under a key that only the pass phrase gives.
 * The phrase never leaves this page; see `evidence/keys.py`.
 */
import { LockError, argon2id, openSecret, sign, signPublic, signingKid } from "./sodium.js";
import { concat, fromBase64, fromHex, utf8 } from "./bytes.js";
import { openingKey } from "./wraps.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{alg: string, opslimit: number, memlimit: number, salt: string}} Kdf */
/** @typedef {{signSeed: Bytes, kid: string, opening: import("./wraps.js").OpeningKey}} Identity */

/** Bounds on the cost that a server may ask of this machine, as in `evidence/keys.py`. */
const COST = { passes: [1, 20], memory: [8 * 2 ** 20, 2 ** 30] };

/**
 * @param {string} phrase @param {Kdf} kdf
 * @returns {{authSeed: Bytes, wrapping: Bytes}}
 * @throws {LockError} the cost is out of bounds
 */
export function derive(phrase, kdf) {
  const { passes, memory } = COST;
  const fits = kdf.alg === "argon2id13"
    && kdf.opslimit >= passes[0] && kdf.opslimit <= passes[1]
    && kdf.memlimit >= memory[0] && kdf.memlimit <= memory[1];
  if (!fits) throw new LockError("the server asks for a cost that is out of bounds");
  const password = utf8(phrase.normalize("NFKC").trim());
  const both = argon2id(password, fromHex(kdf.salt, 16), kdf.opslimit, kdf.memlimit);
  return { authSeed: both.slice(0, 32), wrapping: both.slice(32) };
}

/** @param {Bytes} wrapping @param {string} locked base64 @returns {Promise<Identity>} @throws {LockError} */
export async function open(wrapping, locked) {
  const seeds = openSecret(wrapping, fromBase64(locked));
  if (seeds.length !== 64) throw new LockError("the locked key holds something else than two seeds");
  const signSeed = seeds.slice(0, 32);
  return { signSeed, kid: await signingKid(signPublic(signSeed)), opening: await openingKey(seeds.slice(32)) };
}

/** @param {Bytes} seed @param {"auth" | "session"} step @param {Bytes} challenge @returns {Bytes} signature */
export function answer(seed, step, challenge) {
  return sign(seed, concat(utf8(`getuige/sign-in/${step}/v1\0`), challenge));
}
