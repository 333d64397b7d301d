/** The part of a journal that a bundle carries: its events, what logs them, and whose keys signed them. */
import * as canonical from "../canonical.js";
import * as dsse from "../dsse.js";
import { ACTS } from "../acts.js";
import { FormatError, concat, fromHex, hex, sha256, text, utf8 } from "../bytes.js";
import { SignatureError, signingKid } from "../sodium.js";
import { need } from "./bag.js";
import { believe, entryOf } from "./logs.js";
import { ownerOf } from "./names.js";
import { check as checkStamps, written } from "./stamps.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {{index: number, at: string, envelope: dsse.Envelope, said: any, id: string, raw: Bytes}} Event `said` is the statement */
/**
 * @typedef {{key: Bytes, role: string, device?: string, label?: string, team?: string, case?: string, inForce: boolean}} Key
 * `label` and `team` are what the root certified, `case` that of a vault
 */

/** What the events add up to, as far as a verifier asks. */
export class Standing {
  /** @type {Map<string, Key>} */
  keys = new Map();
  /** @type {Map<string, {key: Bytes, case: string, expires: string}>} */
  invitations = new Map();
  /** @type {Map<string, any>} grants that were not revoked, by name */
  grants = new Map();
  /** @type {Map<string, string[]>} */
  erasures = new Map();
  /** @type {Set<string>} */
  erased = new Set();
  /** @type {Map<string, string>} who let a phone in, by its one-time key and then by its own */
  inviters = new Map();
  /** @type {Set<string>} holds that were not lifted */
  holds = new Set();
  /** @type {Map<string, string[]>} who is no reader of a case, whatever was granted */
  excluded = new Map();
  /** @type {Set<string>} erasures that were carried out or called off */
  ended = new Set();
  /** @type {Map<string, string>} the team of each case */
  teams = new Map();
  opened = false;

  /** @param {string} kid @param {string} kase @returns {boolean} a caseworker in force of the team of the case, who is not excluded from it */
  onTeam(kid, kase) {
    const key = this.keys.get(kid);
    return Boolean(key?.inForce && key.role === "caseworker" && key.team && key.team === this.teams.get(kase) && !this.excluded.get(kase)?.includes(kid));
  }

  /** @param {string} reader @param {string} kase @param {string} now @returns {Set<string>} items that grants in force give */
  readable(reader, kase, now) {
    if (this.excluded.get(kase)?.includes(reader)) return new Set();
    const grants = [...this.grants.values()].filter((one) => one.reader === reader && one.case === kase && one.expires > now);
    return new Set(grants.flatMap(({ items }) => items.map((/** @type {any} */ one) => one.item)).filter((item) => !this.erased.has(item)));
  }

  /** @param {Event} event @returns {Promise<void>} @throws {Error} another key than one that may say this signed it */
  async check({ at, envelope, said }) {
    const { type, by, body } = said;
    const opening = type === "log.open" && !this.opened;
    const joining = type === "device.enrol";
    const own = opening ? body.root.sign : joining && !this.keys.has(by) ? body.sign : null;
    const known = this.keys.get(by);
    const key = own ? fromHex(own, 32) : known?.inForce ? known.key : null;
    if (!key) throw new SignatureError("the key that signed is not known here, or no longer in force");
    const wanted = new Map([[by, key]]);
    if (joining) {
      const invitation = this.invitations.get(body.invite);
      if (!invitation || invitation.case !== said.case || invitation.expires <= at) throw new SignatureError("no such invitation");
      wanted.set(body.invite, invitation.key);
    }
    const cosigner = joining ? null : body[ACTS[type].cosigner ?? ""] ?? null;
    if (cosigner) {
      const second = this.keys.get(cosigner);
      if (!second?.inForce) throw new SignatureError("the key that signed is not known here, or no longer in force");
      wanted.set(cosigner, second.key);
    }
    for (const [kid, one] of wanted) if ((await signingKid(one)) !== kid) throw new SignatureError("another key than its name");
    const signed = new Set(dsse.verify(envelope, (kid) => wanted.get(kid)));
    if (signed.size !== wanted.size) throw new SignatureError("the statement is not signed by every key that it needs");
    if (this.opened === (type === "log.open")) throw new FormatError("the log opens once, with its first statement");
    const role = opening ? "root" : own ? "newcomer" : known?.role;
    if (!ACTS[type].signers.includes(role ?? "")) throw new SignatureError(`a key of the role ${role} does not sign ${type}`);
  }

