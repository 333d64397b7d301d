/** The items of a bundle against their events: ciphertext in a sealed bundle, originals in an opened one. */
import * as canonical from "../canonical.js";
import * as dsse from "../dsse.js";
import * as fields from "../fields.js";
import { FormatError, concat, fromHex, utf8 } from "../bytes.js";
import { MAGIC } from "../container.js";
import { bytesOf, digest, need } from "./bag.js";
import { checkDerived } from "./derived.js";
import { OPENINGS } from "./files.js";
import { digestOf } from "./journal.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {import("./journal.js").Part} Part */
/** @typedef {import("./journal.js").Event} Event */
/** @typedef {import("./claims.js").Findings} Findings */
/** @typedef {Map<string, string>} Digests SHA-256 of every file, by name */

/** No container's head and description are longer (`evidence/envelope/container.py`). */
const PREFIX_BYTES = MAGIC.length + 4 + 256 * 1024 + 512 * 1024;

/** @param {import("./bag.js").Bag} bag @param {Digests} digests @param {Part} part @param {Findings} findings */
export async function checkSealed(bag, digests, part, findings) {
  for (const event of part.of("item.seal").filter(({ said }) => !part.refused.has(said.body.item))) {
    const { item, container, head, meta, content } = event.said.body;
    try {
      const found = await signedPrefix(bag, part, event);
      if (digests.get(`data/items/${item}.getuige`) !== container.sha256) throw new FormatError("its ciphertext has another hash");
      const stated = content ? { size: content.size, commitment: content.commitment } : null;
      const pairs = [
        [found.blob, head], [found.head.meta, meta], [found.head.content ?? null, stated], [found.whole, container.size],
      ];
      for (const [is, says] of pairs) if (!same(is, says)) throw new FormatError("the item and its statement differ");
      findings.proven("item-unchanged", item, part.circumstances(event));
    } catch (error) {
      findings.failed("item-differs", item, { why: error });
    }
  }
  for (const event of part.begun) {
    const { item, head } = event.said.body;
    try {
      const found = await signedPrefix(bag, part, event);
      if (!same(found.blob, head)) throw new FormatError("another head than the one that was announced");
      if (found.here > found.whole) throw new FormatError("it is longer than its head allows");
      findings.note("item-incomplete", item, { here: found.here, whole: found.whole, ...part.circumstances(event) });
    } catch (error) {
      findings.failed("item-differs", item, { why: error });
    }
  }
}

/** @param {unknown} left @param {unknown} right */
const same = (left, right) => String(canonical.encode(left)) === String(canonical.encode(right));

/**
 * The beginning of a container, whose head its author signed for this item and case.
 * @param {import("./bag.js").Bag} bag @param {Part} part @param {Event} event
 */
async function signedPrefix(bag, part, event) {
  if (!part.trusted(event)) throw new FormatError("its event is not proven");
  const member = bag.get(`data/items/${event.said.body.item}.getuige`);
  if (!member) throw new FormatError("its ciphertext is missing");
  const { headBytes, meta, ...sizes } = await prefix(member.blob);
  const head = await signedHead(headBytes, part, event);
  if ((await digestOf(meta)) !== head.meta.sha256) throw new FormatError("another description than the head names");
  return { head, blob: { sha256: await digestOf(headBytes), size: headBytes.length }, ...sizes };
}

/**
 * @param {Blob} blob a container @returns {Promise<{headBytes: Bytes, meta: Bytes, whole: number, here: number}>} its beginning, and how
 *   many bytes are here of the whole; nothing is verified yet @throws {FormatError}
 */
async function prefix(blob) {
  const bytes = await bytesOf(blob.slice(0, PREFIX_BYTES));
  const start = MAGIC.length + 4;
  if (bytes.length < start || String(bytes.slice(0, MAGIC.length)) !== String(MAGIC)) throw new FormatError("not an item container");
  const end = start + new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length);
  const headBytes = bytes.slice(start, end);
  const head = canonical.decode(dsse.body(dsse.parse(canonical.decode(headBytes), dsse.ITEM_HEAD)));
  const meta = bytes.slice(end, end + head.meta.size);
  if (meta.length !== head.meta.size) throw new FormatError("the item was cut off before its description ended");
  return { headBytes, meta, whole: end + head.meta.size + (head.content?.size ?? 0), here: blob.size };
}

/** @param {Bytes} bytes @param {Part} part @param {Event} event @returns {Promise<any>} */
async function signedHead(bytes, part, event) {
  const { by, case: kase, body } = event.said;
  const envelope = dsse.parse(canonical.decode(bytes), dsse.ITEM_HEAD);
  const key = part.standing.keys.get(by);
  // A key that was retired later signed a head that the event's own hash vouches for.
  if (key?.inForce) dsse.verify(envelope, (kid) => (kid === by ? key.key : undefined));
  const head = canonical.decode(dsse.body(envelope));
  if (head.item !== body.item || head.case !== kase || head.by !== by) throw new FormatError("a head of another item, case or author");
  return head;
}

/**
 * A container against the event that its receipt is about; null: the receipt does not hold.
 * @param {Blob} blob @param {string} name of the item @param {import("./receipt.js").Received | null} receipt @param {Findings} findings
 */
