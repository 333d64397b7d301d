/** The table of entries: the equivalent of the overview in words, with four times, source and proof. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { visibleLine } from "../core/written.js";
import { minute, vague } from "../ui/dates.js";
import { conduct } from "../ui/members.js";
import { t, word } from "../ui/texts.js";
import { isPosition } from "./positions.js";
import { when } from "./words.js";
import { notOnPaper } from "./media.js";

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {{folds: Map<string, number>, unfolded: Set<string>, turn: (alarm: string) => void}} Folding */

/** From this many rows on, the browser lays out only what is in view. */
const LONG = 200;

/** Larger pictures are opened in the detail only: a table must not fetch a film. */
const LARGEST_THUMBNAIL = 24 * 1024 * 1024;

/** @param {import("./entries.js").Verification} verification */
export const proofBadge = ({ state }) => html`
  <span class="badge ${state}"><span class="shape" aria-hidden="true"></span>${t(`proof-${state}`)}</span>`;

/** @param {Entry} entry @returns {unknown} a badge for an item that was cut off; nothing for a whole one */
export const partBadge = ({ arrived, size }) => (arrived === null ? nothing : html`
  <span class="badge incomplete"><span class="shape" aria-hidden="true"></span>${t("incomplete", { part: share(arrived, size) })}</span>`);

/** @param {Entry} entry @returns {unknown} badges of what was said of it later: corrected, not confirmed, disputed */
export const markBadges = ({ mark }) => (mark === null ? nothing : [
  mark.amends === null ? null : mark.confirmed ? "mark-correction" : "mark-unconfirmed",
  mark.amendedBy === null ? null : "mark-replaced",
  mark.disputed ? "mark-disputed" : null,
].flatMap((key) => (key === null ? [] : [html`<span class="badge incomplete" data-mark=${key}>${t(key)}</span>`])));

/** @param {number} arrived @param {number} size @returns {number} hundredths, never 100 while something is missing */
const share = (arrived, size) => (arrived >= size ? 100 : Math.min(99, Math.floor((100 * arrived) / size)));

/** @param {Entry} entry what kind of thing it is, as a shape of letters rather than a colour */
const kindMark = (entry) => html`<span class="kind kind-${entry.kind}">${t(`kind-${entry.kind}`)}</span>`;

/**
 * @param {import("./case.js").Case} opened @param {Entry[]} entries @param {string | null} selected
 * @param {(id: string) => void} choose @param {Folding} folding positions under their alarms
 */
export function entryTable(opened, entries, selected, choose, folding) {
  const cell = (/** @type {string} */ name, /** @type {unknown} */ content) => html`
    <div role="cell" class="cell ${name}"><span class="cell-label" aria-hidden="true">${t(`column-${name}`)}</span>${content}</div>`;
  const columns = ["thumbnail", "what", "happened", "discovered", "recorded", "received", "source", "proof"];
  return html`
    <div role="table" class=${entries.length > LONG ? "entries long" : "entries"} aria-label=${t("entries-label")} aria-rowcount=${entries.length + 1}>
      <div role="rowgroup"><div role="row" class="row heads">
        ${columns.map((name) => html`<div role="columnheader" class="cell ${name}">${t(`column-${name}`)}</div>`)}
      </div></div>
      <div role="rowgroup">
        ${repeat(entries, ({ id }) => id, (entry) => html`
          <div role="row" class=${isPosition(entry) ? "row position" : "row"} id=${`row-${entry.id}`} aria-current=${entry.id === selected ? "true" : nothing}
            @click=${() => choose(entry.id)}>
            ${cell("thumbnail", entry.kind !== "photo" ? nothing : entry.size > LARGEST_THUMBNAIL ? notOnPaper("media-not-loaded")
              : html`<getuige-media .opened=${opened} .entry=${entry} thumbnail></getuige-media>`)}
            ${cell("what", html`
              ${kindMark(entry)}
              <button type="button" class="link title">${entry.title}</button>
              <span class="tags">${entry.conduct.map((tag) => html`<span class="tag">${conduct(tag)}</span>`)}
                ${entry.severity === null ? nothing
                  : html`<span class="tag severity">${t("severity-short", { level: entry.severity })}</span>`}</span>
              ${markBadges(entry)}
              ${foldButton(entry, folding)}`)}
            ${cell("happened", when(entry))}
            ${cell("discovered", entry.discovered ? vague(entry.discovered) : "–")}
            ${cell("recorded", minute(entry.recorded))}
            ${cell("received", minute(entry.received))}
            ${cell("source", html`<span class="origin">${word("source", entry.source)}</span>`)}
            ${cell("proof", html`${proofBadge(entry.verification)} ${partBadge(entry)}`)}
            ${onPaper(entry)}
          </div>`)}
      </div>
    </div>
    ${entries.length === 0 ? html`<p class="none empty">${t(opened.entries.length === 0 ? "case-empty" : "entries-none")}</p>` : nothing}`;
}

/** @param {Entry} entry her words in full: paper has no detail beside the table */
function onPaper({ text, impact, place, file, id }) {
  return html`<div role="cell" class="cell on-paper words-on-paper">
    ${text ? html`<p class="words">${text}</p>` : nothing}
    ${impact ? html`<p><em>${t("impact")}:</em> ${impact}</p>` : nothing}
    ${place ? html`<p><em>${t("place")}:</em> ${place}</p>` : nothing}
    ${file ? html`<p><em>${t("file")}:</em> <bdi>${visibleLine(file.name)}</bdi> (${visibleLine(file.mime)}, ${t("bytes", { count: file.size })})</p>
      <p class="mono">${t("file-hash")} ${file.sha256}</p>` : nothing}
    <p class="mono">${t("item-id")} ${id}</p></div>`;
}

/** @param {Entry} entry @param {Folding} folding */
function foldButton(entry, { folds, unfolded, turn }) {
  const count = folds.get(entry.id);
  if (!count) return nothing;
  const open = unfolded.has(entry.alarm.alarm);
  return html`<button type="button" class="link fold" aria-expanded=${open ? "true" : "false"}
    @click=${(/** @type {Event} */ event) => { event.stopPropagation(); turn(entry.alarm.alarm); }}>
    <span aria-hidden="true">${open ? "▾" : "▸"}</span> ${t("positions-count", { count })}</button>`;
}
