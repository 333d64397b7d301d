/**
 * The proof of an erasure that is checked alone (docs/formats/erasure-proof.md): who decided it and when, and what the server says is
 * gone. The same steps as `evidence/bundle/checking/erasure_proof.py`.
 */
import * as canonical from "../canonical.js";
import { ACTS } from "../acts.js";
import { FormatError, fromBase64, fromHex } from "../bytes.js";
import { Standing, parse } from "./journal.js";
import { believe, entryOf } from "./logs.js";
import { ownerOf } from "./names.js";
import { ERASURE_WAITS_MS } from "./pinned.js";
import { checked } from "./receipt.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {import("./journal.js").Event} Event */
/** @typedef {import("./claims.js").Findings} Findings */
/** @typedef {{erasure: string, case: string, events: any[], tombstones: any[], receipt: any}} Proof */
/** @typedef {{standing: Standing, steps: Record<string, Event>}} Story what was said of this erasure, by type */

const DAY = 86_400_000;
const [ID, HASH, TIME] = [/^[0-9a-f]{32}$/, /^[0-9a-f]{64}$/, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/];

/** The members of a tombstone, and what each may be. @type {Record<string, (value: any) => boolean>} */
const TOMBSTONE = {
  v: (value) => value === 1,
  index: (value) => Number.isSafeInteger(value) && value >= 0,
  received_at: (value) => TIME.test(value),
  erasure: (value) => ID.test(value),
  statement: (value) => HASH.test(value),
  event: (value) => HASH.test(value),
  leaf: (value) => /^[0-9a-f]{66}$/.test(value),
  type: (value) => ACTS[value]?.erasable === true,
  case: (value) => ID.test(value),
  by: (value) => ID.test(value),
  items: (value) => Array.isArray(value) && value.length > 0 && value.every((item) => ID.test(item)),
  seq: (value) => Number.isSafeInteger(value),
  container: (value) => HASH.test(value),
  left: (value) => named(value, ["expires", "grant", "reader", "to"]) && TIME.test(value.expires) && [value.grant, value.reader, value.to].every((one) => ID.test(one)),
};

/** @param {any} value @param {string[]} names in order @returns {boolean} it has these members and no more */
const named = (value, names) => Object.keys(value ?? {}).sort().join() === names.join();

/** @param {Bytes} bytes a JSON file @returns {boolean} it says that it is the proof of an erasure @throws {FormatError} it is no JSON */
export function isProof(bytes) {
  const members = canonical.decode(bytes, canonical.MAX_FILE_BYTES);
  return ["erasure", "tombstones"].every((name) => Object.hasOwn(members ?? {}, name));
}

/**
 * @param {Bytes} bytes of the file @param {import("./verify.js").Anchors} anchors @param {Findings} findings
 * @returns {Promise<void>} @throws {FormatError} it cannot be read as a proof
 */
export async function check(bytes, anchors, findings) {
  const proof = read(bytes);
  const logs = await believe(null, anchors, findings);
  try {
    const story = await readEvents(proof, anchors, logs);
    /** @type {any[]} */
    const buried = [];
    for (const one of proof.tombstones) buried.push(await readTombstone(one, logs));
    checkDecision(story);
    checkDestroyed(story, buried);
    const { "erase.finish": finish } = story.steps;
    const server = story.standing.keys.get(finish.said.by);
    if (!server) throw new FormatError("the key of the server is not here");
    await checked(proof.receipt, finish, fromHex(proof.events[proof.events.length - 1].salt, 32), logs.line.at(finish.index).origin, server);
    logs.tell(findings);
    tell(story, buried, anchors, findings);
  } catch (error) {
    findings.failed("erasure-bad", proof.erasure, { why: error });
  }
}

/** @param {Bytes} bytes @returns {Proof} @throws {FormatError} */
function read(bytes) {
  const proof = canonical.decode(bytes, canonical.MAX_FILE_BYTES);
  const { v, erasure, case: kase, events, tombstones } = proof;
  const whole = named(proof, ["case", "erasure", "events", "receipt", "tombstones", "v"]) && v === 1 && ID.test(erasure) && ID.test(kase);
  const each = whole && Array.isArray(events) && events.every((one) => named(one, ["event", "proof", "salt"]) && HASH.test(one.salt));
  if (!each || !Array.isArray(tombstones) || !tombstones.every((one) => named(one, ["proof", "tombstone"]))) {
    throw new FormatError("no proof of an erasure");
  }
  return proof;
}

/**
 * Each event is logged, and signed by a key that the events before it vouch for.
 * @param {Proof} proof @param {import("./verify.js").Anchors} anchors @param {import("./logs.js").Logs} logs @returns {Promise<Story>}
 */
async function readEvents(proof, anchors, logs) {
  const standing = new Standing();
  /** @type {Record<string, Event>} */
  const steps = {};
  let [at, last] = [-1, ""];
  for (const one of proof.events) {
    const raw = fromBase64(one.event);
    const event = await parse(raw);
    const { type, body, case: kase } = event.said;
    if (event.index <= at) throw new FormatError("the events are not in the order of the journal");
    [at, last] = [event.index, type];
    await logs.proveAt(fromBase64(one.proof), await entryOf(fromHex(one.salt, 32), raw), event.index);
    await standing.check(event);
    if (type === "log.open" && body.root.sign !== anchors.root) throw new FormatError("the journal obeys another root");
    if (type.startsWith("erase.")) {
      if (body.erasure !== proof.erasure || kase !== proof.case) throw new FormatError(`event ${event.index} is about another erasure`);
      if (type === "erase.cancel") throw new FormatError("the erasure was cancelled");
      demandDecider(standing, event, proof.case);
      steps[type] = event;
    }
    await standing.add(event);
  }
  if (last !== "erase.finish") throw new FormatError("the last event does not say what was destroyed");
  return { standing, steps };
}

