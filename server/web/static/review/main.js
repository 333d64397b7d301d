/** `<getuige-review>`: sign in, choose a case, read it. */
import { html, nothing } from "lit";
import * as api from "../core/api.js";
import { day, zone } from "../ui/dates.js";
import { topBar, typing } from "../ui/chrome.js";
import * as place from "../ui/place.js";
import { describe } from "../ui/sign-in.js";
import { openReport } from "../ui/day-report.js";
import { start, t } from "../ui/texts.js";
import { View } from "../ui/view.js";
import { Case } from "./case.js";
import { heatMap, weeklyBars } from "./charts.js";
import { entryDetail } from "./detail.js";
import { act, erasedRows, erasureBanners } from "./erasures.js";
import "./devices.js";
import { shown } from "./figures.js";
import { filterBar, filterWords } from "./filtering.js";
import { caseHead, patternStrip } from "./head.js";
import "./overview.js";
import { printFooter } from "./paper.js";
import { fold, isPosition } from "./positions.js";
import { readerBanners, readerMarks } from "./readers.js";
import { rescueBanners } from "./rescue.js";
import { signBanners } from "./signs.js";
import { entryTable } from "./table.js";
import { search } from "./words.js";

const KEYS = ["j", "k", "←", "→", "+", "−", "0", "/", "?", "Esc"];

/** Papers that happened at no time stand behind what did. @param {import("./entries.js").Entry[]} entries */
const inOrder = (entries) => [...entries.filter(({ kind }) => kind !== "card"), ...entries.filter(({ kind }) => kind === "card")];

