/**
 * The one rule by which Getuige believes an Ed25519 signature (RFC 8032, section 5.1.7; `docs/formats/keys.md`), asked
 * before any library is: browsers, OpenSSL and libsodium differ on what it refuses. See `evidence/ed25519.py`.
 */
import { hex } from "./bytes.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {[bigint, bigint, bigint, bigint]} Point in extended coordinates (RFC 8032, section 5.1.4) */

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
/** The y of the eight points whose order divides 8. */
const SMALL_ORDER = new Set([0n, 1n, P - 1n, Y8, P - Y8]);

/** @param {bigint} value */
const mod = (value) => ((value % P) + P) % P;

/** @param {bigint} base @param {bigint} exponent */
function power(base, exponent) {
  let result = 1n;
  for (let [square, rest] = [mod(base), exponent]; rest; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

/** @param {Bytes} bytes little-endian @returns {bigint} */
const numberOf = (bytes) => BigInt(`0x${hex(bytes.slice().reverse())}`);

/** @param {Bytes} encoded @returns {bigint} y, without the sign of x */
const yOf = (encoded) => numberOf(encoded) & (2n ** 255n - 1n);

/** @param {Bytes} encoded @returns {boolean} a canonical encoding, and not of small order */
function isLargeOrder(encoded) {
  const y = yOf(encoded);
  return y < P && !SMALL_ORDER.has(y);
}

/** @param {Bytes} encoded @returns {Point | null} RFC 8032, section 5.1.3; the sign of x changes no order */
function decode(encoded) {
  const y = yOf(encoded);
  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)];
  const square = mod(u * power(v, P - 2n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * ROOT_OF_MINUS_ONE);
  return mod(x * x) === square ? [x, y, 1n, mod(x * y)] : null;
}

/** @param {Point} left @param {Point} right @returns {Point} */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const [a, b, c, d] = [(y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2n * D * t1 * t2, 2n * z1 * z2];
  const [e, f, g, h] = [mod(b - a), mod(d - c), mod(d + c), mod(b + a)];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

/** @param {Point} point @returns {boolean} whether its order is L */
function isOfPrimeOrder(point) {
  /** @type {Point} */
  let sum = [0n, 1n, 1n, 0n];
  for (let [doubled, rest] = [point, L]; rest; rest >>= 1n) {
    if (rest & 1n) sum = add(sum, doubled);
    doubled = add(doubled, doubled);
  }
  return sum[0] === 0n && sum[1] === sum[2];
}

/** @type {Map<string, boolean>} a key is judged once: it costs milliseconds */
const judged = new Map();

/** @param {Bytes} key @returns {boolean} */
function isKey(key) {
  const name = hex(key);
  const known = judged.get(name);
  if (known !== undefined) return known;
  const point = isLargeOrder(key) ? decode(key) : null;
  const good = point !== null && isOfPrimeOrder(point);
  judged.set(name, good);
  return good;
}

/**
 * Whether a library may be asked: the key is of prime order and canonical, R is canonical and not of small order, S < L.
 * @param {Bytes} key @param {Bytes} signature @returns {boolean}
 */
export function mayHold(key, signature) {
  return key.length === 32 && signature.length === 64 && numberOf(signature.slice(32)) < L
    && isLargeOrder(signature.slice(0, 32)) && isKey(key);
}
