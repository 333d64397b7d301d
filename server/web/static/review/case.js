/** One case as the review page holds it: load, open, check in the background, and open media on demand. */
import * as api from "../core/api.js";
import * as container from "../core/container.js";
import { Authority } from "../core/authority.js";
import * as pages from "../core/pages.js";
import { FormatError, fromHex } from "../core/bytes.js";
import { UNKNOWN, kindOf, typeOf } from "../core/filetypes.js";
import { verifyProof } from "../core/proof.js";
import { logs } from "../core/trust.js";
import { dated } from "../core/dated.js";
import { shown } from "../core/written.js";
import * as clips from "./clips.js";
import { Ranges } from "./ranges.js";
import { Ring } from "../core/ring.js";
import { checkSignatures, openAll, signerOf, sorted } from "./entries.js";
import { marks } from "./corrections.js";
import { placesOf } from "./story.js";
import * as erasures from "./erasures.js";

/** @typedef {import("./entries.js").Entry} Entry */
/**
 * @typedef {{url: string, mime: string, streamed?: boolean}} OpenedFile its type as its bytes say; `streamed`: the address is for
 *   a player, which asks for pieces
 */
/** @typedef {{label?: string | null, kid: string}} Lead */
/**
 * @typedef {{case: string, lead: Lead, team: any, opened_at: string, xwing: string, vault: string,
 *   readers?: import("./readers.js").Readers | null,
 *   signs?: import("./signs.js").Sign[]}} CaseFacts
 */

/** Events in one answer; a case of ten years comes in several. */
const PAGE = 1000;

/** Events in the first one: more than a screen of rows. */
const FIRST = 100;

/** Proofs that are fetched at once: enough to hide the round trip, few enough to leave the server to others. */
const AT_ONCE = 4;

/** From this size on, a clip is played from ranges: below it, opening it whole is quicker, and the commitment is checked. */
const CLIP_ABOVE = 8 * 1024 * 1024;

/** @param {Entry} entry @returns {boolean} */
const isClip = ({ file }) => /^(audio|video)\//.test(file.mime) && file.size > CLIP_ABOVE;

