/**
 * The verifier of bundles in a browser: the claims of `getuige verify` by the same codes and numbers, without a server
 * (docs/formats/sealed-bundle.md). What it does not look at it names: time stamps and clocks, files that are made again
 * from the rest, witnesses with ML-DSA-44, and bundles that are still packed.
 */
import * as canonical from "../canonical.js";
import { FormatError, fromHex, text } from "../bytes.js";
import { Findings } from "./claims.js";
import { OPENINGS, check as checkFiles, need } from "./files.js";
import { checkOpened, checkSealed } from "./items.js";
import { checkLogged, checkSigned, load } from "./journal.js";
import { parsePolicy } from "./logs.js";
import { checkExport, checkNumbers, checkScope } from "./scope.js";

/** @typedef {{root: string, policy: import("./logs.js").Policy, rotations: any[]}} Anchors */

export const UNCHECKED = ["times", "derived", "ml-dsa"];

/**
 * @param {import("./files.js").Bag} folder the trust folder, from another source than the bundle
 * @returns {Promise<Anchors>} @throws {FormatError}
 */
export async function readAnchors(folder) {
  const root = text(need(folder, "root.pub")).split(" ")[0];
  fromHex(root, 32);
  const rotations = folder.has("rotations.json") ? canonical.decode(trimmed(need(folder, "rotations.json"))) : [];
  return { root, policy: await parsePolicy(text(need(folder, "policy"))), rotations };
}

/** @param {import("../bytes.js").Bytes} data a text file, which may end its line */
const trimmed = (data) => (data[data.length - 1] === 10 ? data.slice(0, -1) : data);

/**
 * @param {import("./files.js").Bag} bag the files of an unpacked bundle, sealed or opened @param {Anchors} anchors
 * @returns {Promise<Findings>} every claim @throws {FormatError} it cannot be read as a bundle at all
 */
export async function verify(bag, anchors) {
  const findings = new Findings();
  findings.note("anchors");
  const digests = await checkFiles(bag, findings); // 2
  const part = await load(bag, findings);
  const line = await checkLogged(part, bag, anchors, findings); // 3
  await checkSigned(part, anchors, findings); // 5
  await checkExport(bag, part, findings); // 6
  checkScope(bag, part, line, findings); // 6
  if (bag.has(OPENINGS)) await checkOpened(bag, digests, part, findings); // 7
  else await checkSealed(bag, digests, part, findings); // 7
  checkNumbers(part, findings); // 8
  for (const what of UNCHECKED) findings.note("not-checked-here", what);
  findings.note("limits"); // 10
  return findings;
}

export { FormatError };
