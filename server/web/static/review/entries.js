/**
 * From the server's timeline to entries that a person can read: open what is ours, check who sealed it.
 *
 * @typedef {import("../core/bytes.js").Bytes} Bytes
 * @typedef {import("../core/edtf.js").Span} Span
 * @typedef {{kid: string, label?: string | null, role?: string | null, device?: string | null}} Who
 * @typedef {"checking" | "proven" | "signed" | "failed"} Proof
 * @typedef {{state: Proof, reason: string}} Verification
 * @typedef {import("../core/pages.js").Row} Row
 * @typedef {{openers: Map<string, import("../core/wraps.js").OpeningKey>, known?: Map<string, Bytes>}} Openers our private keys, and
 *   content keys that opened before
 * @typedef {{id: string, index: number, kind: string, source: string, title: string, text: string, conduct: string[],
 *   severity: number | null, impact: string | null, place: string | null, position: any, file: any, order: any,
 *   card: any, alarm: any, about: string | null, camera: any, happened: string | null, discovered: string | null, recorded: string,
 *   received: string, span: Span | null, at: number, seen: number, precise: boolean, by: Who, size: number, arrived: number | null,
 *   container: import("../core/container.js").Container, key: Bytes, row: Row,
 *   verification: Verification, meta: any, mark: import("./corrections.js").Mark | null}} Entry
 */
import * as container from "../core/container.js";
import * as dsse from "../core/dsse.js";
import { FormatError, hex, sha256 } from "../core/bytes.js";
import { SignatureError } from "../core/sodium.js";
import { told } from "../core/meta.js";
import { find } from "../core/wraps.js";
import { isPrecise, span as spanAt } from "../core/edtf.js";
import { read, typeOf } from "../core/statements.js";
import { shown } from "../core/written.js";
import { kindOf } from "./positions.js";

/** Half of a vague span stands for it where one point is needed. */
const MIDDLE = 2;

/** An order may run this far beyond today: a measure of art. 38v Sr lasts five years at most. */
export const ORDER_AHEAD = 10 * 366 * 86_400_000;

/**
 * What the camera says (`camera`) is no telling: an entry does not stand where a camera's clock was.
 * @param {any} meta @returns {Span | null} when it happened, as far as anyone said
 */
function spanOf(meta) {
  if (meta.alarm?.pressed_at) return spanAt(meta.alarm.pressed_at);
  if (meta.order) return spanAt(orderSpan(meta.order), { ahead: ORDER_AHEAD });
  return spanAt(meta.happened ?? meta.report?.at ?? meta.cost?.at ?? null);
}

/** @param {{kind: string, valid_from: string, until: string | null}} order @returns {string} EDTF: the days on which it holds, open where no end was told */
export const orderSpan = ({ kind, valid_from: first, until }) => (until ? `${first}/${until}` : kind === "stop-gezegd" ? first : `${first}/..`);

/** Nothing waits longer on a phone: a clock that says so was never set, or was set on purpose. */
const LONGEST_WAIT = 5 * 366 * 86_400_000;

/**
 * @param {string} recorded by the phone's clock @param {string} received by the server's
 * @returns {number} where an entry stands of which nobody told when it happened; by the server's clock when the phone's cannot be right
 */
function recordedAt(recorded, received) {
  const [told, known] = [Date.parse(recorded), Date.parse(received)];
  return told >= known - LONGEST_WAIT && told <= known ? told : known;
}

/** @typedef {"event" | "served" | "key" | "description"} Fault the event, what the server gave, the key for us, or the description under it */
/**
 * An item that was given to us and does not open: a row, never the case. A fault of a phone's software and somebody with a
 * copy of its key look the same from here, so nobody is accused.
 * @typedef {{id: string, index: number, received: string, by: Who, fault: Fault, why: string, row: Row}} Unopened
 */

/**
 * Open a description: with the key that opened it before, or else with one that is wrapped for us.
 * @param {import("../core/container.js").Container} sealed @param {import("../core/wraps.js").Wrap[]} wraps @param {Openers} openers
 * @param {(fault: Fault) => void} at what would have failed, were it to fail now
 * @returns {Promise<{key: Bytes, meta: any} | null>} null when none is for us
 */
async function describe(sealed, wraps, { openers, known }, at) {
  const before = known?.get(sealed.head.item);
  if (before) {
    try {
      return { key: before, meta: await container.openMeta(sealed, before) };
    } catch {
      // A ring is no authority: the wraps decide.
    }
  }
  at("key");
  const key = await find(sealed.head, wraps, openers);
  if (!key) return null;
  at("description");
  return { key, meta: await container.openMeta(sealed, key) };
}

/**
 * Open one item.
 * @param {Row} row @param {any} said its statement @param {Who} by @param {Openers} openers
 * @returns {Promise<Entry | Unopened | null>} null when it was not given to us
 */
