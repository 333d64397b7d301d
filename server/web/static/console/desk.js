/** The desk behind the console: the feed, the sealed parts of alarms, and acts that are signed here. */
import * as api from "../core/api.js";
import * as container from "../core/container.js";
import * as statements from "../core/statements.js";
import { Authority } from "../core/authority.js";
import { LiveFeed } from "../core/sse.js";
import { dated } from "../core/dated.js";
import { find } from "../core/wraps.js";
import { fromBase64 } from "../core/bytes.js";

/** @typedef {import("./alarms.js").Alarm} Alarm */
/** @typedef {{meta: any | null, sealed: "proven" | "failed"}} Opened */

/** How often the bridge hears that we still look at what we claimed; a claim runs out after 30 s without. */
const RENEW_MS = 10_000;

/** Taking an alarm up must never wait for a screen that is a moment behind; the bridge knows who has it. */
const ALWAYS_IN_TIME = ["claim", "accept"];

export class Desk {
  /** @type {Map<string, Alarm>} */
  alarms = new Map();
  /** @type {Map<string, Opened>} what the desk key opened, by alarm */
  opened = new Map();
  /** @type {Map<string, any>} cards, by alarm; kept in memory only */
  cards = new Map();
  /** @type {any} */
  health = null;
  /** @type {boolean | null} null until the first sign of life or the first silence */
  live = null;
  heardAt = 0;
  /** @type {Authority | null} */
  #authority = null;
  /** @type {Set<Set<string>>} */
  #asking = new Set();
  #renewing = 0;

  /**
   * @param {api.Session} session @param {import("../core/trust.js").Anchors} anchors
   * @param {{changed: () => void, raised: (alarm: Alarm) => void, escalated: (alarm: Alarm) => void}} listener
   */
  constructor(session, anchors, listener) {
    this.session = session;
    this.anchors = anchors;
    this.listener = listener;
    this.feed = new LiveFeed("/api/v1/alarms/stream", ["snapshot", "alarm", "health"], {
      onEvent: (name, data) => this.#event(name, data),
      onLive: (live) => this.#live(live),
      onHeard: () => { this.heardAt = Date.now(); },
    });
  }

  async start() {
    this.#authority = await Authority.rootedAt(this.anchors.root);
    const published = await api.json("/api/v1/authority").catch(() => ({ events: [] }));
    await this.#authority.learn(published.events.map((/** @type {{event: string}} */ { event }) => dated(event)));
    this.feed.start();
    this.#renewing = setInterval(() => this.#renew(), RENEW_MS);
    await this.refresh();
  }

  stop() {
    this.feed.stop();
    clearInterval(this.#renewing);
  }

  /** Say that we still look at what we claimed. A claim that ran out meanwhile is shown by the feed. */
  async #renew() {
    const mine = [...this.alarms.values()].filter(({ state, claimed_by: who }) => state === "claimed" && who?.kid === this.session.kid);
    const leases = mine.map(({ alarm }) => api.send(`/api/v1/alarms/${alarm}/lease`, { method: "POST", timeout: RENEW_MS }));
    await Promise.allSettled(leases);
  }

