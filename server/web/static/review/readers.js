/** Who gets what is added to a case, as its lead is told: nobody, not for long, or changed under her phrase. */
import { html, nothing } from "lit";
import { day, minute } from "../ui/dates.js";
import { t } from "../ui/texts.js";

/**
 * @typedef {{count: number, until: string | null, ends_within_days: number | null, next_from: string | null,
 *   changed_at: string | null, grant_ends_at?: string | null}} Readers `grant_ends_at` of an opened case only
 */

/** How long a change stays on the list: the check that was agreed at intake is made sooner. */
const SHOWN_MS = 14 * 86_400_000;

/** @param {Readers} readers @returns {{key: string, with: Record<string, string | number>}[]} what there is to say, worst first */
function told({ count, until, ends_within_days: days, next_from: next, changed_at: changed, grant_ends_at: grant = null }) {
  const said = [];
  if (count === 0) said.push({ key: "none", with: {} });
  if (changed !== null && Date.now() - Date.parse(changed) < SHOWN_MS) said.push({ key: "changed", with: { at: minute(changed) } });
  if (count > 0 && days !== null && until !== null) said.push({ key: "end", with: { at: minute(until) } });
  if (next !== null) said.push({ key: "next", with: { at: minute(next) } });
  if (grant !== null) said.push({ key: "grant", with: { at: minute(grant) } });
  return said;
}

/** @param {Readers | null | undefined} readers @returns {unknown} for a row of the list of cases */
export const readerMarks = (readers) => (readers ? told(readers) : []).map((one) => html`
  <span class=${one.key === "none" ? "badge failed" : "badge"} data-readers=${one.key}>${t(`readers-${one.key}`, one.with)}</span>`);

/** @param {Readers | null | undefined} readers @returns {unknown} above an opened case */
export const readerBanners = (readers) => (readers ? told(readers) : []).map((one) => html`
  <section class=${one.key === "none" ? "card sign problem" : "card sign"} role="status" data-readers=${one.key}>
    <h2>${t(`readers-${one.key}`, one.with)}</h2>
    <p class="sign-do">${t(`readers-${one.key}-do`)}</p>
    ${one.key === "changed" || one.key === "next" ? html`<p class="quiet">${t("readers-held-back")}</p>` : nothing}
    ${readers?.count && readers.until ? html`<p class="quiet">${t("readers-count", { count: readers.count, until: day(readers.until) })}</p>` : nothing}
  </section>`);
