/** `<getuige-devices>`: the alarm devices of a case, for its caseworker: in order or not, who has them, silences, presses. */
import { html, nothing } from "lit";
import * as api from "../core/api.js";
import { day, minute } from "../ui/dates.js";
import { t } from "../ui/texts.js";
import { View } from "../ui/view.js";

/** @typedef {{to: string, basis: string, lent_at: string, review: string, overdue: boolean, returned_at: string | null, condition: string | null}} Lending */
/** @typedef {{device: string, case: string, state: string, reasons: string[], heard_at: string | null, tested_at: string | null, battery: number | null, lending: Lending | null}} Device */
/** @typedef {{since: string, seconds: number}} Missed */
/** @typedef {{kind: string, raised_at: string, state: string, reason: string | null}} Press */
/** @typedef {{live: boolean, device: Device, test_due: string | null, missed: Missed[], presses: Press[]}} Page */

const MINUTE_S = 60;

class Devices extends View {
  /** @override */
  static properties = { kase: { attribute: false }, devices: { state: true }, live: { state: true }, failed: { state: true }, pages: { state: true } };

  constructor() {
    super();
    /** @type {string | null} the case whose devices are shown */
    this.kase = null;
    /** @type {Device[] | null} */
    this.devices = null;
    this.live = true;
    this.failed = false;
    /** @type {Map<string, Page>} */
    this.pages = new Map();
  }

  /** @override @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has("kase") && this.kase) this.#load(this.kase);
  }

  /** @param {string} kase */
  async #load(kase) {
    this.failed = false;
    try {
      const { devices, live } = await api.json("/api/v1/devices");
      this.devices = devices.filter((/** @type {Device} */ device) => device.case === kase);
      this.live = live;
    } catch {
      this.failed = true;
    }
  }

  /** @param {string} device @param {Event} event */
  async #open(device, { target }) {
    if (!(/** @type {HTMLDetailsElement} */ (target).open) || this.pages.has(device)) return;
    try {
      const page = await api.json(`/api/v1/devices/${device}`);
      this.pages = new Map(this.pages).set(device, page);
    } catch {
      this.failed = true;
    }
  }

  /** @override */
  render() {
    if (this.failed) return html`<p class="problem" role="status">${t("devices-failed")}</p>`;
    if (!this.devices || this.devices.length === 0) return nothing;
    return html`<section class="card devices" aria-labelledby="devices-title">
      <h2 id="devices-title">${t("devices")}</h2>
      ${this.live ? nothing : html`<p class="problem">${t("devices-dark")}</p>`}
      ${this.devices.map((device) => html`<details @toggle=${(/** @type {Event} */ event) => this.#open(device.device, event)}>
        <summary><span class="mono">${device.device.slice(0, 8)}</span> ${stateOf(device)} ${lendingMark(device.lending)}</summary>
        ${lendingFacts(device)}
        ${pageOf(this.pages.get(device.device))}
      </details>`)}
    </section>`;
  }
}

/** "In order" needs a word of the device: after a restart of the bridges nobody has heard one yet. */
/** @param {Device} device */
function stateOf({ state: said, reasons, heard_at: heard }) {
  const state = said === "ready" && !heard ? "unknown" : said;
  const badge = { ready: "proven", fault: "failed" }[state] ?? "checking";
  return html`<span class="badge ${badge}"><span class="shape" aria-hidden="true"></span>${t(`device-${state}`)}</span>
    ${reasons.map((reason) => html`<span class="tag">${t(`device-${reason}`)}</span> `)}`;
}

/** @param {Lending | null} lending */
function lendingMark(lending) {
  if (lending?.overdue) return html`<span class="tag overdue">⚠ ${t("lending-overdue")}</span>`;
  return lending && !lending.returned_at ? nothing : html`<span class="tag">${t(lending ? "lending-back" : "lending-none")}</span>`;
}

/** @param {Device} device */
function lendingFacts({ lending, heard_at: heard, tested_at: tested, battery }) {
  return html`<dl class="facts">
    <div><dt>${t("device-heard")}</dt><dd>${heard ? minute(heard) : t("unknown")}</dd></div>
    <div><dt>${t("device-tested")}</dt><dd>${tested ? minute(tested) : t("device-never")}</dd></div>
    <div><dt>${t("device-battery")}</dt><dd>${battery === null ? t("unknown") : `${battery} %`}</dd></div>
    ${lending ? html`
      <div><dt>${t("lending-to")}</dt><dd>${t(`lending-to-${lending.to}`)}, ${day(lending.lent_at)}</dd></div>
      <div><dt>${t("lending-basis")}</dt><dd>${lending.basis}</dd></div>
      ${lending.returned_at
        ? html`<div><dt>${t("lending-back")}</dt><dd>${day(lending.returned_at)}, ${t(`lending-${lending.condition}`)}</dd></div>`
        : html`<div><dt>${t("lending-review")}</dt><dd>${day(lending.review)}</dd></div>`}` : nothing}
  </dl>`;
}

/** @param {Page | undefined} page */
function pageOf(page) {
  if (!page) return html`<p role="status">${t("loading")}</p>`;
  if (!page.live) return html`<p class="problem">${t("devices-dark")}</p>`;
  return html`
    <p>${t("device-test-due")}: ${page.test_due ? day(page.test_due) : t("unknown")}</p>
    <h3>${t("device-missed", { count: page.missed.length })}</h3>
    <ul>${page.missed.map(({ since, seconds }) => html`<li>${minute(since)}, ${t("device-minutes", { count: Math.max(1, Math.round(seconds / MINUTE_S)) })}</li>`)}</ul>
    <h3>${t("device-presses", { count: page.presses.length })}</h3>
    <ul>${page.presses.map(({ kind, raised_at: at, state, reason }) => html`<li>${minute(at)}, ${t(`alarm-kind-${kind}`)},
      ${t(`state-${state}`)}${reason ? html` (${t(`reason-${reason}`)})` : nothing}</li>`)}</ul>`;
}

customElements.define("getuige-devices", Devices);
