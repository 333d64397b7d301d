/**
 * The members of a bundle's ZIP, by the rules of `evidence/bundle/format/zips.py`: stored members below one folder, one after the
 * other from the first byte to the directory, which ends the file (APPNOTE 6.3.10, 4.3). What two programs could read differently
 * is refused before a byte of it is.
 */
import { FormatError, text } from "../bytes.js";
import { MAX_FILES, bytesOf, demandDistinct, isSafe } from "./bag.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/**
 * @typedef {{name: string, flags: number, method: number, crc: number, packed: number, size: number, offset: number, kind: number}} Entry
 * of the directory; `kind` is the type of file on a Unix system
 */

const [LOCAL, CENTRAL, END, END64, LOCATOR64] = [0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50, 0x07064b50];
const [LOCAL_BYTES, CENTRAL_BYTES, END_BYTES, END64_BYTES, LOCATOR64_BYTES] = [30, 46, 22, 56, 20];
const [ENCRYPTED, DESCRIPTOR, UTF8] = [0x1, 0x8, 0x800];
const [ZIP64, IN_EXTRA] = [0x0001, 0xffffffff];
const [UNIX, TYPE, FILE, FOLDER] = [3, 0o170000, 0o100000, 0o040000];

/** A bundle's longest name has 300 bytes: of a longer one no more is compared, and it is refused. */
const MAX_NAME = 1024;

/** With or without a signature, with sizes of 4 or 8 bytes (4.3.9). */
const DESCRIPTORS = [12, 16, 20, 24];

/** @param {Bytes} bytes */
const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** @param {DataView} data @param {number} at @returns {number} @throws {FormatError} more than a number here holds */
function long(data, at) {
  const value = Number(data.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw new FormatError("the ZIP names a place that cannot be");
  return value;
}

/**
 * @param {Blob} archive @returns {Promise<import("./bag.js").Bag>} its files, by their names below the one folder
 * @throws {FormatError} it is anything that a bundle's ZIP is not
 */
export async function unzip(archive) {
  try {
    return await members(archive);
  } catch (error) {
    throw error instanceof RangeError ? new FormatError("the ZIP is cut off") : error;
  }
}

/** @param {Blob} archive @returns {Promise<import("./bag.js").Bag>} */
async function members(archive) {
  const { start, size } = await directory(archive);
  const entries = read(await bytesOf(archive.slice(start, start + size)));
  if (entries.length > MAX_FILES) throw new FormatError(`more than ${MAX_FILES} files`);
  /** @type {Map<string, Entry>} */
  const found = new Map();
  const tops = new Set();
  for (const entry of entries) {
    const [top] = entry.name.split("/", 1);
    const name = entry.name.slice(top.length + 1);
    tops.add(top);
    if (!isSafe(top) || !entry.name.includes("/")) throw new FormatError("the ZIP holds something outside its one folder");
    demandStored(entry);
    if (entry.name.endsWith("/")) {
      if (entry.size || (name && !isSafe(name.slice(0, -1)))) throw new FormatError("the ZIP holds a folder that has bytes, or lies outside");
      continue;
    }
    if (!isSafe(name) || found.has(name)) throw new FormatError("the ZIP names a file twice, or one outside the bag");
    found.set(name, entry);
  }
  if (tops.size > 1) throw new FormatError("the ZIP holds more than one folder");
  demandDistinct(found.keys());
  const places = await demandPlaces(archive, entries, start);
  return new Map([...found].map(([name, entry]) => {
    const begin = /** @type {number} */ (places.get(entry));
    return [name, { blob: archive.slice(begin, begin + entry.size), crc: entry.crc }];
  }));
}

/** @param {Blob} archive @returns {Promise<{start: number, size: number}>} where the directory lies */
async function directory(archive) {
  const tail = END_BYTES + LOCATOR64_BYTES + END64_BYTES;
  const end = view(await bytesOf(archive.slice(-END_BYTES)));
  if (end.byteLength < END_BYTES || end.getUint32(0, true) !== END || end.getUint16(20, true)) {
    throw new FormatError("not a ZIP file that can be read, or something lies behind its directory");
  }
  let [size, start, after] = [end.getUint32(12, true), end.getUint32(16, true), archive.size - END_BYTES];
  const before = archive.size < tail ? null : view(await bytesOf(archive.slice(archive.size - tail, archive.size - END_BYTES)));
  if (before?.getUint32(END64_BYTES, true) === LOCATOR64 && before.getUint32(0, true) === END64) {
    [size, start, after] = [long(before, 40), long(before, 48), archive.size - tail];
  }
  if (start + size !== after) throw new FormatError("the directory of the ZIP does not end where the ZIP does");
  return { start, size };
}

/** @param {Bytes} bytes the directory @returns {Entry[]} */
function read(bytes) {
  const data = view(bytes);
  const entries = [];
  for (let at = 0; at < bytes.length;) {
    if (data.getUint32(at, true) !== CENTRAL) throw new FormatError("the directory of the ZIP is malformed");
    const [nameSize, extraSize, comment] = [28, 30, 32].map((place) => data.getUint16(at + place, true));
    const flags = data.getUint16(at + 8, true);
    const name = nameOf(bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameSize), flags);
    const mode = data.getUint8(at + 5) === UNIX ? (data.getUint32(at + 38, true) >>> 16) & TYPE : 0;
    const extra = at + CENTRAL_BYTES + nameSize;
    const [packed, size, offset] = places(data, at, extra, extra + extraSize);
    entries.push({ name, flags, method: data.getUint16(at + 10, true), crc: data.getUint32(at + 16, true), packed, size, offset, kind: mode });
    at = extra + extraSize + comment;
    if (at > bytes.length) throw new FormatError("the directory of the ZIP is cut off");
  }
  return entries;
}

