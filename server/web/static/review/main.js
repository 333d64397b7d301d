/** `<getuige-review>`: sign in, choose a case, read it. */
import { html, nothing } from "lit";
import * as api from "../core/api.js";
import { day, zone } from "../ui/dates.js";
import { leave, topBar, typing } from "../ui/chrome.js";
import { describe } from "../ui/sign-in.js";
import { start, t } from "../ui/texts.js";
import { View } from "../ui/view.js";
import { Case } from "./case.js";
import { heatMap, weeklyBars } from "./charts.js";
import { entryDetail } from "./detail.js";
import { act, erasedRows, erasureBanners } from "./erasures.js";
import "./devices.js";
import { caseHead, patternStrip } from "./head.js";
import "./overview.js";
import { matches } from "./pattern.js";
import { fold, isPosition } from "./positions.js";
import { entryTable } from "./table.js";

const KEYS = ["j", "k", "←", "→", "+", "−", "0", "/", "?", "Esc"];

class Review extends View {
  /** @override */
  static properties = {
    session: { state: true }, cases: { state: true }, opened: { state: true }, selected: { state: true },
    needle: { state: true }, problem: { state: true }, loading: { state: true },
  };

  constructor() {
    super();
    /** @type {api.Session | null} */
    this.session = null;
    /** @type {import("../core/trust.js").Anchors | null} */
    this.anchors = null;
    /** @type {any[] | null} */
    this.cases = null;
    /** @type {Case | null} */
    this.opened = null;
    /** @type {string | null} */
    this.selected = null;
    this.needle = "";
    /** @type {Set<string>} alarms whose positions have rows */
    this.unfolded = new Set();
    /** @type {{title: string, text: string} | null} */
    this.problem = null;
    this.loading = false;
    this.keys = (/** @type {KeyboardEvent} */ event) => this.#key(event);
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    window.addEventListener("keydown", this.keys);
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener("keydown", this.keys);
  }

