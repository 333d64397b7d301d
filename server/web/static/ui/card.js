/** What a dispatcher card says, in the order in which a patrol needs it: the same on the console and for who wrote it. */
import { html, nothing } from "lit";
import { fromBase64 } from "../core/bytes.js";
import { vague } from "./dates.js";
import { t, word } from "./texts.js";
import { View } from "./view.js";

/** @typedef {{kind: string, valid_from: string, until: string | null, number?: string | null}} Order */

/** Types of a picture that are shown; whatever else somebody sealed stays bytes. */
const PICTURES = ["image/jpeg", "image/png"];

/** @param {string} name @param {unknown} value @returns {unknown} a line that says so when nothing was told */
export const fact = (name, value) => html`<div><dt>${t(name)}</dt><dd>${value || html`<span class="none">${t("card-not-said")}</span>`}</dd></div>`;

/** @param {{street: string, number: string, postcode?: string | null, town?: string | null}} address */
export const address = ({ street, number, postcode, town }) => html`
  <p class="street">${street} ${number}</p>${postcode || town ? html`<p class="town">${postcode} ${town}</p>` : nothing}`;

/**
 * Whether to call her back. How comes before the number, and the number only when somebody asks for it: a telephone that
 * rings can betray her. A card that says nothing of it says no.
 * @param {{may: string, number?: string | null, how?: string | null} | null | undefined} rule
 */
export function callBack(rule) {
  const may = rule?.may ?? "unknown";
  const asked = may === "no" ? "call-back-number-though" : "call-back-number";
  return html`
    <div class="call-back may-${may}"><p><strong>${may === "yes" ? "✓" : may === "write" ? "✎" : "✕"} ${t(`call-back-${may}`)}</strong></p>
      ${rule?.how ? html`<p>${rule.how}</p>` : nothing}
      ${rule?.number ? html`<details><summary>${t(asked)}</summary>
        <p class="number num">${rule.number}</p></details>` : nothing}</div>`;
}

/** @param {{description: string, name?: string | null, picture?: {mime: string, data: string} | null} | null | undefined} him */
export function suspect(him) {
  if (!him) return html`<p class="none">${t("suspect-unknown")}</p>`;
  return html`<div class="suspect">
    ${him.picture ? html`<getuige-picture .picture=${him.picture}></getuige-picture>` : nothing}
    <div>${him.name ? html`<p class="suspect-name">${him.name}</p>` : nothing}<p>${him.description}</p></div></div>`;
}

/**
 * The orders that were in force when the card was written; one that has ended since says so.
 * @param {Order[] | null | undefined} orders @param {string} today such as `2026-11-30`
 */
export function orders(orders, today) {
  if (!orders?.length) return html`<p class="none">${t("orders-none")}</p>`;
  return html`<ul class="orders">${orders.map(({ kind, valid_from: first, until, number }) => {
    const ended = until !== null && until < today;
    const when = ended ? "order-ended" : until === null ? "order-open" : first > today ? "order-from" : "order-holds";
    return html`<li class=${ended ? "ended" : "holds"}><strong>${word("order", kind)}</strong> ${t(when, { from: vague(first, true), until: until ? vague(until, true) : "" })}
      ${number ? html`<span class="quiet">${number}</span>` : nothing}</li>`;
  })}</ul>`;
}

/** @param {any} card what a patrol must know before it goes in */
export const inside = (card) => html`
  ${fact("card-enter", card.how_to_enter)}
  ${fact("card-keys", card.key_holders)}
  ${fact("card-household", card.household)}
  ${fact("card-children", card.children)}
  ${fact("card-weapons", card.weapons)}`;

/** @param {any} card how to speak to her */
export const speaking = (card) => html`
  ${fact("card-safe-word", card.safe_word)}
  ${fact("card-language", card.language)}`;

/** @param {{number: string, until?: string | null} | null | undefined} aol */
export const arrangement = (aol) => fact("card-aol", aol ? `${aol.number}${aol.until ? `, ${t("card-until", { until: vague(aol.until, true) })}` : ""}` : "");

/** A small picture from a description. Its address lives as long as the element does. */
class Picture extends View {
  /** @override */
  static properties = { picture: { attribute: false } };

  constructor() {
    super();
    /** @type {{mime: string, data: string} | null} */
    this.picture = null;
    this.url = "";
    this.drawn = "";
  }

  /** @override */
  render() {
    const { mime = "", data = "" } = this.picture ?? {};
    if (!PICTURES.includes(mime)) return nothing;
    if (this.drawn !== data) {
      URL.revokeObjectURL(this.url);
      this.url = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (fromBase64(data))], { type: mime }));
      this.drawn = data;
    }
    return html`<img src=${this.url} alt=${t("suspect-picture")}>`;
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    URL.revokeObjectURL(this.url);
    this.url = this.drawn = "";
  }
}

customElements.define("getuige-picture", Picture);
