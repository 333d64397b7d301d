/** One entry in full: media, her words untouched, and the custody facts. */
import { html, nothing } from "lit";
import { address, arrangement, callBack, inside, orders, speaking, suspect } from "../ui/card.js";
import { isoDay, second, vague } from "../ui/dates.js";
import { itemsOf, membersOf } from "../ui/members.js";
import { t, word } from "../ui/texts.js";
import { visibleLine } from "../core/written.js";
import { partBadge, proofBadge } from "./table.js";
import { isMedia } from "./pattern.js";
import { alarmOf, isAlarm, isPosition } from "./positions.js";
import { storyOf } from "./story.js";
import { shortId, signerName, when } from "./words.js";

/** @typedef {import("./entries.js").Entry} Entry */

/** Members that stand elsewhere in the detail, in their own form. */
const SHOWN = new Set([
  "v", "kind", "source", "recorded", "title", "text", "happened", "discovered", "severity", "impact", "place", "position", "camera", "file",
  "card", "alarm", "about", "order.kind", "order.number", "order.until",
]);

/**
 * @param {import("./case.js").Case} opened @param {Entry} entry @param {(other: Entry) => unknown} link
 * @returns {unknown[]} what it names of the case, to go there; by its number where it is not here
 */
function linkedItems(opened, entry, link) {
  return itemsOf(entry.meta).map(([name, id]) => {
    const other = opened.entries.find((one) => one.id === id);
    return html`<div><dt>${name}</dt><dd>${other ? link(other) : html`<span class="mono">${id.slice(0, 8)}</span>`}</dd></div>`;
  });
}

/** @param {string} name @param {unknown} value @returns {unknown} a line of a definition list, left out when empty */
const fact = (name, value) => (value === null || value === undefined || value === "" ? nothing
  : html`<div><dt>${t(name)}</dt><dd>${value}</dd></div>`);

/**
 * @param {import("./case.js").Case} opened @param {Entry | undefined} entry @param {(id: string) => void} choose
 * @param {() => void} close
 */
export function entryDetail(opened, entry, choose, close) {
  if (!entry) {
    return html`<aside class="card detail nothing-chosen" id="detail" tabindex="-1" aria-label=${t("detail")}>
      <p class="none">${t("detail-none")}</p></aside>`;
  }
  const about = opened.entries.find(({ id }) => id === entry.about);
  const media = opened.entries.filter((other) => other.about === entry.id && isMedia(other));
  const press = isPosition(entry) ? alarmOf(opened.entries, entry) : undefined;
  const link = (/** @type {Entry} */ other) => html`
    <button type="button" class="link" @click=${() => choose(other.id)}>${other.title}</button>`;
  return html`
    <aside class="card detail" id="detail" tabindex="-1" aria-labelledby="detail-title">
      <div class="detail-head"><p class="eyebrow">${t(`kind-${entry.kind}`)} · ${word("source", entry.source)}</p>
        <button type="button" class="close" @click=${close}>${t("close")} <kbd>Esc</kbd></button></div>
      <h2 id="detail-title">${entry.title}</h2>
      ${entry.arrived === null ? nothing : html`<p class="part">${partBadge(entry)} ${t("incomplete-explained")}</p>`}
      ${correction(opened, entry, link)}
      ${entry.file ? html`<getuige-media class="large" .opened=${opened} .entry=${entry}></getuige-media>` : nothing}
      ${entry.text ? html`<p class="words">${entry.text}</p>` : nothing}
      ${entry.impact ? html`<blockquote class="quote"><p>${entry.impact}</p><footer>${t("impact")}</footer></blockquote>` : nothing}
      ${media.length > 0 ? html`<h3>${t("detail-media")}</h3><ul class="plain media-list">${media.map((other) => html`
        <li>${other.kind === "photo" ? html`<getuige-media .opened=${opened} .entry=${other} thumbnail></getuige-media>` : nothing}
          <span>${t(`kind-${other.kind}`)}: ${link(other)}</span></li>`)}</ul>` : nothing}
      ${about ? html`<p>${t("detail-about")} ${link(about)}</p>` : nothing}
      ${press ? html`<p>${t("detail-during")} ${link(press)}</p>` : nothing}
      ${isAlarm(entry) && entry.alarm ? alarmStory(opened, entry.alarm.alarm) : nothing}
      ${entry.card ? cardFacts(entry.card) : nothing}
      <h3>${t("detail-times")}</h3>
      <dl class="facts">
        ${fact("column-happened", when(entry))}
        ${fact("column-discovered", entry.discovered ? vague(entry.discovered) : null)}
        ${fact("column-recorded", second(entry.recorded))}
        ${fact("column-received", second(entry.received))}
      </dl>
      <h3>${t("detail-facts")}</h3>
      <dl class="facts">
        ${fact("severity", entry.severity === null ? null : t(`severity-${entry.severity}`))}
        ${fact("place", entry.place)}
        ${fact("position", position(entry.position))}
        ${fact("camera-taken", entry.camera?.taken ? html`${vague(entry.camera.taken)} <span class="quiet">${
          t("camera-field", { field: visibleLine(entry.camera.taken_from ?? "?") })}</span>` : null)}
        ${fact("camera-position", position(entry.camera?.position ?? null))}
        ${fact("order", entry.order ? `${word("order", entry.order.kind)} ${entry.order.number ?? ""}` : null)}
        ${fact("order-until", entry.order?.until ? vague(entry.order.until, true) : null)}
        ${fact(isPosition(entry) ? "device-message" : "press", entry.alarm ? t(isPosition(entry) ? "message-of" : "press-of", entry.alarm) : null)}
        ${membersOf(entry.meta, SHOWN).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
        ${linkedItems(opened, entry, link)}
        ${fact("file", entry.file ? html`<bdi>${entry.file.name}</bdi> (${entry.file.mime}, ${t("bytes", { count: entry.file.size })})` : null)}
      </dl>
      <h3>${t("custody")} ${proofBadge(entry.verification)}</h3>
      <p class="quiet">${t(`proof-${entry.verification.state}-explained`)}</p>
      ${entry.verification.reason ? html`<p class="problem">${entry.verification.reason}</p>` : nothing}
      <dl class="facts custody">
        ${fact("sealed-by", html`${signerName(entry.by)} <span class="mono">${shortId(entry.by)}</span>`)}
        ${fact("log-index", html`<span class="mono">${entry.index}</span>`)}
        ${fact("received-at", second(entry.received))}
        ${fact("item-id", html`<span class="mono">${entry.id}</span>`)}
        ${fact("file-hash", entry.file ? html`<span class="mono">${entry.file.sha256}</span>` : null)}
        ${fact("commitment", html`<span class="mono">${entry.container.head.meta.commitment}</span>`)}
      </dl>
      <p class="links"><a href=${`/api/v1/receipts/${entry.index}/proof`} download=${`${entry.index}.tlog-proof`}>${t("proof-file")}</a></p>
    </aside>`;
}

