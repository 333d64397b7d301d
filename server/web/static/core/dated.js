/** A stored event as the log has it: its place in the journal and the statement inside. */
import * as canonical from "./canonical.js";
import * as dsse from "./dsse.js";
import { fromBase64 } from "./bytes.js";

/** @param {string} encoded event bytes, base64 @returns {{index: number, envelope: dsse.Envelope}} nothing is verified */
export function dated(encoded) {
  const event = canonical.decode(fromBase64(encoded));
  return { index: event.index, envelope: dsse.parse(event.dsse, dsse.STATEMENT) };
}
