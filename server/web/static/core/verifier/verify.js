/**
 * The verifier of bundles, receipts, proofs of erasures and single items in a browser: the claims of `getuige verify`, with the same codes, numbers and
 * values, without a server (docs/formats/sealed-bundle.md). What it cannot judge it names; it never calls that *proven*.
 */
import * as canonical from "../canonical.js";
import { FormatError, fromHex, text } from "../bytes.js";
import { bytesOf, folder, need } from "./bag.js";
import { Findings } from "./claims.js";
import { check as checkErasure, isProof } from "./erasure.js";
import { OPENINGS, check as checkFiles } from "./files.js";
import { checkAlone, checkOpened, checkSealed } from "./items.js";
import { checkLogged, checkSigned, load } from "./journal.js";
import { parsePolicy } from "./logs.js";
import { checkReceipt, compare } from "./receipt.js";
import { tell, tellReads } from "./said.js";
import { checkExport, checkNumbers, checkScope } from "./scope.js";
import { readTsas } from "./tsas.js";
import { unzip } from "./zip.js";

/** @typedef {import("./bag.js").Bag} Bag */
/**
 * @typedef {{root: string, label: string, policy: import("./logs.js").Policy, rotations: any[], tsas: import("./tsas.js").Trusted}} Anchors
 */

const SHOWN = 16;

/**
 * @param {Bag} trust the trust folder, from another source than the bundle
 * @returns {Promise<Anchors>} @throws {FormatError}
 */
export async function readAnchors(trust) {
  const line = text(await need(trust, "root.pub")).trim();
  const [root] = line.split(" ", 1);
  fromHex(root, 32);
  const rotations = trust.has("rotations.json") ? canonical.decode(trimmed(await need(trust, "rotations.json"))) : [];
  const policy = await parsePolicy(text(await need(trust, "policy")));
  return { root, label: line.slice(root.length + 1), policy, rotations, tsas: await readTsas(trust) };
}

/** @param {import("../bytes.js").Bytes} data a text file, which may end its line */
const trimmed = (data) => (data[data.length - 1] === 10 ? data.slice(0, -1) : data);

/** @param {Anchors} anchors @returns {Findings} */
function begun({ root, label, policy }) {
  const findings = new Findings();
  const logs = policy.logs.map((vkey) => vkey.split("+")[0]).join(", ");
  findings.note("anchors", "", { label, root: root.slice(0, SHOWN), logs, witnesses: policy.witnesses.size });
  return findings;
}

/**
 * @param {Bag} bag the files of a bundle, sealed or opened @param {Anchors} anchors @param {Blob[]} [receipts] that somebody kept
 * @returns {Promise<Findings>} every claim @throws {FormatError} it cannot be read as a bundle at all
 */
export async function verify(bag, anchors, receipts = []) {
  const findings = begun(anchors);
  const digests = await checkFiles(bag, findings); // 2
  const part = await load(bag, findings);
  const line = await checkLogged(part, bag, anchors, findings); // 3 and 4
  await checkSigned(part, anchors, findings); // 5
  await checkExport(bag, part, findings); // 6
  await checkScope(bag, part, line, findings); // 6
  if (bag.has(OPENINGS)) await checkOpened(bag, digests, part, findings); // 7
  else await checkSealed(bag, digests, part, findings); // 7
  tell(part, findings); // 7
  checkNumbers(part, findings); // 8
  for (const kept of receipts) await compare(await bytesOf(kept), part, line, anchors, findings); // 8
  tellReads(part, findings); // 9
  findings.note("limits"); // 10
  return findings;
}

/** @param {Blob} file a receipt or the proof of an erasure @param {Anchors} anchors @returns {Promise<Findings>} @throws {FormatError} it is neither */
export async function verifyDocument(file, anchors) {
  const findings = begun(anchors);
  const bytes = await bytesOf(file);
  if (isProof(bytes)) await checkErasure(bytes, anchors, findings); // 12
  else await checkReceipt(bytes, anchors, findings); // 11
  return findings;
}

/**
 * @param {Blob} file a sealed item @param {string} name of it @param {Blob} receipt about it @param {Anchors} anchors
 * @returns {Promise<Findings>} @throws {FormatError} the receipt is none
 */
export async function verifyItem(file, name, receipt, anchors) {
  const findings = begun(anchors);
  const received = await checkReceipt(await bytesOf(receipt), anchors, findings); // 11
  await checkAlone(file, name, received, findings); // 7
  return findings;
}

export { FormatError, folder, unzip };