class Review extends View {
  /** @override */
  static properties = {
    session: { state: true }, cases: { state: true }, opened: { state: true }, selected: { state: true },
    needle: { state: true }, figure: { state: true }, problem: { state: true }, loading: { state: true },
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
    /** @type {string | null} the number that was followed: only what it counted is shown */
    this.figure = null;
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
    const hits = (/** @type {import("./entries.js").Entry[]} */ entries) => search(entries, this.needle);
    return inOrder(shown(this.opened?.entries ?? [], { key: this.figure, hits }));
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
      const before = await place.remembered(detail.session.identity);
      const known = this.cases?.some((one) => one.case === before?.case);
      if (before && known) await this.#open(before.case, before);
      else if (this.cases?.length === 1) await this.#open(this.cases[0].case);
    });
  }

  /** Keep where we are, so that a reload comes back to it. */
  #keepPlace() {
    const { session, opened, needle, figure, selected } = this;
    if (session && opened) void place.remember(session.identity, { case: opened.facts.case, needle, figure, selected });
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

  /** @param {string} id @param {{needle?: unknown, figure?: unknown, selected?: unknown}} [before] where somebody was before a reload */
  async #open(id, before = {}) {
    const { session, anchors } = this;
    if (!session || !anchors) return;
    await this.#attempt(async () => {
      await this.opened?.close();
      this.opened = await Case.load(id, session, anchors);
      this.needle = typeof before.needle === "string" ? before.needle : "";
      this.figure = typeof before.figure === "string" ? before.figure : null;
      this.selected = typeof before.selected === "string" ? before.selected : null;
      this.#keepPlace();
    });
    await this.updateComplete;
    this.querySelector("main")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
    const { opened } = this;
    await this.#attempt(async () => opened?.rest());
    if (opened !== this.opened || !opened?.complete) return;
    await opened.check(() => this.requestUpdate());
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

  /** @param {string} id shown beside the table or over it, and read out: the focus goes there */
  async #choose(id) {
    this.selected = id;
    const chosen = this.opened?.entries.find((entry) => entry.id === id);
    if (chosen && isPosition(chosen)) this.unfolded.add(chosen.alarm.alarm);
    this.#keepPlace();
    await this.updateComplete;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.querySelector(`#row-${id}`)?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    const detail = /** @type {HTMLElement | null} */ (this.querySelector("#detail"));
    detail?.scrollTo(0, 0);
    detail?.focus({ preventScroll: true });
  }

  /** Close the detail; the focus goes back to its row. */
  async #close() {
    const id = this.selected;
    this.selected = null;
    this.#keepPlace();
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector(`#row-${id} .title`) ?? this.querySelector("main"))?.focus({ preventScroll: true });
  }

  /** @param {string | null} figure a number that was followed, or null for all @param {string} [needle] */
  async #filter(figure, needle = "") {
    this.figure = figure;
    this.needle = needle;
    this.unfolded.clear();  // what stands folded was not counted
    this.#keepPlace();
    await this.updateComplete;
    const title = /** @type {HTMLElement | null} */ (this.querySelector("#entries-title"));
    title?.scrollIntoView({ block: "start" });
    title?.focus({ preventScroll: true });
  }

  /** @param {string} needle */
  #search(needle) {
    this.needle = needle;
    this.#keepPlace();
  }

  /** Escape closes what is open, nearest first. It never leaves the page. @param {KeyboardEvent} event */
  #escape(event) {
    const field = /** @type {HTMLInputElement | null} */ (this.querySelector("#filter"));
    if (event.target === field && this.needle) this.#search("");
    else if (event.target === field) field?.blur();
    else if (this.selected) this.#close();
    else if (this.figure || this.needle) this.#filter(null);
    else return;
    event.preventDefault();
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
    if (event.key === "Escape" && this.opened && !help?.open) return void this.#escape(event);
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
    const help = html`<button type="button" data-report @click=${() => openReport(this)}>${t("report")}</button>
      <button type="button" @click=${() => this.querySelector("dialog")?.showModal()}>${t("help")} <kbd>?</kbd></button>`;
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
          <span class="quiet">${t("opened")} ${day(one.opened_at)}</span> ${readerMarks(one.readers)}</li>`)}</ul>`;
  }

  /** @param {Case} opened @param {api.Session} session */
  #case(opened, session) {
    const { rows, folds } = fold(this.#shown, this.unfolded);
    const total = fold(opened.entries, this.unfolded).rows.length;
    const folding = { folds, unfolded: this.unfolded, turn: (/** @type {string} */ alarm) => this.#turn(alarm) };
    const choose = (/** @type {string} */ id) => this.#choose(id);
    const follow = (/** @type {string} */ figure) => this.#filter(figure);
    const filter = { key: this.figure, needle: this.needle };
    const filtered = filterWords(filter, opened.entries);
    printFooter(opened, session, filtered);
    return html`
      ${Number(this.cases?.length) > 1 ? html`<p><button type="button" @click=${() => { this.opened = null; }}>← ${t("cases")}</button></p>` : nothing}
      ${readerBanners(opened.facts.readers)}
      ${rescueBanners(opened)}
      ${signBanners(opened, follow)}
      ${opened.complete ? caseHead(opened, session, follow) : html`<p class="card" data-rest>${t("case-rest")}</p>`}
      ${filtered ? html`<p class="card on-paper filter-on-paper"><strong>${t("filter-on")}</strong> ${filtered}. ${t("filter-paper", { shown: rows.length, total })}</p>` : nothing}
      ${erasureBanners(opened, session, (type, erasure) => this.#decide(type, erasure))}
      ${opened.complete ? html`${patternStrip(opened.entries, follow)}
      <section class="card overview" aria-labelledby="overview-title">
        <h2 id="overview-title">${t("overview")}</h2>
        <getuige-overview .entries=${opened.entries} .shown=${rows} .selected=${this.selected}
          @chosen=${(/** @type {CustomEvent} */ event) => choose(event.detail)}></getuige-overview>
      </section>
      ${session.role === "caseworker" ? html`<getuige-devices .kase=${opened.facts.case}></getuige-devices>` : nothing}
      <div class="charts">${weeklyBars(opened.entries, follow)}${heatMap(opened.entries, follow)}</div>` : nothing}
      <section aria-labelledby="entries-title">
        <div class="table-head">
          <h2 id="entries-title" tabindex="-1">${filtered ? t("filter-shown", { shown: rows.length, total }) : t("entries", { count: rows.length })}</h2>
          <label for="filter">${t("filter")} <kbd>/</kbd></label>
          <input id="filter" type="search" .value=${this.needle} aria-describedby="filter-hint" autocomplete="off"
            @input=${(/** @type {InputEvent} */ event) => this.#search(/** @type {HTMLInputElement} */ (event.target).value)}>
          <span id="filter-hint" class="unseen">${t("filter-hint")}</span>
          <p class="quiet">${t("zone", { zone: zone() })}</p>
        </div>
        ${filterBar(filter, { shown: rows.length, total, entries: opened.entries }, () => this.#filter(null))}
        <div class="reading">
          <div class="card listing">${entryTable(opened, rows, this.selected, choose, folding)}${erasedRows(opened)}</div>
          ${entryDetail(opened, opened.entries.find(({ id }) => id === this.selected), choose, () => this.#close())}
        </div>
      </section>
      <p class="quiet small foot">${t("honest")}</p>
      <dialog aria-labelledby="help-title">
        <h2 id="help-title">${t("help-title")}</h2>
        <dl class="facts keys">${KEYS.map((key, index) => html`<div><dt><kbd>${key}</kbd></dt><dd>${t(`key-${index}`)}</dd></div>`)}</dl>
        <button type="button" class="primary" @click=${() => this.querySelector("dialog")?.close()}>${t("close")}</button>
      </dialog>
      <getuige-day-report></getuige-day-report>`;
  }
}

await start();
customElements.define("getuige-review", Review);
