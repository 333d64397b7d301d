/** Weekly bars and the weekday × hour map, as SVG: numbers are written, not only coloured, and lead to what they counted. */
import { html, nothing, svg } from "lit";
import { day, weekday } from "../ui/dates.js";
import { t } from "../ui/texts.js";
import { rhythm, weekly } from "./pattern.js";

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("./head.js").Follow} Follow */

/** More weeks than this no longer fit beside each other with a readable number; the newest are shown. */
const MOST_WEEKS = 53;
const STEPS = 4;

/** @param {string} key @param {number} count @param {Follow} follow @returns {unknown} what the chart cannot show, said beside it */
const leftOut = (key, count, follow) => (count > 0 ? html`<p class="left-out"><button type="button" class="link" data-figure=${key}
  data-count=${count} @click=${() => follow(key)}>${t("left-out", { count })}</button></p>` : nothing);

/** One stop of the tab key for a whole chart; the arrows go on from there. @param {KeyboardEvent} event */
function rove(event) {
  const steps = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 });
  const mark = /** @type {SVGElement} */ (event.target);
  if (event.key === "Enter" || event.key === " ") mark.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  else if (steps[event.key]) {
    const marks = [.../** @type {SVGElement} */ (event.currentTarget).querySelectorAll("[data-figure]")].map((one) => /** @type {SVGElement} */ (one));
    const next = marks[marks.indexOf(mark) + steps[event.key]];
    mark.setAttribute("tabindex", "-1");
    (next ?? mark).setAttribute("tabindex", "0");
    (next ?? mark).focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/**
 * A number in a chart. @param {string} key @param {number} count @param {string} label @param {boolean} first
 * @param {Follow} follow @param {unknown} content
 */
const mark = (key, count, label, first, follow, content) => svg`
  <g class="mark" role="button" tabindex=${first ? 0 : -1} aria-label=${label} data-figure=${key} data-count=${count}
    @click=${() => follow(key)}>${content}</g>`;

/** @param {Entry[]} entries of the whole case @param {Follow} follow */
export function weeklyBars(entries, follow) {
  const { weeks, left } = weekly(entries);
  const shown = weeks.slice(-MOST_WEEKS);
  const most = Math.max(1, ...shown.map(({ all }) => all.length));
  const [width, height, foot] = [620, 190, 150];
  const step = Math.min(44, width / Math.max(shown.length, 1));
  const unit = (foot - 18) / most;
  const every = Math.max(1, Math.ceil(62 / step));
  const first = shown.find(({ all }) => all.length > 0);
  const bar = (/** @type {typeof shown[0]} */ week, /** @type {number} */ index) => {
    const [x, low, high, total] = [index * step + 2, week.entries * unit, week.alarms * unit, week.all.length];
    const date = index % every === 0
      ? svg`<text class="axis" x=${x} y=${foot + 18}>${day(week.start).replace(/ \d{4}$/, "")}</text>` : nothing;
    if (total === 0) return date;
    const label = t("week-of", { day: day(week.start), total, alarms: week.alarms });
    return svg`${date}${mark(`week:${week.start}`, total, label, week === first, follow, svg`
      <title>${label}</title>
      <rect class="reach" x=${x - 2} y="0" width=${step} height=${foot}></rect>
      <rect class="bar" x=${x} y=${foot - low} width=${step - 4} height=${low}></rect>
      <rect class="bar-alarm" fill="url(#slanted)" x=${x} y=${foot - low - high} width=${step - 4} height=${high}></rect>
      ${step >= 14 ? svg`<text class="count" x=${x + (step - 4) / 2} y=${foot - low - high - 5}>${total}</text>` : nothing}`)}`;
  };
  return html`
    <figure class="card chart">
      <figcaption><h2>${t("weekly-title")}</h2><p class="quiet">${t("weekly-lead")}</p></figcaption>
      <svg viewBox="0 0 ${width} ${height}" role="group" aria-label=${t("weekly-label", { weeks: shown.length, most })} @keydown=${rove}>
        <defs><pattern id="slanted" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect class="slanted-ground" width="7" height="7"></rect><rect class="slanted-stroke" width="3" height="7"></rect>
        </pattern></defs>
        <line class="rule" x1="0" y1=${foot + 0.5} x2=${width} y2=${foot + 0.5}></line>
        ${shown.map(bar)}
      </svg>
      ${weeks.length > shown.length ? html`<p class="left-out">${t("weeks-newest", { shown: shown.length, all: weeks.length })}</p>` : nothing}
      ${leftOut("week-left", left.length, follow)}
    </figure>`;
}

/** @param {number} day Monday is 0 @param {number} hour @returns {string} `di 21:00 – 22:00` */
export const hourName = (day, hour) => `${weekday(day)} ${String(hour).padStart(2, "0")}:00 – ${String(hour + 1).padStart(2, "0")}:00`;

/** @param {Entry[]} entries of the whole case @param {Follow} follow */
export function heatMap(entries, follow) {
  const { cells, left, most } = rhythm(entries);
  const [cell, x0, y0] = [24, 34, 20];
  let first = true;
  const square = (/** @type {number} */ row, /** @type {number} */ hour) => {
    const count = cells[row][hour].length;
    const level = count === 0 ? 0 : Math.max(1, Math.ceil((count / most) * STEPS));
    const ground = svg`<rect class="heat heat-${level}" x=${x0 + hour * cell} y=${y0 + row * cell} width=${cell - 2} height=${cell - 2} rx="3"></rect>`;
    if (count === 0) return ground;
    const marked = mark(`hour:${row}:${hour}`, count, `${hourName(row, hour)}: ${t("happenings", { count })}`, first, follow, svg`${ground}
      <text class="heat-count heat-ink-${level}" x=${x0 + hour * cell + cell / 2 - 1} y=${y0 + row * cell + 16}>${count}</text>`);
    first = false;
    return marked;
  };
  return html`
    <figure class="card chart">
      <figcaption><h2>${t("rhythm-title")}</h2><p class="quiet">${t("rhythm-lead")}</p></figcaption>
      <svg viewBox="0 0 ${x0 + 24 * cell} ${y0 + 7 * cell}" role="group" aria-label=${t("rhythm-label", { most })} @keydown=${rove}>
        ${[0, 3, 6, 9, 12, 15, 18, 21].map((hour) => svg`
          <text class="axis" x=${x0 + hour * cell} y="13">${String(hour).padStart(2, "0")}</text>`)}
        ${cells.map((_, row) => svg`
          <text class="axis" x="0" y=${y0 + row * cell + 16}>${weekday(row)}</text>
          ${cells[row].map((__, hour) => square(row, hour))}`)}
      </svg>
      ${leftOut("hour-left", left.length, follow)}
    </figure>`;
}
