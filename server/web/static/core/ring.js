/**
 * The ring of opened keys: the content keys of a case that this reader opened before, sealed under a key of their own and kept by
 * the server (docs/formats/ring.md). It saves an unwrap of two milliseconds an item, and decides nothing: a key from it opens
 * an item only if the commitments of that item hold, and without a ring all is opened by the wraps.
 *
 * This browser remembers the highest number that it saw, so that a server that shows an older ring gains nothing.
 */
import * as api from "./api.js";
import * as cobblestone from "./cobblestone.js";
import { FormatError, concat, equal, fromHex, hex, hmac, sha256, utf8 } from "./bytes.js";
import { LockError } from "./sodium.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

const MAGIC = utf8("getuige-ring-1\n");
const START = MAGIC.length + 8 + 4;
const [ID, KEY] = [16, 32];
const MOST = 20_000;
const PINNED = "getuige-ring-";

/** @param {Bytes} start magic, number, count and ids @param {string} kase @param {string} reader @returns {Promise<Bytes>} */
const context = async (start, kase, reader) => utf8(`getuige/ring/v1/${kase}/${reader}/${hex(await sha256(start))}`);

/** @param {number} number @param {string[]} items in order @returns {Bytes} what stands in clear */
function startOf(number, items) {
  const numbers = new DataView(new ArrayBuffer(12));
  numbers.setBigUint64(0, BigInt(number));
  numbers.setUint32(8, items.length);
  return concat(MAGIC, new Uint8Array(numbers.buffer), ...items.map((item) => fromHex(item, ID)));
}

/**
 * @param {Bytes} key @param {string} kase @param {string} reader @param {number} number @param {Map<string, Bytes>} keys by item
 * @returns {Promise<Bytes>}
 */
export async function seal(key, kase, reader, number, keys) {
  const items = [...keys.keys()].sort().slice(0, MOST);
  const start = startOf(number, items);
  const plain = concat(...items.map((item) => /** @type {Bytes} */ (keys.get(item))));
  const salt = crypto.getRandomValues(new Uint8Array(cobblestone.SALT));
  return concat(start, await cobblestone.seal(key, await context(start, kase, reader), plain, salt));
}

/**
 * @param {Bytes} key @param {string} kase @param {string} reader @param {Bytes} ring
 * @returns {Promise<{number: number, keys: Map<string, Bytes>}>} @throws {FormatError | LockError} of another case or reader, or changed
 */
export async function open(key, kase, reader, ring) {
  if (ring.length < START || !equal(ring.subarray(0, MAGIC.length), MAGIC)) throw new FormatError("this is no ring");
  const numbers = new DataView(ring.buffer, ring.byteOffset + MAGIC.length, 12);
  const [number, count] = [Number(numbers.getBigUint64(0)), numbers.getUint32(8)];
  const end = START + ID * count;
  if (!Number.isSafeInteger(number) || count > MOST || end > ring.length) throw new FormatError("the ring is cut off");
  const start = ring.slice(0, end);
  const plain = await cobblestone.open(key, await context(start, kase, reader), ring.slice(end));
  if (plain.length !== KEY * count) throw new FormatError("the ring has another number of keys");
  const nth = (/** @type {Bytes} */ bytes, /** @type {number} */ size, /** @type {number} */ index) => bytes.slice(index * size, (index + 1) * size);
  const names = start.subarray(START);
  return { number, keys: new Map(Array.from({ length: count }, (_, at) => [hex(nth(names, ID, at)), nth(plain, KEY, at)])) };
}

/** The ring of one reader and case, with what it remembers in this browser. */
export class Ring {
  /** @type {Map<string, Bytes>} content keys by item, as they were found */
  keys = new Map();

  #number = 0;

  /** @param {string} kase @param {string} reader @param {Bytes} key @param {string} pin */
  constructor(kase, reader, key, pin) {
    this.kase = kase;
    this.reader = reader;
    this.key = key;
    this.pin = pin;
  }

  /**
   * Fetch and open it; whatever is wrong with it costs time and nothing else.
   * @param {string} kase @param {{identity: import("./lockedkey.js").Identity}} session @returns {Promise<Ring>}
   */
  static async of(kase, { identity }) {
    const key = await hmac("SHA-256", identity.opening.seed, utf8(`getuige/ring/v1/key/${kase}`));
    const pin = PINNED + hex(await hmac("SHA-256", key, utf8("getuige/ring/v1/pin"))).slice(0, 32);
    const ring = new Ring(kase, identity.kid, key, pin);
    try {
      const seen = Number(localStorage.getItem(pin) ?? 0);
      ring.#number = Number.isSafeInteger(seen) ? seen : 0;
      const bytes = await api.bytes(ring.#address);
      const found = await open(key, kase, identity.kid, bytes);
      if (found.number >= ring.#number) {
        ring.keys = found.keys;
        ring.#number = found.number;
        localStorage.setItem(pin, String(found.number));
      }
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof LockError || error instanceof api.ApiError)) throw error;
    }
    return ring;
  }

  get #address() {
    return `/api/v1/cases/${this.kase}/ring`;
  }

  /**
   * Keep another in its place, when something was opened that is not in it, or is in it and there no more.
   * @param {Map<string, Bytes>} keys of all that opened, whose commitments held
   */
  async keep(keys) {
    const known = (/** @type {[string, Bytes]} */ [item, key]) => equal(this.keys.get(item) ?? key.subarray(1), key);
    if (keys.size === 0 || (keys.size === this.keys.size && [...keys].every(known))) return;
    const number = this.#number + 1;
    const body = await seal(this.key, this.kase, this.reader, number, keys);
    try {
      await api.send(this.#address, { method: "PUT", body, headers: { "Content-Type": "application/vnd.getuige.ring.v1" } });
      localStorage.setItem(this.pin, String(number));
      this.#number = number;
      this.keys = keys;
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
    }
  }
}