  /** Fetch everything anew: at the start, and whenever the feed comes back after a silence. */
  async refresh() {
    /** @type {Set<string>} what the feed says while we ask is newer than the answer that we get */
    const newer = new Set();
    this.#asking.add(newer);
    try {
      const { alarms, health } = await api.json("/api/v1/alarms");
      if (!newer.has("health")) this.health = health;
      const older = alarms.filter((/** @type {Alarm} */ { alarm }) => !newer.has(alarm));
      await Promise.all(older.map((/** @type {Alarm} */ alarm) => this.#take(alarm)));
    } finally {
      this.#asking.delete(newer);
    }
    this.listener.changed();
  }

  /** @param {string} name @param {any} data */
  async #event(name, data) {
    for (const newer of this.#asking) newer.add(name === "health" ? name : (data.alarm?.alarm ?? data.alarm));
    if (name === "health") this.health = data;
    else if (name === "alarm") await this.#take(data.alarm?.alarm ? data.alarm : data);
    else if (name === "snapshot") {
      this.health = data.health ?? this.health;
      await Promise.all((data.alarms ?? []).map((/** @type {Alarm} */ alarm) => this.#take(alarm)));
    }
    this.listener.changed();
  }

  /** @param {boolean} live */
  #live(live) {
    const returned = live && this.live === false;
    this.live = live;
    this.listener.changed();
    if (returned) this.refresh().catch(() => undefined);
  }

  /** @param {Alarm} alarm */
  async #take(alarm) {
    const known = this.alarms.get(alarm.alarm);
    // An update without the sealed item does not take the item away.
    const merged = { ...alarm, item: alarm.item ?? known?.item ?? null };
    this.alarms.set(alarm.alarm, merged);
    if (merged.state === "closed") this.cards.delete(alarm.alarm);
    if (!this.opened.has(alarm.alarm) && merged.item) this.opened.set(alarm.alarm, await this.#open(merged.item));
    if (!known && alarm.state !== "closed") this.listener.raised(merged);
    if (alarm.escalation && alarm.escalation.at !== known?.escalation?.at) this.listener.escalated(merged);
  }

  /** @param {NonNullable<Alarm["item"]>} item @returns {Promise<Opened>} */
  async #open(item) {
    let meta = null;
    try {
      const sealed = await container.parse(fromBase64(item.head));
      const key = await find(sealed.head, [...sealed.head.wraps, ...item.wraps], this.session.boxes);
      if (key) meta = await container.openMeta(sealed, key);
      const signer = container.verifyHead(sealed, (kid) => this.#authority?.find(kid, Infinity)?.key);
      const role = this.#authority?.find(signer, Infinity)?.role;
      return { meta, sealed: role === "bridge" ? "proven" : "failed" };
    } catch {
      return { meta, sealed: "failed" };
    }
  }

  /**
   * Open the dispatcher card; the server writes down that we did.
   * @param {Alarm} alarm @returns {Promise<any | null>} null when there is none for us
   */
  async card(alarm) {
    const known = this.cards.get(alarm.alarm);
    if (known) return known;
    const { head, wraps } = await api.json(`/api/v1/alarms/${alarm.alarm}/card`);
    const sealed = await container.parse(fromBase64(head));
    const key = await find(sealed.head, [...sealed.head.wraps, ...wraps], this.session.boxes);
    const card = key ? (await container.openMeta(sealed, key)).card : null;
    if (card) this.cards.set(alarm.alarm, card);
    return card;
  }

  /**
   * Sign an act and hand it in. The list changes when the server says so, not before.
   * @param {Alarm} alarm @param {string} act such as `accept` @param {object} [more] members of the body
   * @throws {api.ApiError}
   */
  async act(alarm, act, more = {}) {
    const body = { alarm: alarm.alarm, ...more };
    const envelope = await statements.make(this.session.identity, `alarm.${act}`, alarm.case, body);
    /** @type {Record<string, string>} */
    const seen = alarm.revision === undefined || ALWAYS_IN_TIME.includes(act) ? {} : { "If-Match": `"${alarm.revision}"` };
    let answer;
    try {
      answer = await api.json(`/api/v1/alarms/${alarm.alarm}/acts`, envelope, "POST", seen);
    } catch (error) {
      if (error instanceof api.ApiError && error.status === 409) await this.refresh().catch(() => undefined);
      throw error;
    }
    const known = this.alarms.get(alarm.alarm) ?? alarm;
    const overtaken = (known.revision ?? 0) > (answer.revision ?? Infinity);  // the feed was quicker and knows more
    if (!overtaken) this.alarms.set(alarm.alarm, { ...known, ...(answer.alarm === alarm.alarm ? answer : { state: answer.state }) });
    if (answer.state === "closed") this.cards.delete(alarm.alarm);
    this.listener.changed();
  }
}
