/** A receipt that is checked alone, as a phone keeps it (docs/formats/receipt.md). */
import * as canonical from "../canonical.js";
import * as dsse from "../dsse.js";
import { FormatError, fromBase64, fromHex, hex } from "../bytes.js";
import { SignatureError, signingKid } from "../sodium.js";
import { digestOf, parse } from "./journal.js";
import { believe, entryOf } from "./logs.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {{event: import("./journal.js").Event, logged: boolean}} Received `logged` when a proof shows it in the log */

const MEMBERS = ["event", "receipt", "salt", "server_key"];
const SHOWN = 16;

/**
 * @param {Bytes} bytes a receipt file @param {import("./verify.js").Anchors} anchors @param {import("./claims.js").Findings} findings
 * @returns {Promise<Received | null>} what it is about, if it holds @throws {FormatError} it is no receipt file
 */
export async function checkReceipt(bytes, anchors, findings) {
  const { file, eventBytes, salt } = read(bytes);
  const logs = await believe(null, anchors, findings);
  try {
    const event = await parse(eventBytes);
    const log = logs.line.at(event.index);
    const server = await certifiedServer(file.server_key, anchors);
    const said = await checked(file.receipt, event, salt, log.origin, server);
    const logged = file.proof !== undefined && file.proof !== null;
    if (logged) {
      await logs.proveAt(fromBase64(file.proof), await entryOf(salt, eventBytes), event.index);
      logs.tell(findings);
      findings.proven("events-logged", "", { count: 1, log: said.log, witnesses: anchors.policy.witnesses.size });
    }
    const values = { who: server.label, when: said.received_at, index: said.index, log: said.log };
    // A server key that was retired, or stolen, signs receipts of what never was; the log does not.
    if (logged) findings.proven("receipt", event.id.slice(0, SHOWN), values);
    else findings.note("receipt-promised", event.id.slice(0, SHOWN), values);
    return { event, logged };
  } catch (error) {
    findings.failed("receipt-bad", "", { why: error });
    return null;
  }
}

/** @param {Bytes} bytes @returns {{file: any, eventBytes: Bytes, salt: Bytes}} @throws {FormatError} it is no receipt file */
function read(bytes) {
  const file = canonical.decode(bytes, canonical.MAX_FILE_BYTES);
  const names = Object.keys(file ?? {}).filter((name) => name !== "proof" && name !== "receipt" && name !== "server_key").sort().join();
  if (names !== "event,salt") throw new FormatError(`a receipt file has ${MEMBERS.join(", ")} and perhaps proof: there is one more, or less`);
  return { file, eventBytes: fromBase64(file.event), salt: fromHex(file.salt, 32) };
}

/**
 * Whether the export's last numbers fit a receipt that somebody kept: one from before its head, of a higher number, shows that the
 * server left out what it knew.
 * @param {Bytes} bytes a receipt file @param {import("./journal.js").Part} part @param {import("../lineage.js").Lineage} line
 * @param {import("./verify.js").Anchors} anchors @param {import("./claims.js").Findings} findings @throws {FormatError} it is no receipt file
 */
export async function compare(bytes, part, line, anchors, findings) {
  const { file, eventBytes, salt } = read(bytes);
  try {
    const event = await parse(eventBytes);
    await checked(file.receipt, event, salt, line.at(event.index).origin, await certifiedServer(file.server_key, anchors));
    const { by, seq, case: kase } = event.said;
    const about = by.slice(0, SHOWN / 2);
    const { case: exported, body: { head, last: named } } = part.export.said;
    if (seq === undefined || kase !== exported) {
      findings.note("receipt-of-no-number", about, { index: event.index });
      return;
    }
    const values = { who: part.who(by), number: seq, index: event.index };
    const log = line.logs.find(({ origin }) => origin === head.log);
    if (!log) throw new FormatError("a head of a log that is none of the line");
    if (event.index >= log.firstEvent + Math.max(0, head.size - log.before)) {
      findings.note("receipt-later", about, values);
      return;
    }
    const last = named.find((/** @type {any} */ one) => one.by === by);
    const here = part.listed.filter(({ said }) => said.by === by && said.seq === seq);
    const covered = last && (seq < last.seq || (seq === last.seq && event.id === last.statement));
    if (covered && here.every(({ id }) => id === event.id)) findings.note("receipt-fits", about, values);
    else findings.failed("export-contradicted", about, { ...values, last: last?.seq ?? "–" });
  } catch (error) {
    findings.failed("receipt-bad", "", { why: error });
  }
}

/** @param {any} document @param {import("./verify.js").Anchors} anchors @returns {Promise<{key: Bytes, label: string}>} the server's key, if the pinned root certified it */
async function certifiedServer(document, { root }) {
  const key = fromHex(root, 32);
  const kid = await signingKid(key);
  const envelope = dsse.parse(document, dsse.STATEMENT);
  dsse.verify(envelope, (name) => (name === kid ? key : undefined));
  const { by, type, body } = canonical.decode(dsse.body(envelope));
  if (by !== kid || type !== "key.publish" || body.role !== "server") throw new SignatureError("the key that signed the receipt is not certified as a server's");
  return { key: fromHex(body.sign, 32), label: body.label };
}

/**
 * @param {any} document @param {import("./journal.js").Event} event @param {Bytes} salt @param {string} origin @param {{key: Bytes}} server
 * @returns {Promise<any>} what the receipt says
 */
export async function checked(document, event, salt, origin, { key }) {
  const kid = await signingKid(key);
  const envelope = dsse.parse(document, dsse.RECEIPT);
  dsse.verify(envelope, (name) => (name === kid ? key : undefined));
  const said = canonical.decode(dsse.body(envelope));
  const expected = {
    v: 1, suite: 1, log: origin, index: event.index, statement: event.id, event: await digestOf(event.raw),
    leaf: hex(await entryOf(salt, event.raw)), received_at: event.at, by: kid,
  };
  if (String(canonical.encode(said)) !== String(canonical.encode(expected))) throw new FormatError("the receipt speaks of something else");
  return said;
}