export async function checkAlone(blob, name, receipt, findings) {
  try {
    if (receipt?.event.said.type !== "item.seal") throw new FormatError("its receipt does not hold, or is about something else");
    const { said, at } = receipt.event;
    const { item, container, head, meta, content } = said.body;
    if ((await digest({ blob })) !== container.sha256) throw new FormatError("its ciphertext has another hash");
    const found = await prefix(blob);
    const stated = canonical.decode(dsse.body(dsse.parse(canonical.decode(found.headBytes), dsse.ITEM_HEAD)));
    const pairs = [
      [[stated.case, stated.item, stated.by], [said.case, item, said.by]],
      [{ sha256: await digestOf(found.headBytes), size: found.headBytes.length }, head], [stated.meta, meta],
      [stated.content ?? null, content ? { size: content.size, commitment: content.commitment } : null],
      [found.whole, container.size], [await digestOf(found.meta), meta.sha256],
    ];
    for (const [is, says] of pairs) if (!same(is, says)) throw new FormatError("the item and its statement differ");
    if (receipt.logged) findings.proven("item-received", item, { when: at });
    else findings.note("item-received", item, { when: at });
    findings.note("signer-unchecked", "", { kid: said.by });
  } catch (error) {
    findings.failed("item-differs", name, { why: error });
  }
}

/** @param {import("./bag.js").Bag} bag @param {Digests} digests @param {Part} part @param {Findings} findings */
export async function checkOpened(bag, digests, part, findings) {
  const openings = canonical.decode(await need(bag, OPENINGS), canonical.MAX_FILE_BYTES);
  /** @type {Map<string, any>} */
  const byItem = new Map(openings.items.map((/** @type {any} */ one) => [one.item, one]));
  const closed = new Map((openings.closed ?? []).map((/** @type {any} */ one) => [one.item, one.part]));
  const named = new Set(openings.items.flatMap((/** @type {any} */ one) => [one.description, one.fields, one.original, one.incomplete?.head]));
  for (const name of [...bag.keys()].sort()) {
    if (/^data\/(originals|descriptions|fields|heads)\//.test(name) && !named.has(name)) findings.failed("bag-file-extra", name);
  }
  await checkDerived(bag, digests, openings, findings);
  for (const event of part.of("item.seal").filter(({ said }) => !part.refused.has(said.body.item))) {
    const { item, meta, content } = event.said.body;
    const opening = byItem.get(item);
    const described = opening && (await isDescribed(bag, opening, meta.commitment));
    const circumstances = part.circumstances(event);
    if (closed.has(item) && part.trusted(event) && (!opening || (described && !opening.original))) {
      findings.note("original-closed", item, { part: closed.get(item), ...circumstances });
    } else if (part.trusted(event) && described && (await opens(digests, opening, content))) {
      findings.proven("original-proven", item, { file: fileOf(opening), ...circumstances });
    } else findings.failed("original-differs", item);
  }
  for (const event of part.begun) {
    const { item } = event.said.body;
    const opening = byItem.get(item);
    const circumstances = part.circumstances(event);
    if (closed.has(item) && part.trusted(event) && !opening) findings.note("original-closed", item, { part: closed.get(item), ...circumstances });
    else if (part.trusted(event) && (await begunOpens(bag, digests, opening, part, event))) {
      const { here, whole } = opening.incomplete;
      findings.note("original-incomplete", item, { file: fileOf(opening), here, whole, ...circumstances });
    } else findings.failed("original-differs", item);
  }
}

/** @param {any} opening @returns {string} the name of what is shown */
const fileOf = ({ original, description }) => (original ?? description).split("/").pop();

/**
 * Whether the fields compute to a commitment, and the description says exactly these.
 * @param {import("./bag.js").Bag} bag @param {any} opening @param {string} commitment
 */
async function isDescribed(bag, opening, commitment) {
  try {
    const shown = fields.read(await need(bag, opening.fields));
    const said = fields.leaves(canonical.decode(await need(bag, opening.description)));
    return shown.commitment === commitment && shown.withheld.length === 0 && same(Object.fromEntries(said), shown.shown);
  } catch {
    return false;
  }
}

/** @param {Digests} digests @param {any} opening @param {any} content */
async function opens(digests, opening, content) {
  if (!content) return !opening.original;
  return Boolean(opening.original && opening.content_salt) && commits(digests.get(opening.original), opening.content_salt, content.commitment);
}

/** @param {import("./bag.js").Bag} bag @param {Digests} digests @param {any} opening @param {Part} part @param {Event} event */
async function begunOpens(bag, digests, opening, part, event) {
  const file = opening?.incomplete?.head;
  if (!file || digests.get(file) !== event.said.body.head.sha256) return false;
  try {
    const head = await signedHead(await need(bag, file), part, event);
    return await isDescribed(bag, opening, head.meta.commitment);
  } catch {
    return false;
  }
}

/** @param {string | undefined} digest @param {string} salt @param {string} commitment */
async function commits(digest, salt, commitment) {
  if (digest === undefined) return false;
  return (await digestOf(concat(utf8("getuige/commitment/v1\0"), fromHex(salt, 32), fromHex(digest, 32)))) === commitment;
}
