/**
 * The logs of one journal: the pinned one, and each that took over when the root ended it (`evidence/custody/succession/lineage.py`).
 * A thief of a log's key cannot name a successor: only what the pinned root signed counts.
 */
import * as dsse from "./dsse.js";
import { FormatError, fromHex } from "./bytes.js";
import { parseVkey } from "./proof.js";
import { SignatureError, signingKid } from "./sodium.js";
import { read } from "./statements.js";

/** @typedef {{size: number, root: string}} End the head at which a log ended; the root is hexadecimal */
/**
 * @typedef {{origin: string, vkey: string, firstEvent: number, before: number, end: End | null}} Log
 * `before` counts the entries that stand before the first event: the commitment to the older log
 */

/** A key a year for a lifetime. */
const MAX_LOGS = 64;

export class Lineage {
  /** @param {Log[]} logs oldest first */
  constructor(logs) {
    this.logs = logs;
  }

  /**
   * @param {{root: string, vkey: string, origin: string}} anchors pinned
   * @param {any[]} documents DSSE envelopes of rotations, in any order
   * @returns {Promise<Lineage>}
   * @throws {SignatureError} the root did not sign one @throws {FormatError} they make no line
   */
  static async follow(anchors, documents) {
    const root = fromHex(anchors.root, 32);
    const kid = await signingKid(root);
    /** @type {Map<string, any>} */
    const endings = new Map();
    for (const document of documents) {
      const { type, by, body } = read(document);
      const signed = dsse.verify(document, (name) => (name === kid ? root : undefined));
      if (type !== "log.rotate" || by !== kid || !signed.includes(kid)) throw new SignatureError("not a rotation by the root");
      const known = endings.get(body.closed.origin);
      if (known && JSON.stringify(known) !== JSON.stringify(body)) throw new FormatError("a log was ended in two ways");
      endings.set(body.closed.origin, body);
    }
    const logs = [{ origin: anchors.origin, vkey: anchors.vkey, firstEvent: 0, before: 0, end: /** @type {End | null} */ (null) }];
    for (let last = logs[0]; endings.has(last.origin); last = logs[logs.length - 1]) {
      const { closed, log_vkey: vkey } = endings.get(last.origin);
      endings.delete(last.origin);
      const { name } = await parseVkey(vkey);
      if (!Number.isSafeInteger(closed.size) || logs.length >= MAX_LOGS || logs.some(({ origin }) => origin === name)) {
        throw new FormatError("a rotation does not fit the logs before it");
      }
      last.end = { size: closed.size, root: closed.root };
      logs.push({ origin: name, vkey, firstEvent: last.firstEvent + closed.size - last.before, before: 1, end: null });
    }
    if (endings.size) throw new FormatError("a log was ended that is none of this line");
    return new Lineage(logs);
  }

  /** @param {number} event its number in the journal @returns {Log} the log in which it stands */
  at(event) {
    return /** @type {Log} */ (this.logs.findLast(({ firstEvent }) => firstEvent <= event));
  }
}
