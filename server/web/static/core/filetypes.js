/**
 * Types of files, read from their first bytes by the table of `evidence/filetypes.py`, by the same vectors. Pure.
 *
 * @typedef {(offset: number, size: number) => Promise<Uint8Array>} ReadAt returns up to `size` bytes
 */

export const UNKNOWN = "application/octet-stream";
const HEAD_BYTES = 1024;
const MAX_BOXES = 128;
const FARTHEST = 2 ** 52;

/** @type {[string, string][]} bytes as Latin-1 */
const PREFIXES = [
  ["\xff\xd8\xff", "image/jpeg"], ["\x89PNG\r\n\x1a\n", "image/png"], ["GIF87a", "image/gif"], ["GIF89a", "image/gif"],
  ["II*\0", "image/tiff"], ["MM\0*", "image/tiff"], ["ID3", "audio/mpeg"], ["fLaC", "audio/flac"],
  ["#!AMR-WB\n", "audio/AMR-WB"], ["#!AMR\n", "audio/AMR"], ["caff\0\x01", "audio/x-caf"],
  ["\0\0\x01\xba", "video/mpeg"], ["\0\0\x01\xb3", "video/mpeg"], ["FLV\x01", "video/x-flv"],
  ["\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-wmv"], ["%PDF-", "application/pdf"], ["{\\rtf", "application/rtf"],
  ["PK\x03\x04", "application/zip"], ["PK\x05\x06", "application/zip"], ["\x1f\x8b", "application/gzip"],
  ["7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"], ["Rar!\x1a\x07", "application/vnd.rar"],
  ["SQLite format 3\0", "application/vnd.sqlite3"], ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"],
];

/** @type {Record<string, string>} */
const RIFF = { WEBP: "image/webp", WAVE: "audio/wav", "AVI ": "video/x-msvideo" };

/** @type {Record<string, string>} */
const STILL_BRANDS = {
  ...Object.fromEntries(["heic", "heix", "heim", "heis", "hevc", "hevx"].map((brand) => [brand, "image/heic"])),
  avif: "image/avif", avis: "image/avif", mif1: "image/heif", msf1: "image/heif", "crx ": "image/x-canon-cr3",
};
const SOUND_BRANDS = new Set(["M4A ", "M4B ", "M4P ", "F4A "]);

/** @type {Record<string, string>} */
const NAMES = {
  "image/jpeg": "jpg jpeg jpe jfif", "image/png": "png", "image/gif": "gif", "image/tiff": "tif tiff", "image/webp": "webp",
  "image/heic": "heic", "image/heif": "heif", "image/avif": "avif", "image/bmp": "bmp", "image/svg+xml": "svg",
  "video/mp4": "mp4 m4v", "video/quicktime": "mov qt", "video/3gpp": "3gp 3gpp", "video/3gpp2": "3g2", "video/webm": "webm",
  "video/matroska": "mkv", "video/x-msvideo": "avi", "video/mpeg": "mpg mpeg", "video/mp2t": "ts mts m2ts", "video/x-ms-wmv": "wmv",
  "audio/mpeg": "mp3", "audio/mp4": "m4a m4b", "audio/ogg": "ogg oga opus", "audio/wav": "wav", "audio/flac": "flac",
  "audio/aac": "aac", "audio/AMR": "amr", "audio/AMR-WB": "awb", "audio/x-caf": "caf", "audio/webm": "weba", "audio/x-ms-wma": "wma",
  "text/plain": "txt log md", "text/csv": "csv", "text/html": "html htm", "text/calendar": "ics", "text/vcard": "vcf",
  "application/json": "json", "application/xml": "xml", "message/rfc822": "eml", "application/mbox": "mbox",
  "application/pdf": "pdf", "application/rtf": "rtf", "application/zip": "zip", "application/gpx+xml": "gpx",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
  "application/vnd.oasis.opendocument.text": "odt", "application/vnd.oasis.opendocument.spreadsheet": "ods",
  "application/epub+zip": "epub", "application/vnd.android.package-archive": "apk", "application/msword": "doc",
  "application/vnd.ms-excel": "xls", "application/vnd.ms-outlook": "msg",
};
const BY_NAME = new Map(Object.entries(NAMES).flatMap(([mime, endings]) => endings.split(" ").map((ending) => [ending, mime])));

/** @type {Record<string, string[]>} */
const REFINED = {
  "application/zip": ["docx", "xlsx", "pptx", "odt", "ods", "epub", "apk"], "application/x-ole-storage": ["doc", "xls", "msg"],
  "video/x-ms-wmv": ["wma"], "video/webm": ["weba"],
};

/** @param {string} mime @returns {"photo" | "sound" | "video" | "file"} */
export function kindOf(mime) {
  if (mime === "image/svg+xml") return "file";
  if (mime.startsWith("image/")) return "photo";
  if (mime.startsWith("audio/")) return "sound";
  return mime.startsWith("video/") ? "video" : "file";
}

