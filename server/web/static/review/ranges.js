/** A sealed file read piece by piece: what a player asks for is fetched and opened, and nothing else. */
import * as api from "../core/api.js";
import * as container from "../core/container.js";
import { CHUNK, HEADER, TAG } from "../core/cobblestone.js";
import { FormatError } from "../core/bytes.js";

/** @typedef {import("../core/bytes.js").Bytes} Bytes */
/** @typedef {import("./entries.js").Entry} Entry */

/** Opened at once: worth its round trip, and little to hold. */
export const PIECE = 1024 * 1024;

export class Ranges {
  /** @type {Map<number, Promise<Bytes>>} the header of the ciphertext, which every piece needs */
  #kept = new Map();

  /** @param {Entry} entry with a file */
  constructor(entry) {
    this.entry = entry;
    this.start = container.MAGIC.length + 4 + entry.container.headBytes.length + entry.container.meta.length;
  }

  /** Bytes of the file that are here: of an item that was cut off, those in chunks that arrived whole. */
  get size() {
    const { arrived, container: sealed, file } = this.entry;
    const whole = sealed.head.content?.size ?? 0;
    const here = arrived === null ? whole : arrived - this.start;
    if (here >= whole) return file.size;
    return Math.min(file.size, Math.max(0, Math.floor((here - HEADER) / (CHUNK + TAG))) * CHUNK);
  }

  /** @param {number} first @param {number} last both included; at most `PIECE` bytes are opened @returns {Promise<Bytes>} */
  read(first, last) {
    const end = Math.min(last, this.size - 1, first + PIECE - 1);
    const readAt = (/** @type {number} */ offset, /** @type {number} */ size) => this.#readAt(offset, size);
    return container.openRange(this.entry.container, this.entry.key, this.entry.file, readAt, first, end);
  }

  /** @returns {Promise<Blob>} all that is here; a browser keeps large blobs on the disk, so memory stays flat */
  async blob() {
    const parts = [];
    for (let at = 0; at < this.size; at += PIECE) parts.push(new Blob([await this.read(at, this.size - 1)]));
    return new Blob(parts, { type: this.entry.file.mime });
  }

  /** @param {number} offset @param {number} size of the container */
  #readAt(offset, size) {
    if (offset !== this.start || size !== HEADER) return this.#fetch(offset, size);
    const kept = this.#kept.get(offset) ?? this.#fetch(offset, size);
    this.#kept.set(offset, kept);
    kept.catch(() => this.#kept.delete(offset));
    return kept;
  }

  /** @param {number} offset @param {number} size @returns {Promise<Bytes>} */
  async #fetch(offset, size) {
    const headers = { Range: `bytes=${offset}-${offset + size - 1}` };
    const answer = await api.send(`/api/v1/items/${this.entry.id}/container`, { headers });
    if (answer.status !== 206) throw new FormatError("the server gave more than was asked for");
    return new Uint8Array(await answer.arrayBuffer());
  }
}
