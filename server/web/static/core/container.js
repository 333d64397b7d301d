/**
 * The item container: magic, signed head, sealed meta, sealed content (`evidence/envelope/`, docs/formats/).
 */
import * as canonical from "./canonical.js";
import * as cobblestone from "./cobblestone.js";
import * as dsse from "./dsse.js";
import * as fields from "./fields.js";
import { FormatError, concat, equal, hex, hmac, sha256, utf8 } from "./bytes.js";
import { checked, writable } from "./meta.js";
import { wrap } from "./wraps.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{size: number, sha256: string, commitment: string}} MetaPart size and hash of the ciphertext */
/** @typedef {{size: number, commitment: string}} ContentPart the content is hashed as it streams, after the head */
/**
 * @typedef {{v: 1, suite: 1, case: string, item: string, by: string, at: string, meta: MetaPart,
 *   content?: ContentPart | null,
 *   wraps: import("./wraps.js").Wrap[]}} Head
 */
/** @typedef {{envelope: dsse.Envelope, head: Head, headBytes: Bytes, meta: Bytes, content: Bytes | null}} Container */
/** @typedef {"meta" | "content"} PartName */

export const MAGIC = utf8("getuige-item-1\n");

/** A head has room for 120 wraps; as in `evidence/envelope/container.py`. */
const MAX_HEAD = 256 * 1024;

/** Meta is padded to at least this, so that a short note and a long one look alike. */
const MIN_META = 2048;

/** What was opened is not what was committed to at sealing. */
export class CommitmentError extends Error {}

/**
 * Padmé: at most 12 % longer, and only O(log log) of the length leaks (Nikitin et al., PURBs, 2019, section 4).
 * @param {number} size @returns {number}
 */
export function padme(size) {
  if (size < 2) return size;
  const exponent = Math.floor(Math.log2(size));
  const bits = exponent - (Math.floor(Math.log2(exponent || 1)) + 1);
  const step = 2 ** Math.max(bits, 0);
  return Math.ceil(size / step) * step;
}

/** @param {Container} container, or its beginning @returns {number} bytes of the whole */
export const sizeOf = ({ head, headBytes, meta }) => MAGIC.length + 4 + headBytes.length + meta.length + (head.content?.size ?? 0);

/** @param {Head} head @param {PartName} part */
const context = (head, part) => utf8(`getuige/item/v1/${part}/${head.case}/${head.item}`);

/** @param {Bytes} key @param {Bytes} plaintext of the content, without padding @returns {Promise<string>} that of meta: `fields` */
export async function commitment(key, plaintext) {
  const salt = await hmac("SHA-256", key, utf8("getuige/commitment-salt/v1/content"));
  return hex(await sha256(concat(utf8("getuige/commitment/v1\0"), salt, await sha256(plaintext))));
}

/**
 * Read a container, or its beginning.
 * @param {Bytes} bytes
 * @returns {Promise<Container>} `content` is null when these bytes end with meta
 * @throws {FormatError} another format, cut off inside head or meta, or a part that is not what the head names
 */
export async function parse(bytes) {
  if (!equal(bytes.subarray(0, MAGIC.length), MAGIC)) throw new FormatError("this is not an item of Getuige");
  const start = MAGIC.length + 4;
  if (bytes.length < start) throw new FormatError("the item is cut off");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length);
  const headSize = start + length;
  if (length > MAX_HEAD || headSize > bytes.length) throw new FormatError("the head of the item is cut off");
  const headBytes = bytes.slice(start, headSize);
  const { envelope, head } = headOf(canonical.decode(headBytes));
  const meta = bytes.slice(headSize, headSize + head.meta.size);
  await checkMeta(head, meta);
  const content = bytes.slice(headSize + head.meta.size);
  if (content.length === 0) return { envelope, head, headBytes, meta, content: null };
  if (content.length !== head.content?.size) throw new FormatError("the content of the item is cut off");
  return { envelope, head, headBytes, meta, content };
}

/**
 * Read what a timeline gives of an item: its head, and its sealed description.
 * @param {dsse.Unpacked} unpacked @param {Bytes} meta @returns {Promise<Container>} @throws {FormatError} as `parse`
 */
export async function fromParts(unpacked, meta) {
  const { envelope, head } = headOf(unpacked);
  await checkMeta(head, meta);
  return { envelope, head, headBytes: canonical.encode(unpacked.packed()), meta, content: null };
}

/** @param {any} value an envelope, or what should be one @returns {{envelope: dsse.Envelope, head: Head}} */
function headOf(value) {
  const envelope = dsse.parse(value, dsse.ITEM_HEAD);
  const head = dsse.said(envelope);
  if (head?.v !== 1 || head.suite !== 1) throw new FormatError("this item has a version that this page does not know");
  return { envelope, head };
}

/** @param {Head} head @param {Bytes} meta */
async function checkMeta(head, meta) {
  if (meta.length !== head.meta.size) throw new FormatError("the item is cut off");
  if (hex(await sha256(meta)) !== head.meta.sha256) throw new FormatError("the description differs from the head");
}

/**
 * Check who signed the head.
 * @param {Container} container @param {(kid: string) => Bytes | undefined} keyOf
 * @returns {string} name of the key
 * @throws {import("./sodium.js").SignatureError | FormatError}
 */
export function verifyHead(container, keyOf) {
  const signers = dsse.verify(container.envelope, keyOf);
  if (signers.length !== 1 || signers[0] !== container.head.by) throw new FormatError("the head names another signer");
  return signers[0];
}

/**
 * Open meta and check its fields against the commitment that the head carries.
 * @param {Container} container @param {Bytes} key content key
 * @returns {Promise<any>} the meta document, which keeps to the rules of a description
 * @throws {FormatError | CommitmentError | import("./sodium.js").LockError}
 */