  get #shown() {
    const entries = this.opened?.entries ?? [];
    return this.needle.trim() ? entries.filter((entry) => matches(entry, this.needle.trim())) : entries;
  }

  get #rows() {
    return fold(this.#shown, this.unfolded).rows;
  }

  /** @param {string} alarm */
  #turn(alarm) {
    if (!this.unfolded.delete(alarm)) this.unfolded.add(alarm);
    this.requestUpdate();
  }

  /** @param {CustomEvent} event */
  async #signedIn({ detail }) {
    this.session = detail.session;
    this.anchors = detail.anchors;
    await this.#attempt(async () => {
      const answer = await api.json("/api/v1/cases");
      this.cases = Array.isArray(answer) ? answer : answer.cases;
      if (this.cases?.length === 1) await this.#open(this.cases[0].case);
    });
  }

  /** @param {() => Promise<void>} work */
  async #attempt(work) {
    this.loading = true;
    this.problem = null;
    try {
      await work();
    } catch (error) {
      this.problem = describe(error);
    } finally {
      this.loading = false;
    }
  }

  /** @param {string} id */
  async #open(id) {
    const { session, anchors } = this;
    if (!session || !anchors) return;
    await this.#attempt(async () => {
      await this.opened?.close();
      this.opened = await Case.load(id, session, anchors);
      this.selected = null;
    });
    await this.updateComplete;
    this.querySelector("main")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
    await this.opened?.check(() => this.requestUpdate());
    this.dataset.checked = "true";
  }

  /** @param {"erase.approve" | "erase.cancel"} type @param {string} erasure */
  async #decide(type, erasure) {
    const { session, opened } = this;
    if (!session || !opened) return;
    await this.#attempt(async () => {
      opened.erasures = await act(opened.facts.case, session, type, erasure);
    });
  }

  /** @param {string} id */
  async #choose(id) {
    this.selected = id;
    const chosen = this.opened?.entries.find((entry) => entry.id === id);
    if (chosen && isPosition(chosen)) this.unfolded.add(chosen.alarm.alarm);
    await this.updateComplete;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.querySelector(`#row-${id}`)?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }

  /** @param {number} by */
  #step(by) {
    const rows = this.#rows;
    const at = rows.findIndex(({ id }) => id === this.selected);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) this.#choose(next.id);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const help = this.querySelector("dialog");
    if (event.key === "Escape") {
      if (help?.open) return;
      event.preventDefault();
      leave();
      return;
    }
    if (typing(event) || !this.opened) return;
    const overview = /** @type {any} */ (this.querySelector("getuige-overview"));
    /** @type {Record<string, () => void>} */
    const commands = {
      j: () => this.#step(1), k: () => this.#step(-1), "?": () => help?.showModal(),
      "/": () => /** @type {HTMLElement | null} */ (this.querySelector("#filter"))?.focus(),
    };
    if (commands[event.key]) commands[event.key]();
    else if (!overview?.command(event.key)) return;
    event.preventDefault();
  }

  /** @override */
  render() {
    if (!this.session) {
      return html`${topBar(t("review"))}
        <getuige-sign-in .roles=${["caseworker", "investigator"]} heading="review-sign-in" @signed-in=${this.#signedIn}>
        </getuige-sign-in>`;
    }
    const help = html`<button type="button" @click=${() => this.querySelector("dialog")?.showModal()}>${t("help")} <kbd>?</kbd></button>`;
    return html`
      ${topBar(t("review"), this.opened ? help : "")}
      <main id="main" tabindex="-1" class="page">
        ${this.problem ? html`<div class="card problem" role="alert"><strong>${this.problem.title}</strong><p>${this.problem.text}</p></div>` : nothing}
        ${this.loading ? html`<p class="opening" role="status"><span class="spinner" aria-hidden="true"></span>${t("loading")}</p>` : nothing}
        ${this.opened ? this.#case(this.opened, this.session) : this.#chooser()}
      </main>`;
  }

  #chooser() {
    if (!this.cases) return nothing;
    return html`
      <h1>${t("cases")}</h1>
      ${this.cases.length === 0 ? html`<p class="none">${t("cases-none")}</p>` : nothing}
      <ul class="cases">${this.cases.map((one) => html`
        <li class="card"><button type="button" class="link" @click=${() => this.#open(one.case)}>
          ${t("case")} <span class="mono">${one.case.slice(0, 8)}</span></button>
          <span class="quiet">${t("opened")} ${day(one.opened_at)}</span></li>`)}</ul>`;
  }

  /** @param {Case} opened @param {api.Session} session */
  #case(opened, session) {
    const shown = this.#shown;
    const { rows, folds } = fold(shown, this.unfolded);
    const folding = { folds, unfolded: this.unfolded, turn: (/** @type {string} */ alarm) => this.#turn(alarm) };
    const choose = (/** @type {string} */ id) => this.#choose(id);
    const filter = (/** @type {string} */ needle) => { this.needle = needle; };
    return html`
      ${Number(this.cases?.length) > 1 ? html`<p><button type="button" @click=${() => { this.opened = null; }}>← ${t("cases")}</button></p>` : nothing}
      ${caseHead(opened, session)}
      ${erasureBanners(opened, session, (type, erasure) => this.#decide(type, erasure))}
      ${patternStrip(shown, filter)}
      <section class="card overview" aria-labelledby="overview-title">
        <h2 id="overview-title">${t("overview")}</h2>
        <getuige-overview .entries=${rows} .selected=${this.selected}
          @chosen=${(/** @type {CustomEvent} */ event) => choose(event.detail)}></getuige-overview>
      </section>
      ${session.role === "caseworker" ? html`<getuige-devices .kase=${opened.facts.case}></getuige-devices>` : nothing}
      <div class="charts">${weeklyBars(shown)}${heatMap(shown)}</div>
      <section aria-labelledby="entries-title">
        <div class="table-head">
          <h2 id="entries-title">${t("entries", { count: rows.length })}</h2>
          <label for="filter">${t("filter")} <kbd>/</kbd></label>
          <input id="filter" type="search" .value=${this.needle}
            @input=${(/** @type {InputEvent} */ event) => filter(/** @type {HTMLInputElement} */ (event.target).value)}>
          <p class="quiet">${t("zone", { zone: zone() })}</p>
        </div>
        <div class="reading">
          <div class="card listing">${entryTable(opened, rows, this.selected, choose, folding)}${erasedRows(opened)}</div>
          ${entryDetail(opened, opened.entries.find(({ id }) => id === this.selected), choose)}
        </div>
      </section>
      <p class="quiet small foot">${t("honest")}</p>
      <dialog aria-labelledby="help-title">
        <h2 id="help-title">${t("help-title")}</h2>
        <dl class="facts keys">${KEYS.map((key, index) => html`<div><dt><kbd>${key}</kbd></dt><dd>${t(`key-${index}`)}</dd></div>`)}</dl>
        <button type="button" class="primary" @click=${() => this.querySelector("dialog")?.close()}>${t("close")}</button>
      </dialog>`;
  }
}

await start();
customElements.define("getuige-review", Review);
