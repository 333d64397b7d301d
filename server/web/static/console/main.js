/** `<getuige-console>`: the dispatcher's desk. It shows loudly when it is not live, and never claims what nobody did. */
import { html, nothing } from "lit";
import * as api from "../core/api.js";
import { clock } from "../ui/dates.js";
import { topBar, typing } from "../ui/chrome.js";
import { describe } from "../ui/sign-in.js";
import { openReport } from "../ui/day-report.js";
import { start, t } from "../ui/texts.js";
import { View } from "../ui/view.js";
import { age, isCalling, isNew, isOpen, nextActs, ordered, primaryAct, troubles } from "./alarms.js";
import { alarmCard } from "./card.js";
import { Desk } from "./desk.js";
import { HandOver } from "./handover.js";
import { alarmList, escalationOf, flagsOf, stateMark, whose } from "./list.js";
import { closedHow, isForUs, secondLook } from "./second-look.js";
import { Notes, noteField } from "./note.js";
import { Shift } from "./shift.js";
import { Screen, Siren } from "./siren.js";
import { Telling } from "./telling.js";
import { moved } from "./where.js";

/** @typedef {import("./alarms.js").Alarm} Alarm */

const KEYS = ["j", "k", "i", "a", "d", "s", "c", "m", "?", "Esc"];
const REASONS = ["genuine", "accidental", "test", "technical"];
/** @type {Record<string, string>} */
const ACT_KEYS = { i: "claim", a: "accept", d: "dispatch", s: "on_scene" };

class Console extends View {
  /** @override */
  static properties = { selected: { state: true }, notice: { state: true }, busy: { state: true } };

  constructor() {
    super();
    /** @type {Desk | null} */
    this.desk = null;
    /** @type {string | null} */
    this.selected = null;
    this.siren = new Siren();
    this.lamp = new Screen(() => this.requestUpdate());
    /** @type {Set<string>} alarms whose siren was silenced here */
    this.silenced = new Set();
    /** @type {HandOver | null} */
    this.handing = null;
    /** @type {Notes | null} */
    this.notes = null;
    /** @type {Map<string, string>} what was typed for the file of the case, by alarm */
    this.words = new Map();
    /** @type {Shift | null} */
    this.shift = null;
    /** @type {{title: string, text: string, bad: boolean} | null} */
    this.notice = null;
    this.announced = "";
    this.telling = new Telling();
    this.busy = false;
    /** @type {Promise<void>} the acts that were asked for, in order */
    this.working = Promise.resolve();
    this.closing = false;
    this.cardFailed = "";
    this.ticking = 0;
    this.keys = (/** @type {KeyboardEvent} */ event) => this.#key(event);
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    window.addEventListener("keydown", this.keys);
    this.ticking = setInterval(() => {
      this.telling.tick(this.selected);
      this.requestUpdate();
    }, 1000);
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener("keydown", this.keys);
    clearInterval(this.ticking);
    this.desk?.stop();
    this.handing?.stop();
  }

