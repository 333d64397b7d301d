/**
 * From the server's timeline to entries that a person can read: open what is ours, check who sealed it.
 *
 * @typedef {import("../core/bytes.js").Bytes} Bytes
 * @typedef {import("../core/edtf.js").Span} Span
 * @typedef {{kid: string, label?: string | null, role?: string | null, device?: string | null}} Who
 * @typedef {"checking" | "proven" | "signed" | "failed"} Proof
 * @typedef {{state: Proof, reason: string}} Verification
 * @typedef {{index: number, received_at: string, type: string, by: Who, statement: string, event?: string,
 *   salt?: string, item?: {item: string, head: string | null, wraps: import("../core/wraps.js").Wrap[], size: number,
 *   content: boolean, arrived?: number | null}, alarm?: any, body?: any, trouble?: string | null}} TimelineEvent
 * @typedef {{id: string, index: number, kind: string, source: string, title: string, text: string, conduct: string[],
 *   severity: number | null, impact: string | null, place: string | null, position: any, file: any, order: any,
 *   card: any, alarm: any, about: string | null, camera: any, happened: string | null, discovered: string | null, recorded: string,
 *   received: string, span: Span | null, at: number, seen: number, precise: boolean, by: Who, size: number, arrived: number | null,
 *   container: import("../core/container.js").Container, key: Bytes, event: TimelineEvent,
 *   verification: Verification, meta: any, mark: import("./corrections.js").Mark | null}} Entry
 */
import * as container from "../core/container.js";
import * as dsse from "../core/dsse.js";
import { FormatError, fromBase64, hex, sha256 } from "../core/bytes.js";
import { SignatureError } from "../core/sodium.js";
import { dated } from "../core/dated.js";
import { told } from "../core/meta.js";
import { find } from "../core/wraps.js";
import { isPrecise, span as spanAt } from "../core/edtf.js";
import { read } from "../core/statements.js";
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
 * @typedef {{id: string, index: number, received: string, by: Who, fault: Fault, why: string, event: TimelineEvent}} Unopened
 */

/**
 * Open one item.
 * @param {TimelineEvent & {item: any}} event @param {import("../core/api.js").Session} session
 * @returns {Promise<Entry | Unopened | null>} null when it was not given to us
 */
async function open(event, session) {
  /** @type {Fault} */
  let fault = "served";
  if (event.item.head === null) return null;
  try {
    const sealed = await container.parse(fromBase64(event.item.head));
    if (sealed.head.item !== event.item.item) throw new FormatError("the server gave another item");
    const wraps = [...event.item.wraps, ...sealed.head.wraps];
    fault = "key";
    const key = await find(sealed.head, wraps, session.openers);
    if (!key) return null;
    fault = "description";
    const meta = shown(told(await container.openMeta(sealed, key)));
    const span = spanOf(meta);
    const seen = recordedAt(meta.recorded, event.received_at);
    const at = span ? (span.from + span.to) / MIDDLE : seen;
    return {
      id: event.item.item, index: event.index, kind: kindOf(meta), source: meta.source, title: meta.title,
      text: meta.text, conduct: meta.conduct ?? [], severity: meta.severity ?? null, impact: meta.impact ?? null,
      place: meta.place ?? null, position: meta.position ?? null, file: meta.file ?? null, order: meta.order ?? null,
      card: meta.card ?? null, alarm: meta.alarm ?? null, about: meta.about ?? null, camera: meta.camera ?? null,
      happened: meta.happened ?? meta.alarm?.pressed_at ?? null,
      discovered: meta.discovered ?? null, recorded: meta.recorded, received: event.received_at, span, at, seen,
      precise: span !== null && isPrecise(span), by: event.by, size: event.item.size, arrived: event.item.arrived ?? null,
      container: sealed, key, event, meta,
      verification: { state: "checking", reason: "" }, mark: null,
    };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    return { id: event.item.item, index: event.index, received: event.received_at, by: event.by, fault, why: message, event };
  }
}

/** @param {TimelineEvent} event that the server could not read @returns {Unopened} */
const unreadable = (event) => ({
  id: "", index: event.index, received: event.received_at, by: event.by, event, why: "",
  fault: event.trouble === "event" ? "event" : "served",
});

/**
 * @param {TimelineEvent[]} events @param {import("../core/api.js").Session} session
 * @returns {Promise<{entries: Entry[], unopened: Unopened[], closed: number}>} in the order in which things happened;
 *   `closed` were not given to us
 */
export async function openAll(events, session) {
  const unread = events.filter(({ item, trouble }) => trouble && !item);
  const sealed = events.filter((event) => event.item);
  const found = await Promise.all(sealed.map((event) => open(/** @type {any} */ (event), session)));
  const given = found.filter((one) => one !== null);
  const entries = given.filter((one) => "verification" in one);
  const unopened = [...given.filter((one) => "fault" in one), ...unread.map(unreadable)];
  entries.sort((left, right) => left.at - right.at || left.index - right.index);
  return { entries, unopened, closed: sealed.length - given.length };
}

/**
 * @param {TimelineEvent} event @param {import("../core/authority.js").Authority} authority
 * @returns {Who | null} whose key signed it, by the pinned root and not by the server's word
 */
export function signerOf(event, authority) {
  if (!event.event) return null;
  try {
    const { index, envelope } = dated(event.event);
    const { by } = read(envelope);
    if (index !== event.index || !dsse.verify(envelope, authority.keysAt(index)).includes(by)) return null;
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
  const { event, container: sealed } = entry;
  if (!event.event) throw new FormatError("the server did not give the signed statement");
  const { index, envelope } = dated(event.event);
  if (index !== event.index) throw new FormatError("the statement stands in another place");
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