/** @param {{tombstone: string, proof: string}} one @param {import("./logs.js").Logs} logs @returns {Promise<any>} whose leaf is in the log at its place */
async function readTombstone({ tombstone, proof }, logs) {
  const found = canonical.decode(fromBase64(tombstone));
  const isGrant = found.type === "grant";
  const optional = ["seq", ...(isGrant ? ["left"] : []), ...(found.type === "item.seal" ? ["container"] : [])];
  const needed = Object.keys(TOMBSTONE).filter((name) => !["seq", "left", "container"].includes(name)).concat(optional.slice(1));
  const strange = Object.keys(found).filter((name) => !needed.includes(name) && !optional.includes(name));
  const wrong = [...needed, ...optional].filter((name) => (Object.hasOwn(found, name) ? !TOMBSTONE[name](found[name]) : needed.includes(name)));
  if (strange.length || wrong.length || (!isGrant && found.items.length !== 1)) throw new FormatError("a tombstone says what its type needs and no more");
  await logs.proveAt(fromBase64(proof), fromHex(found.leaf, 33), found.index);
  return found;
}

/** Her vault asked, and a caseworker agreed who was on the team then. @param {Standing} standing @param {Event} event @param {string} kase */
function demandDecider(standing, { said: { type, by } }, kase) {
  const { role, case: own } = standing.keys.get(by) ?? {};
  if (type === "erase.request" && (role !== "vault" || own !== kase)) throw new FormatError("the vault of another case asked for it");
  if (type === "erase.approve" && !standing.onTeam(by, kase)) throw new FormatError("nobody of the case's team agreed to it");
}

/** She asked, someone else agreed after that, and fourteen days passed. @param {Story} story @throws {FormatError} */
function checkDecision({ steps }) {
  const [asked, agreed, done, finish] = ["request", "approve", "execute", "finish"].map((step) => steps[`erase.${step}`]);
  if (!asked || !agreed || !done) throw new FormatError("a step of the decision is not here");
  if (!(asked.index < agreed.index && agreed.index < done.index && done.index < finish.index)) throw new FormatError("the steps are not in their order");
  const waited = Date.parse(done.at) - Date.parse(asked.at);
  if (waited < ERASURE_WAITS_MS) throw new FormatError(`it was carried out ${Math.floor(waited / DAY)} days after it was asked`);
}

/** The tombstones are those that the server names last, and of the items that she named. @param {Story} story @param {any[]} buried @throws {FormatError} */
function checkDestroyed({ steps }, buried) {
  const { said: { case: kase, body: finish } } = steps["erase.finish"];
  const named = new Set(steps["erase.request"].said.body.items);
  if (!same(buried.map(({ index }) => index), finish.events)) throw new FormatError("the tombstones are not those that the server names");
  if (buried.some((one) => one.erasure !== finish.erasure || one.case !== kase)) throw new FormatError("a tombstone belongs to another erasure or case");
  const items = itemsOf(buried);
  if (items.size !== named.size || [...items].some((item) => !named.has(item))) throw new FormatError("the tombstones are of other items than she named");
  if (buried.some((one) => !one.items.some((/** @type {string} */ item) => named.has(item)))) {
    throw new FormatError("a grant was destroyed that held no key of what she named");
  }
  const containers = buried.map(({ container }) => container).filter((one) => one !== undefined);
  if (!same(containers, finish.containers)) throw new FormatError("the sealed files are not those that the server names");
}

/** @param {any[]} left @param {any[]} right */
const same = (left, right) => left.length === right.length && left.every((one, at) => one === right[at]);

/** @param {any[]} buried @returns {Set<string>} */
const itemsOf = (buried) => new Set(buried.filter(({ type }) => type !== "grant").map(({ items }) => items[0]));

/** @param {Story} story @param {any[]} buried @param {import("./verify.js").Anchors} anchors @param {Findings} findings */
function tell({ standing, steps }, buried, { policy }, findings) {
  const [asked, agreed, done, finish] = ["request", "approve", "execute", "finish"].map((step) => steps[`erase.${step}`]);
  const { erasure, events, containers, remains } = finish.said.body;
  /** @param {string} kid */
  const who = (kid) => ownerOf(kid, standing);
  findings.proven("erasure-decided", erasure, {
    asked: asked.at, who: who(agreed.said.by), agreed: agreed.at, done: done.at,
    days: Math.floor((Date.parse(done.at) - Date.parse(asked.at)) / DAY), items: itemsOf(buried).size,
  });
  const log = policy.logs[0].split("+")[0];
  findings.proven("erasure-leaves", "", { indexes: buried.map(({ index }) => index).join(", "), log, witnesses: policy.witnesses.size });
  findings.proven("erasure-finished", "", { who: who(finish.said.by), when: finish.at, events: events.length, containers: containers.length });
  for (const { where, count, who: whose, until } of remains) {
    findings.note(`erasure-remains-${where}`, "", { who: whose ? who(whose) : "–", count, until: until ?? "–" });
  }
  findings.note("erasure-limits");
}