  /** @param {CustomEvent} event */
  async #signedIn({ detail }) {
    this.desk = new Desk(detail.session, detail.anchors, {
      changed: () => this.requestUpdate(),
      raised: (alarm) => {
        this.announced = t("new-alarm", { kind: t(`alarm-kind-${alarm.kind}`), age: age(alarm.raised_at) });
        this.selected ??= alarm.alarm;
      },
      escalated: (alarm) => {
        if (!isCalling(alarm)) return;
        this.silenced.delete(alarm.alarm);
        this.announced = escalationOf(alarm);
      },
      closed: (alarm) => {
        if (isForUs(alarm, detail.session.kid)) this.announced = `${t("second-look")} ${closedHow(alarm)}`;
      },
      moved: ({ alarm }) => this.telling.offer(alarm, moved(this.desk?.opened.get(alarm)?.meta, this.desk?.tracks.get(alarm))),
    });
    this.handing = new HandOver(this.desk, () => this.requestUpdate());
    this.handing.start();
    this.notes = new Notes(detail.session, () => this.desk?.authority ?? null, () => this.requestUpdate());
    this.requestUpdate();
    window.scrollTo(0, 0);
    try {
      await this.desk.start();
    } catch (error) {
      this.notice = { ...describe(error), bad: true };
    }
  }

  async #startShift() {
    await this.siren.test().catch(() => false);
    if (this.shift || !this.desk) return;
    const desk = this.desk;
    this.shift = new Shift(desk.session.identity, () => {
      void desk.sign();  // whoever begins to watch is counted at once
      this.requestUpdate();
    });
    await this.lamp.keep();
    this.requestUpdate();
  }

  #endShift() {
    this.shift?.end();
    this.shift = null;
    void this.lamp.letGo();
    this.requestUpdate();
  }

  get #alarms() {
    return ordered(this.desk?.alarms.values() ?? []);
  }

  get #chosen() {
    return this.selected ? this.desk?.alarms.get(this.selected) : undefined;
  }

  /** @param {string} alarm */
  #choose(alarm) {
    this.selected = alarm;
    this.closing = false;
    this.cardFailed = "";
  }

  #silence() {
    for (const alarm of this.#alarms.filter(isCalling)) this.silenced.add(alarm.alarm);
    this.requestUpdate();
  }

  /** One act after the other: a key that was pressed a moment too early is not lost, and a double click is no second act. */
  /** @param {Alarm} alarm @param {string} act @param {object} [more] */
  #act(alarm, act, more) {
    this.working = this.working.then(async () => {
      const now = this.desk?.alarms.get(alarm.alarm);
      if (now && (nextActs(now).includes(act) || act === "look")) await this.#carryOut(now, act, more);
    });
  }

  /** @param {Alarm} alarm @param {string} act @param {object} [more] */
  async #carryOut(alarm, act, more) {
    if (!this.desk) return;
    this.busy = true;
    this.notice = null;
    try {
      await this.desk.act(alarm, act, more);
      if (act === "close") this.#closed(alarm);
      const done = act === "look" ? t("second-look-seen") : t(`state-${this.desk.alarms.get(alarm.alarm)?.state}`);
      this.notice = { title: t("act-done", { act: done }), text: "", bad: false };
      if (act === "accept") this.#openCard(alarm);
    } catch (error) {
      const refused = error instanceof api.ApiError && error.status >= 400 && error.status < 500;
      // No answer is not a no: the act may be written down, and the list shows whether it is.
      const stale = error instanceof api.ApiError && error.reason === "stale";
      const text = stale ? t("act-stale-text") : refused ? error.message : t("act-unsure-text");
      this.notice = { title: refused ? t("act-failed") : t("act-unsure"), text, bad: true };
    } finally {
      this.busy = false;
    }
  }

  /** It is closed; what was typed beside it follows, and is waited for by nothing. @param {Alarm} alarm */
  #closed(alarm) {
    this.closing = false; // only now: the answer to an earlier act must not take the reasons away
    const words = this.words.get(alarm.alarm)?.trim();
    this.words.delete(alarm.alarm);
    if (words) void this.notes?.keep(alarm, words);
  }

  /** @param {Alarm} alarm */
  async #openCard(alarm) {
    if (!alarm.card) return;
    try {
      if (!(await this.desk?.card(alarm))) this.cardFailed = alarm.alarm;
    } catch {
      this.cardFailed = alarm.alarm;
    }
    this.requestUpdate();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (typing(event) || !this.desk || this.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && this.closing) return void this.#stopClosing();
    const [alarm, alarms] = [this.#chosen, this.#alarms];
    const at = alarms.findIndex(({ alarm: id }) => id === this.selected);
    const act = ACT_KEYS[event.key];
    if (event.key === "j" || event.key === "k") {
      const next = alarms[Math.min(alarms.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
      if (next) this.#choose(next.alarm);
    } else if (act && alarm && nextActs(alarm).includes(act)) this.#act(alarm, act);
    else if (event.key === "c" && alarm && nextActs(alarm).includes("close")) this.#startClosing();
    else if (event.key === "m") this.#silence();
    else if (event.key === "?") this.querySelector("dialog")?.showModal();
    else return;
    event.preventDefault();
  }

  async #startClosing() {
    this.closing = true;
    this.requestUpdate();
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector(".reasons button"))?.focus();
  }

  /** The reasons go, nothing is closed, and the button that asked for them has the focus. */
  async #stopClosing() {
    this.closing = false;
    this.requestUpdate();
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector("[data-act=close]"))?.focus();
  }

  /** @override */
  updated() {
    const calling = this.#alarms.some((alarm) => isCalling(alarm) && !this.silenced.has(alarm.alarm));
    this.siren.sound(Boolean(this.shift) && calling);
  }

  /** @override */
  render() {
    if (!this.desk) {
      return html`${topBar(t("console"))}
        <getuige-sign-in .roles=${["dispatcher"]} heading="console-sign-in" @signed-in=${this.#signedIn}></getuige-sign-in>`;
    }
    const help = html`<button type="button" data-report @click=${() => openReport(this)}>${t("report")}</button>
      <button type="button" @click=${() => this.querySelector("dialog")?.showModal()}>${t("help")} <kbd>?</kbd></button>`;
    const alarms = this.#alarms;
    const open = alarms.filter(isOpen);
    const kid = this.desk.session.kid;
    const ours = alarms.filter((alarm) => isForUs(alarm, kid));
    const live = this.desk.live === true && troubles(this.desk.health).stale.length === 0;
    return html`
      ${this.#freshness(this.desk)}
      ${topBar(t("console"), html`<span class="who-am-i">${this.desk.session.label}</span>${help}`)}
      <p class="unseen" role="alert">${this.announced}</p>
      <p class="unseen" role="status">${this.telling.text}</p>
      <main id="main" tabindex="-1" class="console">
        <section class="listing" aria-labelledby="alarms-title">
          ${this.#shift()}
          ${this.#awaited(this.desk)}
          ${this.handing?.panel(alarms, this.shift?.told === "recorded" ? this.shift.name : null)}
          ${this.desk.session.unopened > 0 ? html`<div class="problem unopened" role="status">
            <strong>${t("desk-unopened", { count: this.desk.session.unopened })}</strong><p>${t("desk-unopened-text")}</p></div>` : nothing}
          <div class="list-head"><h1 id="alarms-title">${live ? t("alarms-open", { count: open.length }) : t("alarms-old")}</h1>
            ${this.siren.sounding ? html`<button type="button" class="silence" @click=${this.#silence}>${t("silence")} <kbd>m</kbd></button>
              <span class="quiet small">${t("silence-hint")}</span>` : nothing}
          </div>
          ${live ? nothing : html`<p class="problem">${t("alarms-old-text")}</p>`}
          ${live && alarms.length === 0 ? html`<p class="none">${t("alarms-none")}</p>` : nothing}
          ${alarmList(open, this.selected, (alarm) => this.#choose(alarm))}
          ${ours.length > 0 ? html`<h2 class="second-look-title">${t("second-look")}</h2>
            ${alarmList(ours, this.selected, (alarm) => this.#choose(alarm))}` : nothing}
          ${alarms.length > open.length + ours.length ? html`<h2 class="closed-title">${t("alarms-closed")}</h2>
            ${alarmList(alarms.filter((alarm) => !isOpen(alarm) && !ours.includes(alarm)), this.selected, (alarm) => this.#choose(alarm))}` : nothing}
        </section>
        <section class="desk" aria-live="off">
          ${this.notice ? html`<div class=${this.notice.bad ? "card problem" : "card done"} role="status"><strong>${this.notice.title}</strong>
            ${this.notice.text ? html`<p>${this.notice.text}</p>` : nothing}</div>` : nothing}
          ${this.notes?.panel()}
          ${this.#chosenAlarm(this.desk)}
          <p class="quiet small">${t("console-honest")}</p>
        </section>
      </main>
      <dialog aria-labelledby="help-title">
        <h2 id="help-title">${t("console-help-title")}</h2>
        <dl class="facts keys">${KEYS.map((key, index) => html`<div><dt><kbd>${key}</kbd></dt><dd>${t(`console-key-${index}`)}</dd></div>`)}</dl>
        <button type="button" class="primary" @click=${() => this.querySelector("dialog")?.close()}>${t("close")}</button>
      </dialog>
      <getuige-day-report></getuige-day-report>`;
  }

  /** @param {Desk} desk the bar over the full width: live, or not to be trusted */
  #freshness(desk) {
    const { stale, mind } = troubles(desk.health);
    const heard = desk.heardAt > 0 ? t("stale-since", { time: clock(desk.heardAt) }) : t("stale-first");
    if (desk.live === false || stale.length > 0) {
      return html`<section aria-label=${t("freshness")} class="freshness stale"><strong role="alert">${t("stale-bar")}</strong>
        <span>${desk.live === false ? heard : stale.map((part) => t(`stale-${part}`)).join(" ")}</span></section>`;
    }
    if (desk.live === null) return html`<section aria-label=${t("freshness")} class="freshness waiting">${t("sign-in-asking")}</section>`;
    return html`<section aria-label=${t("freshness")} class="freshness live"><strong><span class="pulse" aria-hidden="true"></span>${t("live")}</strong>
      <span>${t("live-at", { time: clock(desk.heardAt) })}</span></section>
      ${mind.length > 0 ? html`<section aria-label=${t("card-flags")} class="freshness mind"><strong>⚠ ${t("card-flags")}</strong>
        <span>${mind.join(" · ")}</span></section>` : nothing}`;
  }

  /** @param {Desk} desk how many check-ins are awaited. Who, and where she goes, is nobody's business until the moment passes. */
  #awaited({ health }) {
    const { awaited = 0, first_at: first = null } = health?.check_ins ?? {};
    return awaited > 0 && first ? html`<p class="quiet small check-ins">${t("check-ins-awaited", { count: awaited, at: clock(first) })}</p>` : nothing;
  }

  #shift() {
    if (!this.shift) {
      return html`<div class="card shift"><button type="button" class="primary" @click=${this.#startShift}>${t("shift-start")}</button>
        <p class="quiet">${t("shift-lead")}</p></div>`;
    }
    const { since, told } = this.shift;
    const [sound, screen, written] = [this.siren.ready, this.lamp.on, told === "recorded"];
    return html`<div class="shift running" role="status">
      <span>${t("shift-running", { time: clock(since) })}</span>
      <span class=${written ? "fine" : "bad"}>${written ? "✓" : "✕"} ${t(`shift-${told}`)}</span>
      <span class=${sound ? "fine" : "bad"}>${sound ? "♪" : "✕"} ${t(sound ? "shift-sound-on" : "shift-sound-off")}</span>
      <span class=${screen ? "fine" : "bad"}>${screen ? "✓" : "✕"} ${t(screen ? "shift-screen-on" : "shift-screen-off")}</span>
      <button type="button" class="link" @click=${() => this.siren.test()}>${t("shift-again")}</button>
      <button type="button" class="link" @click=${this.#endShift}>${t("shift-end")}</button></div>`;
  }

  /** @param {Desk} desk */
  #chosenAlarm(desk) {
    const alarm = this.#chosen;
    if (!alarm) return html`<p class="none card">${t("card-none")}</p><section class="card"><h2>${t("map-ahead")}</h2>
      <getuige-map-choice></getuige-map-choice></section>`;
    const acts = nextActs(alarm);
    const main = primaryAct(alarm.state);
    const key = (/** @type {string} */ act) => Object.keys(ACT_KEYS).find((name) => ACT_KEYS[name] === act) ?? "";
    return html`
      <article class="alarm-view" aria-labelledby="alarm-title" data-alarm=${alarm.alarm} data-state=${alarm.state}>
        <header class="card alarm-head ${isNew(alarm) ? "new" : ""}">
          <div><p>${stateMark(alarm)} <span class="quiet">${whose(alarm)}</span></p>
            <h2 id="alarm-title">${t(`alarm-kind-${alarm.kind}`)} ${isOpen(alarm) ? html`<span class="age num">${age(alarm.raised_at)}</span>` : nothing}</h2>
            ${isCalling(alarm) && escalationOf(alarm) ? html`<p class="escalated"><strong>${escalationOf(alarm)}</strong></p>` : nothing}
            <p class="tags">${flagsOf(alarm)}</p></div>
          <div class="acts">
            ${acts.filter((act) => act !== "close").map((act) => html`
              <button type="button" class=${act === main ? "primary act" : "act"} data-act=${act} ?disabled=${this.busy}
                @click=${() => this.#act(alarm, act)}>${t(`act-${act}`)} ${key(act) ? html`<kbd>${key(act)}</kbd>` : nothing}</button>`)}
            ${acts.includes("close") ? html`<button type="button" class=${main === "close" ? "primary act" : "act"} data-act="close"
              aria-expanded=${this.closing ? "true" : "false"} @click=${this.#startClosing}>${t("act-close")} <kbd>c</kbd></button>` : nothing}
          </div>
          ${this.closing && acts.includes("close") ? html`<div class="reasons" role="group" aria-label=${t("act-close-as")}>
            <span>${t("act-close-as")}</span>${REASONS.map((reason) => html`<button type="button" data-reason=${reason}
              @click=${() => this.#act(alarm, "close", { reason })}>${t(`reason-${reason}`)}</button>`)}
            <button type="button" class="link" @click=${this.#stopClosing}>${t("act-close-not")} <kbd>Esc</kbd></button>
            ${noteField(this.words.get(alarm.alarm) ?? "", (words) => this.words.set(alarm.alarm, words))}</div>` : nothing}
          <p role="status" class="progress">${this.busy ? html`<span class="spinner" aria-hidden="true"></span>${t("act-busy")}` : nothing}</p>
        </header>
        ${secondLook(alarm, isForUs(alarm, desk.session.kid), this.busy, () => this.#act(alarm, "look"))}
        <div class="alarm-body">${alarmCard(desk, alarm, {
          open: () => this.#openCard(alarm), failed: this.cardFailed === alarm.alarm, busy: this.busy,
        })}</div>
      </article>`;
  }
}

await start();
customElements.define("getuige-console", Console);
