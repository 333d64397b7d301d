/** Statements: acts that a person signs, as canonical JSON inside a DSSE envelope (`evidence/statements/`). */
import * as canonical from "./canonical.js";
import * as dsse from "./dsse.js";
import { FormatError, hex, sha256 } from "./bytes.js";

/** @typedef {{v: 1, suite: 1, type: string, case?: string, at: string, by: string, body: any}} Statement */

/** @param {Date} [moment] @returns {string} UTC to the millisecond: `2026-11-21T22:00:00.000Z` */
export const time = (moment = new Date()) => moment.toISOString();

/**
 * @param {import("./lockedkey.js").Identity} identity
 * @param {string} type such as `alarm.accept`
 * @param {string | null} kase
 * @param {object} body
 * @returns {Promise<dsse.Envelope>}
 */
export function make(identity, type, kase, body) {
  const statement = { v: 1, suite: 1, type, ...(kase && { case: kase }), at: time(), by: identity.kid, body };
  return dsse.sign(dsse.STATEMENT, canonical.encode(statement), identity.signSeed);
}

/** @param {dsse.Envelope} envelope @returns {Statement} what it says; nothing is verified yet */
export function read(envelope) {
  const statement = dsse.said(dsse.parse(envelope, dsse.STATEMENT));
  if (statement.v !== 1 || statement.suite !== 1) throw new FormatError("a statement of a version unknown here");
  return statement;
}

/** @param {dsse.Unpacked | null} envelope @returns {string} the type that it names; empty when it names none */
export const typeOf = (envelope) => (typeof envelope?.said?.type === "string" ? envelope.said.type : "");

/** @param {dsse.Envelope} envelope @returns {Promise<string>} statement id */
export const id = async (envelope) => hex(await sha256(dsse.body(envelope)));
