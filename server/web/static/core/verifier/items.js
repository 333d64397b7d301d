/** The items of a bundle against their events: ciphertext in a sealed bundle, originals in an opened one. */
import * as canonical from "../canonical.js";
import * as dsse from "../dsse.js";
import * as fields from "../fields.js";
import { FormatError, concat, fromHex, utf8 } from "../bytes.js";
import { MAGIC } from "../container.js";
import { OPENINGS, need } from "./files.js";
import { digestOf } from "./journal.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {import("./journal.js").Part} Part */
/** @typedef {import("./journal.js").Event} Event */
/** @typedef {import("./claims.js").Findings} Findings */
/** @typedef {Map<string, string>} Digests SHA-256 of every file, by name */

/** @param {import("./files.js").Bag} bag @param {Digests} digests @param {Part} part @param {Findings} findings */
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
      findings.proven("item-unchanged", item);
    } catch (error) {
      findings.failed("item-differs", item, error);
    }
  }
  for (const event of part.begun) {
    const { item, head } = event.said.body;
    try {
      const found = await signedPrefix(bag, part, event);
      if (!same(found.blob, head)) throw new FormatError("another head than the one that was announced");
      if (found.here > found.whole) throw new FormatError("it is longer than its head allows");
      findings.note("item-incomplete", item, `${found.here} of ${found.whole} bytes`);
    } catch (error) {
      findings.failed("item-differs", item, error);
    }
  }
}

/** @param {unknown} left @param {unknown} right */
const same = (left, right) => String(canonical.encode(left)) === String(canonical.encode(right));

/**
 * The beginning of a container, whose head its author signed for this item and case.
 * @param {import("./files.js").Bag} bag @param {Part} part @param {Event} event
 */
async function signedPrefix(bag, part, event) {
  const { item } = event.said.body;
  if (!part.trusted(event)) throw new FormatError("its event is not proven");
  const data = need(bag, `data/items/${item}.getuige`);
  const start = MAGIC.length + 4;
  if (data.length < start || String(data.slice(0, MAGIC.length)) !== String(MAGIC)) throw new FormatError("not an item container");
  const end = start + new DataView(data.buffer, data.byteOffset).getUint32(MAGIC.length);
  const headBytes = data.slice(start, end);
  const head = await signedHead(headBytes, part, event);
  const meta = data.slice(end, end + head.meta.size);
  if (meta.length !== head.meta.size || (await digestOf(meta)) !== head.meta.sha256) throw new FormatError("another description than the head names");
  const whole = end + head.meta.size + (head.content?.size ?? 0);
  return { head, blob: { sha256: await digestOf(headBytes), size: headBytes.length }, whole, here: data.length };
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

/** @param {import("./files.js").Bag} bag @param {Digests} digests @param {Part} part @param {Findings} findings */
export async function checkOpened(bag, digests, part, findings) {
  const openings = canonical.decode(need(bag, OPENINGS));
  /** @type {Map<string, any>} */
  const byItem = new Map(openings.items.map((/** @type {any} */ one) => [one.item, one]));
  const closed = new Set((openings.closed ?? []).map((/** @type {any} */ one) => one.item));
  const named = new Set(openings.items.flatMap((/** @type {any} */ one) => [one.description, one.fields, one.original, one.incomplete?.head]));
  for (const name of [...bag.keys()].sort()) {
    if (/^data\/(originals|descriptions|fields|heads)\//.test(name) && !named.has(name)) findings.failed("bag-file-extra", name);
  }
  for (const event of part.of("item.seal").filter(({ said }) => !part.refused.has(said.body.item))) {
    const { item, meta, content } = event.said.body;
    const opening = byItem.get(item);
    const described = opening && isDescribed(bag, opening, meta.commitment);
    if (closed.has(item) && part.trusted(event) && (!opening || (described && !opening.original))) findings.note("original-closed", item);
    else if (part.trusted(event) && described && (await opens(digests, opening, content))) findings.proven("original-proven", item);
    else findings.failed("original-differs", item);
  }
  for (const event of part.begun) {
    const { item } = event.said.body;
    const opening = byItem.get(item);
    if (closed.has(item) && part.trusted(event) && !opening) findings.note("original-closed", item);
    else if (part.trusted(event) && (await begunOpens(bag, digests, opening, part, event))) findings.note("original-incomplete", item);
    else findings.failed("original-differs", item);
  }
}

/**
 * Whether the fields compute to a commitment, and the description says exactly these.
 * @param {import("./files.js").Bag} bag @param {any} opening @param {string} commitment
 */
function isDescribed(bag, opening, commitment) {
  try {
    const shown = fields.read(need(bag, opening.fields));
    const said = fields.leaves(canonical.decode(need(bag, opening.description)));
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

/** @param {import("./files.js").Bag} bag @param {Digests} digests @param {any} opening @param {Part} part @param {Event} event */
async function begunOpens(bag, digests, opening, part, event) {
  const file = opening?.incomplete?.head;
  if (!file || digests.get(file) !== event.said.body.head.sha256) return false;
  try {
    const head = await signedHead(need(bag, file), part, event);
    return isDescribed(bag, opening, head.meta.commitment);
  } catch {
    return false;
  }
}

/** @param {string | undefined} digest @param {string} salt @param {string} commitment */
async function commits(digest, salt, commitment) {
  if (digest === undefined) return false;
  return (await digestOf(concat(utf8("getuige/commitment/v1\0"), fromHex(salt, 32), fromHex(digest, 32)))) === commitment;
}