  /** @param {Event} event */
  async add({ said }) {
    const { type, by, body } = said;
    if (type === "log.open") {
      this.opened = true;
      await this.#certify(body.root.sign, { role: "root" });
    } else if (type === "key.publish") await this.#certify(body.sign, { role: body.role, label: body.label, team: body.team });
    else if (type === "key.retire") this.#end(body.kid);
    else if (type === "case.open") {
      this.teams.set(said.case, body.team);
      await this.#certify(body.vault, { role: "vault", case: said.case });
    } else if (type === "device.invite") {
      const key = fromHex(body.invite, 32);
      const kid = await signingKid(key);
      this.invitations.set(kid, { key, case: said.case, expires: body.expires });
      this.inviters.set(kid, by);
    } else if (type === "device.enrol") {
      this.invitations.delete(body.invite);
      this.inviters.set(by, this.inviters.get(body.invite) ?? by);
      await this.#certify(body.sign, { role: "phone", device: body.device });
    } else if (type === "alarm_device.enrol") await this.#certify(body.sign, { role: "alarm_device", device: body.device });
    else if (type === "device.revoke") {
      for (const key of this.keys.values()) if (key.device === body.device) key.inForce = false;
    } else if (type === "grant") this.grants.set(body.grant, { ...body, case: said.case, by });
    else if (type === "revoke") this.grants.delete(body.grant);
    else if (type === "hold.place") this.holds.add(body.hold);
    else if (type === "hold.lift") this.holds.delete(body.hold);
    else if (type === "readers.exclude") this.excluded.set(said.case, body.readers);
    else if (type === "erase.request") this.erasures.set(body.erasure, body.items);
    else if (type === "erase.cancel") this.ended.add(body.erasure);
    else if (type === "erase.execute") this.#erase(body.erasure, this.erasures.get(body.erasure) ?? []);
    else if (type === "erase.repeat") this.#erase(body.erasure, body.items);
  }

  /** From here on nobody gets these items, and a grant that holds a key of one ends whole. @param {string} erasure @param {string[]} items */
  #erase(erasure, items) {
    this.erasures.set(erasure, items);
    this.ended.add(erasure);
    for (const item of items) this.erased.add(item);
    for (const [name, grant] of this.grants) {
      if (grant.items.some((/** @type {any} */ one) => items.includes(one.item))) this.grants.delete(name);
    }
  }

  /** @param {string} sign @param {{role: string, device?: string, label?: string, team?: string, case?: string}} who */
  async #certify(sign, who) {
    const key = fromHex(sign, 32);
    this.keys.set(await signingKid(key), { key, inForce: true, ...who });
  }

  /** @param {string} kid @throws {FormatError} */
  #end(kid) {
    const key = this.keys.get(kid);
    if (!key) throw new FormatError("a key ends that is not known here");
    key.inForce = false;
  }
}

/** @param {Bytes} raw @returns {Promise<Event>} @throws {FormatError} */
export async function parse(raw) {
  const members = canonical.decode(raw);
  const names = Object.keys(members ?? {}).sort().join();
  if (names !== "dsse,index,received_at,v" || members.v !== 1) throw new FormatError("an event has v, index, received_at and dsse");
  const envelope = dsse.parse(members.dsse, dsse.STATEMENT);
  const payload = dsse.body(envelope);
  const said = canonical.decode(payload);
  const act = ACTS[said?.type];
  if (said?.v !== 1 || said.suite !== 1 || !act) throw new FormatError("a statement of a version or type unknown here");
  if (act.caseless !== (said.case === undefined)) throw new FormatError(`${said.type} names a case, or must not`);
  return { index: members.index, at: members.received_at, envelope, said, id: hex(await sha256(payload)), raw };
}

export class Part {
  standing = new Standing();
  /** @type {Set<number>} */
  logged = new Set();
  /** @type {Set<number>} */
  signed = new Set();
  /** @type {Map<string, string>} log and size → root of each head that is here */
  roots = new Map();

  /** @type {import("./logs.js").Head | null} under which the export's own event is proven */
  overExport = null;

  /** @type {import("./stamps.js").Times} */
  times = { notAfter: new Map(), intervals: new Map() };

  /** @type {Set<string>} items that the export does not name, or may not: nothing is said to be proven of them */
  refused = new Set();

  /** @param {Event[]} listed @param {Event} export_ @param {Map<number, Bytes>} salts */
  constructor(listed, export_, salts) {
    this.listed = listed;
    this.export = export_;
    this.salts = salts;
  }

  /** @param {Event} event @returns {boolean} in the log and validly signed */
  trusted = (event) => this.logged.has(event.index) && this.signed.has(event.index);

  /** @param {string} type @returns {Event[]} */
  of = (type) => this.listed.filter(({ said }) => said.type === type);

  /** @param {string} kid @returns {import("./names.js").Owner} */
  who = (kid) => ownerOf(kid, this.standing);

  /** Who sealed it, when the server says it came, and by when a time stamp proves that it was there. @param {Event} event */
  circumstances({ index, at, said }) {
    const stamped = this.times.notAfter.get(index);
    const earliest = this.times.intervals.get(index)?.earliest ?? null;
    const since = earliest === null ? {} : { not_before: written(earliest) };
    return { who: this.who(said.by), when: at, latest: stamped === undefined ? "–" : written(stamped), ...since };
  }