/** @param {Bytes} bytes @param {number} flags @returns {string} @throws {FormatError} it has no one reading */
function nameOf(bytes, flags) {
  if (!(flags & UTF8) && bytes.some((byte) => byte > 0x7f)) throw new FormatError("the ZIP holds a name in an unknown encoding");
  return text(bytes);
}

/** @param {DataView} data @param {number} entry @param {number} from @param {number} to of its extra fields @returns {number[]} packed size, size, offset */
function places(data, entry, from, to) {
  const [packed, size, offset] = [20, 24, 42].map((place) => data.getUint32(entry + place, true));
  for (let at = from; at + 4 <= to;) {
    const [kind, length] = [data.getUint16(at, true), data.getUint16(at + 2, true)];
    if (at + 4 + length > to) throw new FormatError("an extra field of the ZIP is cut off");
    if (kind === ZIP64) {
      let next = at + 4;
      const [wholeSize, wholePacked, wholeOffset] = [size, packed, offset].map((value) => {
        if (value !== IN_EXTRA) return value;
        next += 8;
        if (next > at + 4 + length) throw new FormatError("an extra field of the ZIP is cut off");
        return long(data, next - 8);
      });
      return [wholePacked, wholeSize, wholeOffset];
    }
    at += 4 + length;
  }
  return [packed, size, offset];
}

/** @param {Entry} entry */
function demandStored({ method, flags, packed, size, kind }) {
  if (method || flags & ENCRYPTED || packed !== size) throw new FormatError("the ZIP holds a compressed or encrypted member");
  if (![0, FILE, FOLDER].includes(kind)) throw new FormatError("the ZIP holds a link or a device");
}

/**
 * Members follow each other from the first byte to the directory.
 * @param {Blob} archive @param {Entry[]} entries @param {number} end @returns {Promise<Map<Entry, number>>} where the bytes of each begin
 */
async function demandPlaces(archive, entries, end) {
  /** @type {Map<Entry, number>} */
  const found = new Map();
  let [at, described] = [0, false];
  for (const entry of [...entries].sort((left, right) => left.offset - right.offset)) {
    demandGap(described, entry.offset - at);
    const begin = await beginOf(archive, entry);
    found.set(entry, begin);
    [at, described] = [begin + entry.packed, Boolean(entry.flags & DESCRIPTOR)];
  }
  demandGap(described, end - at);
  return found;
}

/** @param {boolean} described @param {number} gap */
function demandGap(described, gap) {
  if (!(described ? DESCRIPTORS : [0]).includes(gap)) throw new FormatError("the members of the ZIP overlap, or something lies before or between them");
}

/** @param {Blob} archive @param {Entry} entry @returns {Promise<number>} where its bytes begin, by its own header, which must say the same */
async function beginOf(archive, entry) {
  const bytes = await bytesOf(archive.slice(entry.offset, entry.offset + LOCAL_BYTES + MAX_NAME));
  const header = view(bytes);
  const [nameSize, extraSize] = [header.getUint16(26, true), header.getUint16(28, true)];
  const [flags, method] = [header.getUint16(6, true), header.getUint16(8, true)];
  const [crc, packed, size] = [14, 18, 22].map((place) => header.getUint32(place, true));
  const sized = [packed, size].every((value) => value === entry.size || value === IN_EXTRA) && crc === entry.crc;
  const named = nameOf(bytes.subarray(LOCAL_BYTES, LOCAL_BYTES + nameSize), flags) === entry.name;
  if (header.getUint32(0, true) !== LOCAL || method || flags !== entry.flags || !named || !(sized || flags & DESCRIPTOR)) {
    throw new FormatError("a member of the ZIP and the directory say different things");
  }
  return entry.offset + LOCAL_BYTES + nameSize + extraSize;
}