export async function openMeta(container, key) {
  const padded = await cobblestone.open(key, context(container.head, "meta"), container.meta);
  let end = padded.length;
  while (end > 0 && padded[end - 1] === 0x20) end -= 1;
  const described = canonical.decode(padded.slice(0, end));
  if (fields.commitment(key, described) !== container.head.meta.commitment) {
    throw new CommitmentError("the description does not open as it was sealed");
  }
  return checked(described);
}

/**
 * Open the content and check length, hash and commitment.
 * @param {Container} container @param {Bytes} key content key @param {{size: number, sha256: string}} file of meta
 * @returns {Promise<Bytes>} the file as it was
 * @throws {FormatError | CommitmentError | import("./sodium.js").LockError}
 */
export async function openContent(container, key, file) {
  if (!container.content || !container.head.content) throw new FormatError("this item has no content here");
  const padded = await cobblestone.open(key, context(container.head, "content"), container.content);
  const plaintext = padded.slice(0, file.size);
  if (padded.subarray(file.size).some((byte) => byte !== 0)) throw new CommitmentError("there is something in the padding");
  const committed = await commitment(key, plaintext);
  if (committed !== container.head.content.commitment || hex(await sha256(plaintext)) !== file.sha256) {
    throw new CommitmentError("what was opened is not what was sealed");
  }
  return plaintext;
}

/**
 * Open the bytes `first` to `last` of the file (both included, as in an HTTP Range), for a player that jumps. Each chunk
 * is proven to stand at its place under this key; the commitment covers the whole file, so only `openContent` checks it.
 * @param {Container} container @param {Bytes} key content key @param {{size: number}} file of meta
 * @param {(offset: number, size: number) => Promise<Bytes>} readAt reads the container
 * @param {number} first @param {number} last
 * @returns {Promise<Bytes>}
 * @throws {FormatError | CommitmentError | import("./sodium.js").LockError}
 */
export async function openRange(container, key, file, readAt, first, last) {
  const { head, headBytes, meta } = container;
  if (!head.content || first < 0 || first > last || last >= file.size) throw new FormatError("this item has no such bytes");
  if (cobblestone.messageSize(padme(file.size)) !== head.content.size) throw new CommitmentError("the sizes contradict");
  const start = MAGIC.length + 4 + headBytes.length + meta.length;
  const step = cobblestone.CHUNK + cobblestone.TAG;
  const [chunk, end] = [Math.floor(first / cobblestone.CHUNK), Math.floor(last / cobblestone.CHUNK) + 1];
  const offset = cobblestone.HEADER + chunk * step;
  const size = Math.min((end - chunk) * step, head.content.size - offset);
  const header = await readAt(start, cobblestone.HEADER);
  const sealed = await readAt(start + offset, size);
  if (sealed.length !== size) throw new FormatError("the content of the item is cut off");
  const plain = await cobblestone.openChunks(key, context(head, "content"), header, sealed, chunk);
  return plain.slice(first - chunk * cobblestone.CHUNK, last + 1 - chunk * cobblestone.CHUNK);
}

/**
 * @param {Head} head @param {PartName} name @param {Bytes} key @param {Bytes} padded
 * @returns {Promise<Bytes>} ciphertext; the salt follows from key, context and plaintext
 */
async function sealPart(head, name, key, padded) {
  const own = context(head, name);
  const salt = await hmac("SHA-256", key, concat(own, [0], await sha256(padded)));
  return cobblestone.seal(key, own, padded, salt.slice(0, cobblestone.SALT));
}

/**
 * Seal one item. The salt follows from key and plaintext, so sealing again under the same key gives the same bytes.
 * @param {{case: string, item: string, at: string, by: string}} place
 * @param {Bytes} seed signs the head
 * @param {Bytes[]} readers X-Wing public keys; one that nothing can be wrapped to is left out
 * @param {Bytes} key content key, 32 random bytes
 * @param {object} meta
 * @param {Bytes | null} content
 * @returns {Promise<Bytes>} the container
 * @throws {FormatError} nobody is left to wrap to, or a reader would refuse the description
 */
export async function seal(place, seed, readers, key, meta, content) {
  /** @type {any} */
  const head = { v: 1, suite: 1, ...place };
  const described = writable(meta);  // what a reader would refuse is not sealed
  if (content?.length !== described.file?.size) throw new FormatError("description and content do not belong together");
  const document = canonical.encode(described);
  const padded = new Uint8Array(padme(Math.max(MIN_META, document.length))).fill(0x20);
  padded.set(document);
  const sealedMeta = await sealPart(head, "meta", key, padded);
  head.meta = {
    size: sealedMeta.length,
    sha256: hex(await sha256(sealedMeta)),
    commitment: fields.commitment(key, described),
  };
  let sealedContent = new Uint8Array(0);
  if (content) {
    const filled = new Uint8Array(padme(content.length));
    filled.set(content);
    sealedContent = await sealPart(head, "content", key, filled);
    head.content = { size: sealedContent.length, commitment: await commitment(key, content) };
  }
  head.wraps = await wrapAll(place, readers, key);
  const envelope = canonical.encode(await dsse.sign(dsse.ITEM_HEAD, canonical.encode(head), seed));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, envelope.length);
  return concat(MAGIC, length, envelope, sealedMeta, sealedContent);
}

/** @param {import("./wraps.js").Place} place @param {Bytes[]} readers @param {Bytes} key @returns {Promise<import("./wraps.js").Wrap[]>} */
async function wrapAll(place, readers, key) {
  const made = await Promise.allSettled(readers.map((reader) => wrap(place, reader, key)));
  const wraps = made.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (wraps.length === 0) throw new FormatError("nothing can be wrapped to any reader of this item");
  return wraps;
}