async function open(row, said, by, openers) {
  /** @type {Fault} */
  let fault = "served";
  const { index, received_at: received, item: given } = row;
  const id = said.body.item;
  if (!given) return row.trouble ? { id, index, received, by, fault, why: "", row } : null;
  try {
    const sealed = await container.fromParts(given.head, given.meta);
    if (sealed.head.item !== id) throw new FormatError("the server gave another item");
    const opened = await describe(sealed, [...given.wraps, ...sealed.head.wraps], openers, (part) => { fault = part; });
    if (!opened) return null;
    const { key } = opened;
    fault = "description";
    const meta = shown(told(opened.meta));
    const span = spanOf(meta);
    const seen = recordedAt(meta.recorded, received);
    const at = span ? (span.from + span.to) / MIDDLE : seen;
    return {
      id, index, kind: kindOf(meta), source: meta.source, title: meta.title,
      text: meta.text, conduct: meta.conduct ?? [], severity: meta.severity ?? null, impact: meta.impact ?? null,
      place: meta.place ?? null, position: meta.position ?? null, file: meta.file ?? null, order: meta.order ?? null,
      card: meta.card ?? null, alarm: meta.alarm ?? null, about: meta.about ?? null, camera: meta.camera ?? null,
      happened: meta.happened ?? meta.alarm?.pressed_at ?? null,
      discovered: meta.discovered ?? null, recorded: meta.recorded, received, span, at, seen,
      precise: span !== null && isPrecise(span), by, size: container.sizeOf(sealed), arrived: given.arrived,
      container: sealed, key, row, meta,
      verification: { state: "checking", reason: "" }, mark: null,
    };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    return { id, index, received, by, fault, why: message, row };
  }
}

/** @param {Entry[]} entries @returns {Entry[]} in the order in which things happened */
export const sorted = (entries) => entries.sort((left, right) => left.at - right.at || left.index - right.index);

/** @param {Row} row that cannot be read @returns {Unopened} */
const unreadable = (row) => ({
  id: "", index: row.index, received: row.received_at, by: { kid: "" }, row, why: "", fault: "event",
});

/** @param {Row} row @returns {any} what its statement says; null when that cannot be read, or is about no item that could be here */
function aboutAnItem(row) {
  const type = typeOf(row.envelope);
  if (type !== "item.seal" && !(type === "item.open" && (row.item || row.trouble))) return null;
  try {
    return read(/** @type {dsse.Unpacked} */ (row.envelope));
  } catch {
    return null;
  }
}

/**
 * @param {Row[]} rows @param {Openers} openers
 * @param {(row: Row, kid: string) => Who} whoOf whose key that is, as far as the pinned root says
 * @returns {Promise<{entries: Entry[], unopened: Unopened[], closed: number}>} in the order in which things happened;
 *   `closed` were not given to us
 */
export async function openAll(rows, openers, whoOf) {
  const unread = rows.filter(({ trouble }) => trouble === "event");
  const sealed = rows.flatMap((row) => {
    const said = aboutAnItem(row);
    return said ? [{ row, said }] : [];
  });
  const found = await Promise.all(sealed.map(({ row, said }) => open(row, said, whoOf(row, said.by), openers)));
  const given = found.filter((one) => one !== null);
  const entries = given.filter((one) => "verification" in one);
  const unopened = [...given.filter((one) => "fault" in one), ...unread.map(unreadable)];
  return { entries: sorted(entries), unopened, closed: sealed.length - given.length };
}

/**
 * @param {Row} row @param {import("../core/authority.js").Authority} authority
 * @returns {Who | null} whose key signed it, by the pinned root
 */
export function signerOf({ index, envelope }, authority) {
  if (!envelope) return null;
  try {
    const { by } = read(envelope);
    if (!dsse.verify(envelope, authority.keysAt(index)).includes(by)) return null;
    return { kid: by, ...authority.find(by, index) };
  } catch {
    return null;
  }
}

/**
 * Check one entry up to the pinned root: who signed the head, who signed the statement, and that both speak of the bytes
 * that were opened.
 * @param {Entry} entry @param {import("../core/authority.js").Authority} authority @param {string} kase
 * @throws {SignatureError | FormatError}
 */
export async function checkSignatures(entry, authority, kase) {
  const { row: { index, envelope }, container: sealed } = entry;
  if (!envelope) throw new FormatError("the server did not give the signed statement");
  const keys = authority.keysAt(index);
  const signer = container.verifyHead(sealed, keys);
  const statement = read(envelope);
  if (!dsse.verify(envelope, keys).includes(statement.by) || statement.by !== signer) {
    throw new SignatureError("head and statement are signed by different keys");
  }
  const { body } = statement;
  const head = hex(await sha256(sealed.headBytes));
  const begun = entry.arrived !== null;
  const agrees = statement.type === (begun ? "item.open" : "item.seal") && statement.case === kase && sealed.head.case === kase
    && body.item === entry.id && body.head.sha256 === head && (begun || body.meta.sha256 === sealed.head.meta.sha256);
  if (!agrees) throw new FormatError("the statement speaks of another item");
  const { role = null, label = null, device = null } = authority.find(signer, index) ?? {};
  entry.by = { kid: signer, role, label, device };
}