/** @param {{event: string}} published @returns {import("../core/authority.js").Dated[]} none for one that cannot be read */
function readable({ event }) {
  try {
    return [dated(event)];
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}

/**
 * @param {Entry} entry @param {Blob} content @returns {Promise<OpenedFile>} to be shown or saved. What is neither picture, sound
 *   nor film bears no type: opened by itself, a page or drawing of hers must not run as ours.
 */
async function openedFile(entry, content) {
  const readAt = async (/** @type {number} */ offset, /** @type {number} */ size) =>
    new Uint8Array(await content.slice(offset, offset + size).arrayBuffer());
  const found = await typeOf(readAt, entry.file.name);
  const mime = found === UNKNOWN ? entry.file.mime : found;
  const type = kindOf(mime) === "file" ? UNKNOWN : mime;
  return { url: URL.createObjectURL(new Blob([content], { type })), mime };
}

/** @param {string} id @param {number} since @param {number} limit */
const page = async (id, since, limit) => pages.read(await api.bytes(`/api/v1/cases/${id}/timeline?since=${since}&limit=${limit}`));

export class Case {
  /** @type {Map<string, Promise<OpenedFile>>} by item */
  #media = new Map();

  /** @type {ReturnType<typeof logs> | null} how the log went on under other keys; asked once */
  #logs = null;

  /** Whether all of it is here; figures are right then. */
  complete = false;

  /** @type {Entry[]} */
  entries = [];

  /** @type {import("./entries.js").Unopened[]} */
  unopened = [];

  /** Items that were not given to us. */
  closed = 0;

  /** @type {import("../core/pages.js").Row[]} */
  events = [];

  /** @type {import("./erasures.js").Erased[]} */
  erased = [];

  /** @type {import("./erasures.js").Erasure[]} */
  erasures = [];

  /** @type {number | null} the `since` of the page that comes next */
  #next = -1;

  /** @param {CaseFacts} facts @param {import("../core/trust.js").Anchors} anchors @param {Authority} authority @param {Ring} ring @param {api.Session} session */
  constructor(facts, anchors, authority, ring, session) {
    this.facts = facts;
    this.anchors = anchors;
    this.authority = authority;
    this.ring = ring;
    this.session = session;
  }

  /**
   * The first rows of a case, which are painted before the others arrive: `rest` brings those.
   * @param {string} id @param {api.Session} session @param {import("../core/trust.js").Anchors} anchors
   * @returns {Promise<Case>}
   */
  static async load(id, session, anchors) {
    const [first, ring, published, authority] = await Promise.all([
      page(id, -1, FIRST), Ring.of(id, session), api.json("/api/v1/authority").catch(() => ({ events: [] })),
      Authority.rootedAt(anchors.root),
    ]);
    await authority.learn(published.events.flatMap(readable));
    const found = new Case(shown(first.facts.case), anchors, authority, ring, session);
    await found.#take(first);
    if (found.#next === null) await found.#finish();
    else found.#mark();
    return found;
  }

  /** Everything behind the first rows. The next page is on its way while one is opened. */
  async rest() {
    if (this.complete) return;
    const { case: id } = this.facts;
    for (let coming = page(id, /** @type {number} */ (this.#next), PAGE); this.#next !== null;) {
      const one = await coming;
      if (one.facts.next !== null) coming = page(id, one.facts.next, PAGE);
      await this.#take(one);
    }
    await this.#finish();
  }

  /** @param {{facts: any, rows: import("../core/pages.js").Row[]}} page */
  async #take({ facts, rows }) {
    const { authority, session, ring } = this;
    await authority.learn(rows.flatMap(({ index, envelope }) => (envelope ? [{ index, envelope }] : [])));
    const whoOf = (/** @type {{index: number}} */ { index }, /** @type {string} */ kid) => {
      const { role = null, label = null, device = null } = authority.find(kid, index) ?? {};
      return { kid, role, label, device };
    };
    const found = await openAll(rows, { openers: session.openers, known: ring.keys }, whoOf);
    for (const one of found.unopened) one.by = signerOf(one.row, authority) ?? one.by;
    this.entries = sorted([...this.entries, ...found.entries]);
    this.unopened = [...this.unopened, ...found.unopened];
    this.closed += found.closed;
    this.events.push(...rows);
    this.erased = [...this.erased, ...(facts.erased ?? [])];
    this.#next = facts.next ?? null;
  }

  /** What later events say of earlier entries. */
  #mark() {
    const said = marks(this.events, this.authority);
    const placeOf = placesOf(this);
    for (const entry of this.entries) {
      entry.mark = said.get(entry.id) ?? null;
      if (entry.meta.alarm) entry.alarm = { ...entry.meta.alarm, alarm: placeOf(entry.meta.alarm) };
    }
  }

  async #finish() {
    this.erasures = await erasures.load(this.facts.case);
    this.#mark();
    this.complete = true;
    void this.ring.keep(new Map(this.entries.map(({ id, key }) => [id, key])));
  }

  /** Check every entry; `changed` is called as results come in. @param {() => void} changed */
  async check(changed) {
    for (const entry of this.entries) {
      try {
        await checkSignatures(entry, this.authority, this.facts.case);
        entry.verification = { state: "signed", reason: "" };
      } catch (error) {
        entry.verification = { state: "failed", reason: error instanceof Error ? error.message : String(error) };
      }
    }
    changed();
    const waiting = this.entries.filter(({ verification }) => verification.state === "signed");
    const worker = async () => {
      for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
        await this.#prove(entry);
        changed();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** @param {Entry} entry inclusion in the custody log, under the key of the log in which its event stands */
  async #prove(entry) {
    const { index, salt } = entry.row;
    try {
      const log = (await this.#line()).at(index);
      const proof = await api.bytes(`/api/v1/receipts/${index}/proof`);
      const place = index - log.firstEvent + log.before;
      await verifyProof(proof, place, pages.eventOf(entry.row), fromHex(salt, 32), log.vkey, log.end);
      entry.verification = { state: "proven", reason: "" };
    } catch (error) {
      // Not yet in the log is no failure: the entry stays "signed" and says so.
      if (error instanceof api.ApiError) return;
      entry.verification = { state: "failed", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** The logs, asked for once; again after a failure. */
  async #line() {
    this.#logs ??= logs(this.anchors);
    try {
      return await this.#logs;
    } catch (error) {
      this.#logs = null;
      throw error;
    }
  }

  /** @param {Entry} entry with a file @returns {Promise<OpenedFile>} the file as it was sealed */
  media(entry) {
    const known = this.#media.get(entry.id);
    if (known) return known;
    const opening = this.#open(entry);
    this.#media.set(entry.id, opening);
    opening.catch(() => this.#media.delete(entry.id));
    return opening;
  }

  /** @param {Entry} entry @returns {Promise<OpenedFile>} */
  async #open(entry) {
    const clip = isClip(entry) ? await clips.play(entry) : null;
    if (clip) return { url: clip, mime: entry.file.mime, streamed: true };
    // What was cut off has no commitment to its part: each piece is proven by itself.
    if (entry.arrived !== null || isClip(entry)) return this.whole(entry);
    const whole = await container.parse(await api.bytes(`/api/v1/items/${entry.id}/container`));
    if (whole.envelope.payload !== entry.container.envelope.payload) throw new Error("the server gave another item");
    return openedFile(entry, new Blob([await container.openContent(whole, entry.key, entry.file)]));
  }

  /** @param {Entry} entry with a long clip @returns {Promise<OpenedFile>} all of it that is here, to be saved */
  async whole(entry) {
    return openedFile(entry, await new Ranges(entry).blob());
  }

  /** Forget every opened file. */
  async close() {
    for (const file of this.#media.values()) URL.revokeObjectURL(await file.then(({ url }) => url, () => ""));
    this.#media.clear();
    await clips.stop();
  }
}
