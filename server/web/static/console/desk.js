/** The desk behind the console: the feed, the sealed parts of alarms, and acts that are signed here. */
import * as api from "../core/api.js";
import * as container from "../core/container.js";
import * as statements from "../core/statements.js";
import { Authority } from "../core/authority.js";
import { LiveFeed } from "../core/sse.js";
import { dated } from "../core/dated.js";
import { find } from "../core/wraps.js";
import { fromBase64 } from "../core/bytes.js";
import { told } from "../core/meta.js";
import { shown } from "../core/written.js";
import { calledAt } from "./alarms.js";
import { wantsEyes } from "./second-look.js";
import { grown, isLater, judge } from "./track.js";

/** @typedef {import("./alarms.js").Alarm} Alarm */
/** @typedef {import("./track.js").Opened} Opened */

/** How often the server hears that we are awake (dark after 90 s), and the bridge that we still look at what we claimed (30 s). */
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
  /** @type {Map<string, import("./track.js").Track>} where she went, by alarm; kept in memory only */
  tracks = new Map();
  /** @type {Map<string, {item: string, why: "older" | "empty" | "closed"}>} the last position that was not shown, by alarm */
  #unshown = new Map();
  /** @type {Set<string>} alarms of which something is being opened */
  #opening = new Set();
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
   * @param {{changed: () => void, raised: (alarm: Alarm) => void, escalated: (alarm: Alarm) => void,
   *   moved: (alarm: Alarm) => void, closed: (alarm: Alarm) => void}} listener `closed`: others are to look at it too
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
    this.#renewing = setInterval(() => {
      void this.sign();
      void this.#renew();
    }, RENEW_MS);
    await this.refresh();
  }

  /** Who may sign what, as the pinned root says; null until the desk has started. */
  get authority() {
    return this.#authority;
  }

  stop() {
    this.feed.stop();
    clearInterval(this.#renewing);
  }

  /** Say that this console is awake. An open connection says nothing of it: a machine that sleeps keeps its own for minutes. */
  async sign() {
    await api.send("/api/v1/alarms/watching", { method: "POST", timeout: RENEW_MS }).catch(() => undefined);
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
    if (!this.opened.has(alarm.alarm) && merged.item && !this.#opening.has(alarm.alarm)) {
      this.#opening.add(alarm.alarm);
      this.opened.set(alarm.alarm, await this.#open(merged.item));
      this.#opening.delete(alarm.alarm);
    }
    if (this.alarms.get(alarm.alarm)?.state === "closed") this.#forget(alarm.alarm);
    if (!known && alarm.state !== "closed") this.listener.raised(merged);
    if (known && known.state !== "closed" && wantsEyes(merged)) this.listener.closed(merged);
    const called = calledAt(merged);
    if (called && called !== (known ? calledAt(known) : "")) this.listener.escalated(merged);
    void this.#follow(alarm.alarm);
  }

  /** Once it is closed, nobody at this desk needs her card, where she was, or the way she went. @param {string} alarm */
  #forget(alarm) {
    this.cards.delete(alarm);
    this.tracks.delete(alarm);
    const opened = this.opened.get(alarm);
    if (opened?.meta) this.opened.set(alarm, { ...opened, meta: { ...opened.meta, position: null, text: "" } });
  }

  /**
   * Whether newer positions open by themselves here: only for who accepted the alarm or opened its card, which are acts
   * that are written down. Everybody else sees the first, and that there is a newer one.
   * @param {Alarm} alarm
   */
  #follows({ alarm, state, accepted_by: who }) {
    return state !== "closed" && (this.cards.has(alarm) || who?.kid === this.session.kid);
  }

  /** @param {Alarm} alarm @returns {"waits" | "empty" | "closed" | null} why the newest position is not the one that is shown */
  behind(alarm) {
    const shown = this.opened.get(alarm.alarm);
    if (!shown || !alarm.item || !isLater(alarm.item, shown) || alarm.state === "closed") return null;
    if (!this.#follows(alarm)) return "waits";
    const unshown = this.#unshown.get(alarm.alarm);
    return unshown?.item !== alarm.item.item || unshown.why === "older" ? null : unshown.why;
  }

  /** @param {string} name @returns {NonNullable<Alarm["item"]> | null} the newest position, if it is ours to open and was not yet */
  #unread(name) {
    const alarm = this.alarms.get(name);
    const known = [this.opened.get(name)?.item, this.#unshown.get(name)?.item];
    return alarm?.item && this.#follows(alarm) && !known.includes(alarm.item.item) ? alarm.item : null;
  }

  /** Open the newest position: one at a time, and what was overtaken meanwhile not at all. @param {string} name of the alarm */
  async #follow(name) {
    if (this.#opening.has(name)) return;
    this.#opening.add(name);
    for (let item = this.#unread(name); item; item = this.#unread(name)) {
      const [found, shown, alarm] = [await this.#open(item), this.opened.get(name), this.alarms.get(name)];
      const worth = judge(found, shown, name);
      if (!alarm || !this.#follows(alarm)) break;
      if (worth === "next") {
        this.tracks.set(name, grown(this.tracks.get(name), shown?.meta, found.meta));
        // Where she said that she would go stays beside where she is now.
        this.opened.set(name, { ...found, meta: { ...found.meta, text: found.meta?.text || shown?.meta?.text || "" } });
        this.listener.moved(alarm);
      } else this.#unshown.set(name, { item: item.item, why: worth });
      this.listener.changed();
    }
    this.#opening.delete(name);
  }

  /** @param {NonNullable<Alarm["item"]>} item @returns {Promise<Opened>} */
  async #open(item) {
    let meta = null;
    try {
      const sealed = await container.parse(fromBase64(item.head));
      const key = await find(sealed.head, [...sealed.head.wraps, ...item.wraps], this.session.openers);
      if (key) meta = shown(told(await container.openMeta(sealed, key)));
      const signer = container.verifyHead(sealed, (kid) => this.#authority?.find(kid, Infinity)?.key);
      const role = this.#authority?.find(signer, Infinity)?.role;
      return { item: item.item, meta, sealed: role === "bridge" ? "proven" : "failed" };
    } catch {
      return { item: item.item, meta, sealed: "failed" };
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
    const key = await find(sealed.head, [...sealed.head.wraps, ...wraps], this.session.openers);
    const card = key ? shown(told(await container.openMeta(sealed, key))).card : null;
    if (card) this.cards.set(alarm.alarm, card);
    void this.#follow(alarm.alarm);
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
    if (answer.state === "closed") this.#forget(alarm.alarm);
    void this.#follow(alarm.alarm);
    this.listener.changed();
  }
}