/**
 * @param {import("./case.js").Case} opened @param {Entry} entry @param {(entry: Entry) => unknown} link
 * @returns {unknown} which version this is, with the other one beside it
 */
function correction(opened, entry, link) {
  if (entry.mark === null) return nothing;
  const { amends, amendedBy, confirmed, disputed } = entry.mark;
  const other = (/** @type {string} */ id) => {
    const found = opened.entries.find((one) => one.id === id);
    return found ? link(found) : html`<span class="mono">${id.slice(0, 8)}</span>`;
  };
  return html`
    ${amends === null ? nothing : html`<p class="part">${t(confirmed ? "mark-correction-of" : "mark-unconfirmed-of")} ${other(amends)}</p>`}
    ${amendedBy === null ? nothing : html`<p class="part">${t("mark-replaced-by")} ${other(amendedBy)}</p>`}
    ${disputed ? html`<p class="part">${t("mark-disputed-explained")}</p>` : nothing}`;
}

/** @param {import("./case.js").Case} opened @param {string} alarm who did what about it, as far as the journal has it */
function alarmStory(opened, alarm) {
  const { acts, refused, look } = storyOf(opened, alarm);
  return html`
    <h3>${t("story")}</h3>
    ${acts.length === 0 ? html`<p class="none">${t("story-none")}</p>` : html`<ol class="plain story">${acts.map(({ act, at, who, role, reason }) => html`
      <li><span class="num quiet">${second(at)}</span> <strong>${t(`story-${act}`)}</strong>${reason ? html`: ${word("reason", reason)}` : nothing}
        <span class="quiet">${who} (${word("role", role)})</span></li>`)}</ol>`}
    ${look ? html`<p class="problem second-look"><strong>${t("story-second-look")}</strong> ${t("story-look-do")}</p>` : nothing}
    ${refused > 0 ? html`<p class="problem">${t("story-refused", { count: refused })}</p>` : nothing}`;
}

/** @param {any} card what the control room reads when it opens the card of this case */
function cardFacts(card) {
  const today = isoDay(Date.now());
  return html`
    <h3>${t("card-says")}</h3>
    ${address(card.address)}
    ${callBack(card.call_back)}
    <dl class="facts">${fact("card-name", card.name)}${speaking(card)}${inside(card)}</dl>
    <h3>${t("card-suspect")}</h3>
    ${suspect(card.suspect)}
    <h3>${t("card-orders")}</h3>
    ${orders(card.orders, today)}
    <dl class="facts">
      ${arrangement(card.aol)}
      ${fact("card-places", (card.known_places ?? []).map((/** @type {{label: string}} */ { label }) => label).join(", "))}
    </dl>`;
}

/** @param {{lat: string, lon: string, accuracy_m?: number | null} | null} at */
function position(at) {
  if (!at) return null;
  const accuracy = at.accuracy_m ? ` (± ${at.accuracy_m} m)` : "";
  return html`<span class="mono">${at.lat}, ${at.lon}</span>${accuracy}`;
}
