/**
 * Pages of a timeline: rows as compressed text, and beside it, as bytes, what was sealed. The counterpart of
 * `evidence/envelope/pages.py`: the exact bytes of events and heads come out again, because they are canonical.
 */
import * as canonical from "./canonical.js";
import { Unpacked } from "./dsse.js";
import { FormatError, base64, equal, fromHex, text, utf8 } from "./bytes.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./wraps.js").Wrap} Wrap */
/** @typedef {{head: Unpacked, meta: Bytes, wraps: Wrap[], arrived: number | null}} Served what was given of an item; `arrived`: it was never sealed */
/**
 * @typedef {{index: number, received_at: string, envelope: Unpacked | null, event: any, salt: string, item: Served | null,
 *   trouble: "event" | "item" | null}} Row nothing is verified yet; `envelope` is null of an event that cannot be read
 */

const MAGIC = utf8("getuige-timeline-2\n");

/** The bytes behind the text, taken in the order in which the rows name them. */
class Sealed {
  /** @param {Bytes} data @param {number} at */
  constructor(data, at) {
    this.data = data;
    this.at = at;
  }

  /** @param {unknown} size @returns {Bytes} @throws {FormatError} they are not there */
  take(size) {
    if (typeof size !== "number" || !Number.isInteger(size) || size < 0 || this.at + size > this.data.length) {
      throw new FormatError("the page is cut off");
    }
    this.at += size;
    return this.data.slice(this.at - size, this.at);
  }

  /** Put the wraps in their places, in the order of the text. @param {any} value JSON, changed in place @returns {any} it */
  fill(value) {
    if (value === null || typeof value !== "object") return value;
    for (const name of Object.keys(value)) {
      if (name === "wrap" && typeof value.wrap === "number") value.wrap = base64(this.take(value.wrap));
      else this.fill(value[name]);
    }
    return value;
  }

  /** @param {any} envelope @returns {Unpacked} */
  open(envelope) {
    if (envelope === null || typeof envelope !== "object") throw new FormatError("an envelope is an object");
    return new Unpacked({ ...envelope, payload: this.fill(envelope.payload) });
  }
}

/** @param {Bytes} packed gzip @returns {Promise<string>} @throws {FormatError} */
async function unpacked(packed) {
  try {
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return text(new Uint8Array(await new Response(stream).arrayBuffer()));
  } catch {
    throw new FormatError("the rows of this page are not compressed as they should be");
  }
}

/** @param {any} item @param {Sealed} sealed @returns {Served} */
function served(item, sealed) {
  const head = sealed.open(item.head);
  const meta = sealed.take(item.meta);
  const wraps = sealed.fill(item.wraps ?? []);
  if (!Array.isArray(wraps)) throw new FormatError("the wraps of an item are a list");
  return { head, meta, wraps, arrived: item.arrived ?? null };
}

/** @param {any} line @param {Sealed} sealed @returns {Row} */
function row(line, sealed) {
  const { salt, trouble = null } = line ?? {};
  fromHex(salt, 32);
  if (trouble === "event") {
    return { index: line.index, received_at: line.received_at, envelope: null, event: null, salt, item: null, trouble };
  }
  const { dsse, ...rest } = line.event ?? {};
  const envelope = sealed.open(dsse);
  const item = line.item ? served(line.item, sealed) : null;
  return { index: rest.index, received_at: rest.received_at, envelope, event: rest, salt, item, trouble };
}

/**
 * @param {Bytes} data @returns {Promise<{facts: any, rows: Row[]}>} in the order of the journal
 * @throws {FormatError} another form, or a page that was cut off
 */
export async function read(data) {
  const start = MAGIC.length + 4;
  if (data.length < start || !equal(data.subarray(0, MAGIC.length), MAGIC)) throw new FormatError("this is not a page of a timeline");
  const end = start + new DataView(data.buffer, data.byteOffset).getUint32(MAGIC.length);
  const [facts, ...lines] = (await unpacked(data.slice(start, end))).split("\n");
  const sealed = new Sealed(data, end);
  let found;
  try {
    found = { facts: JSON.parse(facts), rows: lines.map((line) => row(JSON.parse(line), sealed)) };
  } catch (error) {
    throw error instanceof FormatError ? error : new FormatError("a row of this page is not valid JSON");
  }
  if (sealed.at !== data.length) throw new FormatError("the page holds bytes that no row names");
  return found;
}

/** @param {Row} row whose event can be read @returns {Bytes} the event as the log has it */
export function eventOf({ event, envelope }) {
  if (!envelope) throw new FormatError("the server did not give the signed statement");
  return canonical.encode({ ...event, dsse: envelope.packed() });
}