  /** Items that were announced and that nothing here seals. */
  get begun() {
    const sealed = new Set(this.of("item.seal").map(({ said }) => said.body.item));
    return this.of("item.open").filter(({ said }) => !sealed.has(said.body.item) && !this.refused.has(said.body.item));
  }
}

/**
 * @param {import("./bag.js").Bag} bag @param {import("./claims.js").Findings} findings @returns {Promise<Part>}
 * @throws {FormatError} salts or export cannot be read
 */
export async function load(bag, findings) {
  const listed = [];
  /** @type {Map<number, Bytes>} */
  const salts = new Map();
  const written = canonical.decode(await need(bag, "data/salts.json"), canonical.MAX_FILE_BYTES);
  for (const [index, salt] of Object.entries(written)) {
    if (!/^(0|[1-9][0-9]{0,15})$/.test(index)) throw new FormatError("the salts are not listed by event number");
    salts.set(Number(index), fromHex(/** @type {string} */ (salt), 32));
  }
  for (const name of [...bag.keys()].filter((one) => one.startsWith("data/events/")).sort()) {
    try {
      const event = await parse(await need(bag, name));
      if (name !== `data/events/${String(event.index).padStart(10, "0")}.json`) throw new FormatError("another event's number");
      listed.push(event);
    } catch (error) {
      findings.failed("event-not-authentic", name, { why: error });
    }
  }
  const event = await parse(await need(bag, "proof/export-event.json"));
  if (event.said.type !== "export") throw new FormatError("proof/export-event.json is no export");
  salts.set(event.index, fromHex(text(await need(bag, "proof/export-salt.txt")).trim(), 32));
  return new Part(listed, event, salts);
}

/**
 * Every event is under a head that the policy believes; tokens say how old those heads are.
 * @param {Part} part @param {import("./bag.js").Bag} bag @param {import("./verify.js").Anchors} anchors
 * @param {import("./claims.js").Findings} findings @returns {Promise<import("../lineage.js").Lineage>} the logs
 */
export async function checkLogged(part, bag, anchors, findings) {
  const logs = await believe(bag, anchors, findings);
  const exported = logs.line.at(part.export.index);
  /** @type {Map<string, import("./stamps.js").Head>} */
  const heads = new Map();
  const witnesses = new Set();
  for (const event of [...part.listed, part.export]) {
    const name = event === part.export ? "proof/export-event.tlog-proof" : `proof/events/${String(event.index).padStart(10, "0")}.tlog-proof`;
    try {
      const entry = await entryOf(part.salts.get(event.index) ?? new Uint8Array(), event.raw);
      const { head, note } = await logs.proveAt(await need(bag, name), entry, event.index, exported);
      const log = logs.line.at(event.index);
      for (const { witness } of head.cosigned) witnesses.add(witness);
      const digest = hex(await sha256(utf8(note)));
      const root = hex(head.root);
      const known = heads.get(digest) ?? {
        digest, origin: head.origin, size: head.size, root, cosigned: head.cosigned.map(({ at }) => at),
        below: log.firstEvent + Math.max(0, head.size - log.before), events: [], stamped: null,
      };
      known.events.push(event);
      heads.set(digest, known);
      if (event === part.export) part.overExport = head;
      part.roots.set(`${head.origin} ${head.size}`, root);
      part.logged.add(event.index);
    } catch (error) {
      findings.failed("event-not-logged", String(event.index), { why: error });
    }
  }
  if (part.logged.size) {
    logs.tell(findings);
    const origins = new Set([...heads.values()].map(({ origin }) => origin));
    const names = { log: [...origins].sort().join(", "), witnesses: [...witnesses].sort().join(", ") || "–" };
    findings.proven("events-logged", "", { count: part.logged.size, ...names });
  }
  part.times = await checkStamps([...heads.values()], bag, anchors.tsas, logs.line, findings);
  return logs.line;
}

/**
 * Every event is signed by a key that the pinned root, or the case, recognises at that point of the journal.
 * @param {Part} part @param {import("./verify.js").Anchors} anchors @param {import("./claims.js").Findings} findings
 */
export async function checkSigned(part, anchors, findings) {
  for (const event of [...part.listed, part.export].sort((left, right) => left.index - right.index)) {
    try {
      await part.standing.check(event);
      const { type, body } = event.said;
      if (type === "log.open" && body.root.sign !== anchors.root) throw new FormatError("the journal obeys another root");
      await part.standing.add(event);
      part.signed.add(event.index);
    } catch (error) {
      findings.failed("event-not-authentic", String(event.index), { why: error });
    }
  }
  if (part.signed.size) findings.proven("events-signed", "", { count: part.signed.size });
}

/** @param {...Bytes} parts @returns {Promise<string>} SHA-256 of all, in hexadecimal */
export const digestOf = async (...parts) => hex(await sha256(concat(...parts)));
