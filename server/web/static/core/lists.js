/**
 * The standing list, for a page that seals: whom it gives an item of some kind. The counterpart of
 * `evidence/statements/reader_lists.py` and `server/clients/phone_lists.py`; one table holds them all to the same answers.
 */
import * as dsse from "./dsse.js";
import * as statements from "./statements.js";
import { fromBase64, hex, sha256 } from "./bytes.js";
import { signingKid } from "./sodium.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{reader: string, xwing: string, kinds?: string[] | null}} Row `xwing`: SHA-256 of the reader's X-Wing key */
/** @typedef {{lists: string[], readers: Record<string, string>}} Shown DSSE of lists (base64), and X-Wing keys by reader */

/** @param {any} value @returns {boolean} whether this is a list of texts */
const areTexts = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");

/** @param {any} value @returns {boolean} whether this is a text in base64, or nothing */
function isKey(value) {
  try {
    return value === undefined || (typeof value === "string" && fromBase64(value).length >= 0);
  } catch {
    return false;
  }
}

/** @param {any} body @returns {boolean} whether a body has the form of a list; who signed it decides nothing about that */
const isList = (body) => Number.isSafeInteger(body?.number) && areTexts([body.since, body.until]) && isKey(body.rescue)
  && Array.isArray(body.readers)
  && body.readers.every((/** @type {any} */ row) => row && areTexts([row.reader, row.xwing])
    && (row.kinds === undefined || row.kinds === null || areTexts(row.kinds)));

/**
 * @param {string} encoded DSSE, base64 @param {string} kase @param {Bytes} vault Ed25519 @returns {Promise<any>} the body of a
 *   list that this vault signed for this case, whoever signed it too; null for anything else
 */
async function listOf(encoded, kase, vault) {
  const owner = await signingKid(vault);
  try {
    const envelope = dsse.parse(JSON.parse(new TextDecoder().decode(fromBase64(encoded))), dsse.STATEMENT);
    const { type, by, case: of, body } = statements.read(envelope);
    const own = { payload: envelope.payload, payloadType: envelope.payloadType, signatures: envelope.signatures.filter(({ keyid }) => keyid === owner) };
    if (!isList(body) || type !== "list.set" || of !== kase || by !== owner || !own.signatures.length) return null;
    dsse.verify(own, () => vault);
    return body;
  } catch {
    return null;
  }
}

/**
 * @param {string[]} lists @param {string} kase @param {Bytes} vault @param {string} now
 * @returns {Promise<{readers: Row[], rescue?: string} | null>} the list in force: nothing follows the `until` of the newest that
 *   has begun
 */
async function inForce(lists, kase, vault, now) {
  const signed = (await Promise.all(lists.map((one) => listOf(one, kase, vault)))).filter((body) => body !== null);
  const newest = signed.filter(({ since }) => since <= now).sort((left, right) => left.number - right.number).at(-1);
  return newest && now < newest.until ? newest : null;
}

/**
 * @param {Shown} shown @param {string} kase @param {Bytes} vault @param {string} kind
 * @param {import("./authority.js").Authority} authority @param {string} now
 * @returns {Promise<string[]>} the X-Wing keys (base64) of those whom the list in force gives this kind, and the rescue key of the
 *   case: a row that does not hold, of somebody who left or with another key, is left out
 */
export async function recipients(shown, kase, vault, kind, authority, now) {
  const found = [];
  const list = await inForce(shown.lists, kase, vault, now);
  for (const { reader, xwing, kinds } of list?.readers ?? []) {
    const key = shown.readers[reader];
    if (!key || (kinds && !kinds.includes(kind)) || authority.find(reader, Infinity)?.role !== "caseworker") continue;
    if (hex(await sha256(fromBase64(key))) === xwing) found.push(key);
  }
  return list?.rescue ? [...found, list.rescue] : found;
}
