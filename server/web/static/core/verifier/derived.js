/**
 * `timeline.csv` and `case.jsonld` of an opened bundle, made again from its descriptions and compared, when the program that made them is
 * of this version: `evidence/bundle/opening/`. Nothing here is verified yet; what is made of it shows only whether the two files follow.
 */
import * as canonical from "../canonical.js";
import { fromHex, hex, sha256, utf8 } from "../bytes.js";
import { checked } from "../meta.js";
import { signingKid } from "../sodium.js";
import { need } from "./bag.js";
import { document } from "./case-uco.js";
import { parse } from "./journal.js";
import { MAKER } from "./made.js";
import { marks } from "./marks.js";
import { placesOf } from "./presses.js";
import { saidLater, write } from "./timeline-csv.js";

/** @typedef {import("./journal.js").Event} Event */
/** @typedef {{event: Event, body: any, whole: boolean}} Given an item of the bundle, and the last event that tells of it */

const [TIMELINE, CASE] = ["data/timeline.csv", "data/case.jsonld"];
const SHOWN = 8;

/**
 * @param {import("./bag.js").Bag} bag @param {Map<string, string>} digests SHA-256 of every file @param {any} openings
 * @param {import("./claims.js").Findings} findings
 */
export async function checkDerived(bag, digests, openings, findings) {
  if (openings.maker !== MAKER) {
    for (const name of [TIMELINE, CASE]) findings.note("derived-not-compared", name, { maker: openings.maker, here: MAKER });
    return;
  }
  /** @type {Map<string, string>} */
  const again = new Map();
  try {
    for (const [name, text] of await make(bag, digests, openings)) again.set(name, hex(await sha256(utf8(text))));
  } catch {
    // a description that cannot be read, or a file that is missing: then neither follows
  }
  for (const name of [TIMELINE, CASE]) {
    if (again.has(name) && again.get(name) === digests.get(name)) findings.proven("derived-made-again", name);
    else findings.failed("derived-differs", name);
  }
}

/** @param {import("./bag.js").Bag} bag @param {Map<string, string>} digests @param {any} openings @returns {Promise<[string, string][]>} */
async function make(bag, digests, openings) {
  const names = [...bag.keys()].filter((name) => name.startsWith("data/events/")).sort();
  const events = await Promise.all(names.map(async (name) => parse(await need(bag, name))));
  const export_ = await parse(await need(bag, "proof/export-event.json"));
  const signers = await signersOf(events);
  const byItem = new Map(openings.items.map((/** @type {any} */ one) => [one.item, one]));
  const closed = new Map((openings.closed ?? []).map((/** @type {any} */ one) => [one.item, one.part]));
  const [said, place] = [await marks(events), placesOf(events)];
  const [rows, described] = [[], []].map(() => /** @type {any[]} */ ([]));
  for (const { event, body, whole } of itemsOf(events)) {
    const opening = byItem.get(body.item);
    const meta = opening ? checked(canonical.decode(await need(bag, opening.description))) : null;
    const by = event.said.by;
    const row = {
      event, meta, addedBy: signers.get(by) ?? `sleutel/key ${by.slice(0, SHOWN)}`, original: opening?.original ?? null,
      complete: whole, notOpened: closed.get(body.item) ?? null, mark: said.get(body.item) ?? {},
      countsIn: meta?.alarm ? place(meta.alarm) : null,
    };
    rows.push(row);
    if (opening) described.push({ item: opening.item, meta, event, files: filesOf(bag, digests, opening, meta), later: saidLater(row) });
  }
  return [[TIMELINE, write(rows)], [CASE, await document(described, export_, signers)]];
}

/** @param {Event[]} events @returns {Given[]} in the order of the last event about each */
function itemsOf(events) {
  /** @type {Map<string, Given>} */
  const found = new Map();
  for (const event of events) {
    const { type, body } = event.said;
    if (type !== "item.seal" && type !== "item.open") continue;
    found.delete(body.item);
    found.set(body.item, { event, body, whole: type === "item.seal" });
  }
  return [...found.values()];
}

/** @param {Event[]} events @returns {Promise<Map<string, string>>} whose each signing key is, as certificates and enrolments say */
async function signersOf(events) {
  const found = new Map();
  for (const { said: { type, body } } of events) {
    if (type === "key.publish") found.set(await signingKid(fromHex(body.sign, 32)), `${body.label} (${body.role})`);
    else if (type === "device.enrol") found.set(await signingKid(fromHex(body.sign, 32)), `telefoon/phone ${body.device.slice(0, SHOWN)}`);
  }
  return found;
}

/** @param {import("./bag.js").Bag} bag @param {Map<string, string>} digests @param {any} opening @param {any} meta */
function filesOf(bag, digests, opening, meta) {
  const kinds = [[opening.description, "application/json"]];
  if (opening.original && meta.file) kinds.push([opening.original, meta.file.mime]);
  return kinds.map(([name, mime]) => {
    const [member, digest] = [bag.get(name), digests.get(name)];
    if (!member || digest === undefined) throw new Error("a file that an opening names is missing");
    return { name, sha256: digest, size: member.blob.size, mime };
  });
}
