/** `<getuige-day-report>`: presses, tests, batteries and false alarms of one day, on the screen and on paper. */
import { html, nothing } from "lit";
import * as api from "../core/api.js";
import { startOf } from "../core/zone.js";
import { isoDay, longDay, minute } from "./dates.js";
import { t } from "./texts.js";
import { View } from "./view.js";

/**
 * @typedef {{device: string, presses: number, again: number, overdue: number, open: number, genuine: number, accidental: number, test: number,
 *   technical: number, late: number, second_looks: number, tests: number, tampered: number, battery: number | null,
 *   heard_at: string | null, tested_at: string | null}} Row of one device; what the bridge counted (`getuige alarms report --day`)
 * @typedef {"presses" | "again" | "overdue" | "open" | "genuine" | "accidental" | "test" | "technical" | "late" | "second_looks" | "tests" | "tampered"} Count
 */

/** @type {Count[]} */
const COUNTS = ["presses", "overdue", "again", "open", "genuine", "accidental", "test", "technical", "late", "second_looks", "tests", "tampered"];

/** From this part of a battery on the bridge calls it weak (`supervision/rules.py`). */
const WEAK = 20;

/** @param {string} day such as `2026-11-30` @returns {[string, string]} its first moment and that of the next day, there */
export function boundsOf(day) {
  const [year, month, date] = day.split("-").map(Number);
  return [new Date(startOf(year, month, date)).toISOString(), new Date(startOf(year, month, date + 1)).toISOString()];
}

/** @param {HTMLElement} page whose report is opened, with figures of now */
export const openReport = (page) => /** @type {DayReport | null} */ (page.querySelector("getuige-day-report"))?.open();

class DayReport extends View {
  /** @override */
  static properties = { day: { state: true }, rows: { state: true }, trouble: { state: true } };

  constructor() {
    super();
    this.day = isoDay(Date.now());
    /** @type {Row[] | null} */
    this.rows = null;
    /** @type {"" | "dark" | "failed"} */
    this.trouble = "";
    this.madeAt = 0;
  }

  open() {
    this.querySelector("dialog")?.showModal();
    return this.ask();
  }

  /** Ask anew; an answer for another day than the one that is chosen by then is thrown away. */
  async ask() {
    const day = this.day;
    const [since, until] = boundsOf(day);
    try {
      const { live, devices } = await api.json(`/api/v1/alarms/report?since=${since}&until=${until}`);
      if (day !== this.day) return;
      [this.rows, this.trouble, this.madeAt] = [live ? devices : null, live ? "" : "dark", Date.now()];
    } catch {
      if (day === this.day) [this.rows, this.trouble] = [null, "failed"];
    }
  }

  /** @param {Event} event */
  #choose = (event) => {
    const chosen = /** @type {HTMLInputElement} */ (event.target).value;
    if (!chosen) return;
    [this.day, this.rows, this.trouble] = [chosen, null, ""];
    void this.ask();
  };

  /** @override */
  render() {
    return html`
      <dialog class="report" aria-labelledby="day-report-title"><section class="day-report">
        <h2 id="day-report-title">${t("report-of", { day: longDay(Date.parse(`${this.day}T12:00:00Z`)) })}</h2>
        <p class="report-tools"><label>${t("report-day")} <input type="date" .value=${this.day} max=${isoDay(Date.now())} @change=${this.#choose}></label>
          <button type="button" @click=${() => window.print()}>${t("report-print")}</button></p>
        ${this.trouble ? html`<p class="problem" role="status">${t(`report-${this.trouble}`)}</p>` : nothing}
        ${this.rows ? this.#told(this.rows) : this.trouble ? nothing : html`<p role="status">${t("loading")}</p>`}
        <button type="button" class="primary" @click=${() => this.querySelector("dialog")?.close()}>${t("close")}</button>
      </section></dialog>`;
  }

  /** @param {Row[]} rows */
  #told(rows) {
    const weak = rows.filter(({ battery }) => battery !== null && battery <= WEAK).length;
    const silent = rows.filter(({ heard_at: heard }) => !heard).length;
    return html`
      <dl class="facts report-sums">${COUNTS.map((name) => html`<div data-count=${name}><dt>${t(`report-${name}`)}</dt>
        <dd class="num">${rows.reduce((sum, row) => sum + row[name], 0)}</dd></div>`)}
        <div data-count="weak"><dt>${t("report-weak", { percent: WEAK })}</dt><dd class="num">${weak}</dd></div>
        <div data-count="unheard"><dt>${t("report-unheard")}</dt><dd class="num">${silent}</dd></div></dl>
      <div class="report-table" tabindex="0" role="region" aria-labelledby="day-report-title"><table>
        <thead><tr><th scope="col">${t("report-device")}</th>${["report-presses", "report-none", "report-late", "report-tests", "report-battery", "report-heard", "report-tested"]
          .map((name) => html`<th scope="col">${t(name)}</th>`)}</tr></thead>
        <tbody>${rows.map((row) => html`<tr data-device=${row.device}><th scope="row" class="mono">${row.device.slice(0, 8)}</th>
          <td class="num">${row.presses}</td><td class="num">${row.accidental + row.test + row.technical}</td><td class="num">${row.late}</td>
          <td class="num">${row.tests}</td><td class="num">${row.battery === null ? t("unknown") : `${row.battery <= WEAK ? "⚠ " : ""}${row.battery} %`}</td>
          <td>${row.heard_at ? minute(row.heard_at) : t("unknown")}</td><td>${row.tested_at ? minute(row.tested_at) : t("unknown")}</td></tr>`)}</tbody>
      </table></div>
      <p class="quiet small">${t("report-made", { at: minute(this.madeAt) })}</p>`;
  }
}

customElements.define("getuige-day-report", DayReport);