/** @param {ReadAt} readAt @param {string} name @returns {Promise<string>} from its bytes; from its name where those say nothing */
export async function typeOf(readAt, name) {
  const ending = name.includes(".") ? name.slice(name.lastIndexOf(".") + 1).toLowerCase() : "";
  const found = await fromBytes(latin(await readAt(0, HEAD_BYTES)), readAt);
  if (found === null) return BY_NAME.get(ending) ?? UNKNOWN;
  return REFINED[found]?.includes(ending) ? BY_NAME.get(ending) ?? found : found;
}

/** @param {Uint8Array} bytes @returns {string} one character a byte */
function latin(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 4096) parts.push(String.fromCharCode(...bytes.subarray(at, at + 4096)));
  return parts.join("");
}

/** @param {string} head @param {ReadAt} readAt @returns {Promise<string | null>} */
async function fromBytes(head, readAt) {
  const [start, second] = [head.slice(0, 4), head.slice(4, 8)];
  if (second === "ftyp") return boxed(head, readAt);
  if (["moov", "mdat", "wide"].includes(second)) return "video/quicktime";
  if (start === "RIFF") return RIFF[head.slice(8, 12)] ?? null;
  if (start === "\x1a\x45\xdf\xa3") return head.slice(0, 64).includes("webm") ? "video/webm" : "video/matroska";
  if (start === "OggS") return head.slice(0, 64).includes("\x80theora") ? "video/ogg" : "audio/ogg";
  if (head.startsWith("BM") && head.slice(6, 10) === "\0\0\0\0") return "image/bmp";
  const packets = (/** @type {number} */ first, /** @type {number} */ size) => [0, 1, 2, 3].every((at) => head[first + at * size] === "G");
  if (packets(0, 188) || packets(4, 192)) return "video/mp2t";
  const known = PREFIXES.find(([prefix]) => head.startsWith(prefix));
  if (known) return known[1];
  const next = head.startsWith("\xff") && head.length > 1 ? head.charCodeAt(1) : 0;
  if ((next & 0xf6) === 0xf0) return "audio/aac";
  return (next & 0xe6) === 0xe2 && (next & 0x18) !== 0x08 ? "audio/mpeg" : null;
}

/** @param {string} data @param {number} at */
const uint32 = (data, at) => data.charCodeAt(at) * 2 ** 24 + (data.charCodeAt(at + 1) << 16) + (data.charCodeAt(at + 2) << 8) + data.charCodeAt(at + 3);

/** @param {string} head @param {ReadAt} readAt brands first, then whether there is a picture among the tracks */
async function boxed(head, readAt) {
  const size = Math.min(uint32(head, 0), head.length);
  const brands = [head.slice(8, 12)];
  for (let at = 16; at < size - 3; at += 4) brands.push(head.slice(at, at + 4));
  const [major] = brands;
  if (SOUND_BRANDS.has(major)) return "audio/mp4";
  const still = brands.find((brand) => Object.hasOwn(STILL_BRANDS, brand));
  if (still !== undefined) return STILL_BRANDS[still];
  if (major === "qt  ") return "video/quicktime";
  const family = major.startsWith("3g2") ? "3gpp2" : major.startsWith("3gp") ? "3gpp" : "mp4";
  const found = await tracks(readAt);
  return found.includes("soun") && !found.includes("vide") ? `audio/${family}` : `video/${family}`;
}

/** @param {ReadAt} readAt @returns {Promise<string[]>} the handlers of the tracks; empty when there is no index */
async function tracks(readAt) {
  const found = [];
  for await (const { start } of inside(readAt, ["moov", "trak", "mdia", "hdlr"], 0, FARTHEST)) {
    found.push(latin(await readAt(start, 12)).slice(8));
  }
  return found;
}

/** @param {ReadAt} readAt @param {number} start @param {number} end where the boxes between two offsets are (ISO/IEC 14496-12) */
async function* boxes(readAt, start, end) {
  for (let count = 0; count < MAX_BOXES; count += 1) {
    const header = latin(await readAt(start, Math.min(16, end - start)));
    if (header.length < 8) return;
    let [size, length] = [uint32(header, 0), 8];
    if (size === 1 && header.length === 16) [size, length] = [uint32(header, 8) * 2 ** 32 + uint32(header, 12), 16];
    if (size === 0) size = end - start;
    if (size < length || start + size > FARTHEST) return;
    yield { kind: header.slice(4, 8), start: start + length, end: Math.min(start + size, end) };
    start += size;
    if (start >= end) return;
  }
}

/**
 * @param {ReadAt} readAt @param {string[]} path @param {number} start @param {number} end
 * @returns {AsyncGenerator<{kind: string, start: number, end: number}>} the boxes that the path leads to
 */
async function* inside(readAt, [name, ...rest], start, end) {
  for await (const box of boxes(readAt, start, end)) {
    if (box.kind !== name) continue;
    if (rest.length === 0) yield box;
    else yield* inside(readAt, rest, box.start, box.end);
  }
}
