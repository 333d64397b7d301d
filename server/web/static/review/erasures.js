/** Erasures on the review page: a banner for each that is under way, with its date and the way out, and what was erased. */
import { html, nothing } from "lit";
import * as api from "../core/api.js";
import * as statements from "../core/statements.js";
import { day, minute } from "../ui/dates.js";
import { t } from "../ui/texts.js";

/**
 * @typedef {{erasure: string, state: string, items: string[], asked_at: string, due_at: string, lapses_at: string,
 *   executed_at: string | null, locked_until: string | null}} Erasure
 * @typedef {{index: number, received_at: string, type: string, items: string[], erasure: string, erased_at: string,
 *   leaf: string}} Erased
 */

/** States in which it can still be called off. */
const OPEN = ["asked", "waiting", "held", "kept"];

/** @param {string} kase @returns {Promise<Erasure[]>} empty for whoever does not see the whole case */
export const load = async (kase) => (await api.json(`/api/v1/cases/${kase}/erasures`)).erasures;

/**
 * @param {string} kase @param {api.Session} session @param {"erase.approve" | "erase.cancel"} type @param {string} erasure
 * @returns {Promise<Erasure[]>} how they stand after the act
 */
export async function act(kase, session, type, erasure) {
  const envelope = await statements.make(session.identity, type, kase, { erasure });
  await api.json("/api/v1/statements", envelope);
  return load(kase);
}

/**
 * @param {import("./case.js").Case} opened @param {api.Session} session
 * @param {(type: "erase.approve" | "erase.cancel", erasure: string) => void} decide
 */
export function erasureBanners(opened, session, decide) {
  const under = opened.erasures.filter(({ state }) => OPEN.includes(state));
  const titles = (/** @type {Erasure} */ one) => one.items.map((id) => opened.entries.find((entry) => entry.id === id)?.title ?? id.slice(0, 8));
  const acts = session.role === "caseworker";
  return under.map((one) => html`
    <section class="card erasure" role="status" data-erasure=${one.erasure} data-state=${one.state}>
      <h2>${t("erasure-title", { count: one.items.length, due: day(one.due_at) })}</h2>
      <p>${t(`erasure-${one.state}`)}</p>
      <ul class="plain">${titles(one).map((title) => html`<li>${title}</li>`)}</ul>
      <p class="quiet">${t("erasure-asked-at", { asked: minute(one.asked_at), lapses: day(one.lapses_at) })}</p>
      ${acts ? html`<p class="acts">
        <button type="button" class="primary" @click=${() => decide("erase.cancel", one.erasure)}>${t("erasure-cancel")}</button></p>
        ${one.state === "asked" ? html`<details><summary>${t("erasure-agree")}</summary>
          <p>${t("erasure-agree-explained")}</p>
          <button type="button" @click=${() => decide("erase.approve", one.erasure)}>${t("erasure-agree-really")}</button>
        </details>` : nothing}` : nothing}
    </section>`);
}

/** @param {Erased[]} erased @returns {Erased[]} one row an item: an announced one has an event more */
const firsts = (erased) => erased.filter((one, at) => one.type !== "grant"
  && erased.findIndex(({ type, items }) => type !== "grant" && items[0] === one.items[0]) === at);

/** @param {import("./case.js").Case} opened rows of what is there no more: a gap that says that it is one */
export function erasedRows(opened) {
  const items = firsts(opened.erased);
  if (items.length === 0) return nothing;
  return html`
    <section class="erased" aria-labelledby="erased-title">
      <h3 id="erased-title">${t("erased-title", { count: items.length })}</h3>
      <ul class="plain">${items.map((one) => html`
        <li data-erased=${one.items[0]}>${t("erased-row", { erased: day(one.erased_at), received: day(one.received_at) })}
          <span class="mono quiet">${t("log-index")} ${one.index}</span></li>`)}</ul>
      <p class="quiet small">${t("erased-explained")}</p>
    </section>`;
}
