/** Weekly bars and the weekday × hour map, as SVG: numbers are written, not only coloured. */
import { html, nothing, svg } from "lit";
import { day, weekday } from "../ui/dates.js";
import { t } from "../ui/texts.js";
import { rhythm, weekly } from "./pattern.js";

/** @typedef {import("./entries.js").Entry} Entry */

/** More weeks than this no longer fit beside each other with a readable number; the newest are shown. */
const MOST_WEEKS = 53;
const STEPS = 4;

/** @param {number} left @returns {unknown} what the chart cannot show, said beside it */
const leftOut = (left) => (left > 0 ? html`<p class="left-out">${t("left-out", { count: left })}</p>` : nothing);

/** @param {Entry[]} entries */
export function weeklyBars(entries) {
  const { weeks, left } = weekly(entries);
  const shown = weeks.slice(-MOST_WEEKS);
  const most = Math.max(1, ...shown.map((week) => week.entries + week.alarms));
  const [width, height, foot] = [620, 190, 150];
  const step = Math.min(44, width / Math.max(shown.length, 1));
  const unit = (foot - 18) / most;
  const every = Math.max(1, Math.ceil(62 / step));
  const bar = (/** @type {typeof shown[0]} */ week, /** @type {number} */ index) => {
    const [x, low, high] = [index * step + 2, week.entries * unit, week.alarms * unit];
    const total = week.entries + week.alarms;
    return svg`
      <g>
        <title>${t("week-of", { day: day(week.start), entries: week.entries, alarms: week.alarms })}</title>
        <rect class="bar" x=${x} y=${foot - low} width=${step - 4} height=${low}></rect>
        <rect class="bar-alarm" fill="url(#slanted)" x=${x} y=${foot - low - high} width=${step - 4} height=${high}></rect>
        ${total > 0 && step >= 14
          ? svg`<text class="count" x=${x + (step - 4) / 2} y=${foot - low - high - 5}>${total}</text>` : nothing}
        ${index % every === 0
          ? svg`<text class="axis" x=${x} y=${foot + 18}>${day(week.start).replace(/ \d{4}$/, "")}</text>` : nothing}
      </g>`;
  };
  return html`
    <figure class="card chart">
      <figcaption><h2>${t("weekly-title")}</h2><p class="quiet">${t("weekly-lead")}</p></figcaption>
      <svg viewBox="0 0 ${width} ${height}" role="img" aria-label=${t("weekly-label", { weeks: shown.length, most })}>
        <defs><pattern id="slanted" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect class="slanted-ground" width="7" height="7"></rect><rect class="slanted-stroke" width="3" height="7"></rect>
        </pattern></defs>
        <line class="rule" x1="0" y1=${foot + 0.5} x2=${width} y2=${foot + 0.5}></line>
        ${shown.map(bar)}
      </svg>
      ${leftOut(left)}
    </figure>`;
}

/** @param {Entry[]} entries */
export function heatMap(entries) {
  const { cells, left, most } = rhythm(entries);
  const [cell, x0, y0] = [24, 34, 20];
  const square = (/** @type {number} */ row, /** @type {number} */ hour) => {
    const count = cells[row][hour];
    const level = count === 0 ? 0 : Math.max(1, Math.ceil((count / most) * STEPS));
    return svg`
      <rect class="heat heat-${level}" x=${x0 + hour * cell} y=${y0 + row * cell} width=${cell - 2} height=${cell - 2}
        rx="3"></rect>
      ${count > 0 ? svg`<text class="heat-count heat-ink-${level}" x=${x0 + hour * cell + cell / 2 - 1}
        y=${y0 + row * cell + 16}>${count}</text>` : nothing}`;
  };
  return html`
    <figure class="card chart">
      <figcaption><h2>${t("rhythm-title")}</h2><p class="quiet">${t("rhythm-lead")}</p></figcaption>
      <svg viewBox="0 0 ${x0 + 24 * cell} ${y0 + 7 * cell}" role="img" aria-label=${t("rhythm-label", { most })}>
        ${[0, 3, 6, 9, 12, 15, 18, 21].map((hour) => svg`
          <text class="axis" x=${x0 + hour * cell} y="13">${String(hour).padStart(2, "0")}</text>`)}
        ${cells.map((_, row) => svg`
          <text class="axis" x="0" y=${y0 + row * cell + 16}>${weekday(row)}</text>
          ${cells[row].map((__, hour) => square(row, hour))}`)}
      </svg>
      ${leftOut(left)}
    </figure>`;
}
