/** `<getuige-overview>`: all entries on one canvas, a lane per kind of conduct. The table is its equivalent in words. */
import { html } from "lit";
import { conduct } from "../ui/members.js";
import { t } from "../ui/texts.js";
import { View } from "../ui/view.js";
import { draw, hit, laneHeight, lanesOf } from "./painting.js";
import { happening } from "./pattern.js";
import { day } from "../ui/dates.js";

/** @typedef {import("./entries.js").Entry} Entry */

const HOUR = 3_600_000;
/** From hours to ten years and more. */
const NARROWEST = 6 * HOUR;
const WIDEST = 30 * 366 * 24 * HOUR;
const ZOOM = 1.5;
const PAN = 0.15;

/** @param {Entry[]} entries @returns {{from: number, to: number}} what holds them all, with a margin on both sides */
function around(entries) {
  const spans = entries.map(({ span, at }) => span ?? { from: at, to: at });
  const from = Math.min(...spans.map((span) => span.from));
  const to = Math.max(...spans.map((span) => span.to), ...entries.map(({ seen }) => seen));
  if (entries.length === 0) return { from: Date.now() - 7 * 24 * HOUR, to: Date.now() };
  const margin = Math.max((to - from) * 0.03, NARROWEST);
  return { from: from - margin, to: to + margin };
}

class Overview extends View {
  /** @override */
  static properties = { entries: { attribute: false }, shown: { attribute: false }, selected: {} };

  constructor() {
    super();
    /** @type {Entry[]} of the whole case */
    this.entries = [];
    /** @type {Entry[]} what the filter lets through */
    this.shown = [];
    /** @type {string | null} */
    this.selected = null;
    /** @type {{from: number, to: number} | null} what is in view; null means all that happened */
    this.view = null;
    /** @type {{x: number, view: {from: number, to: number}} | null} */
    this.drag = null;
    this.resized = new ResizeObserver(() => this.#paint());
    this.colours = window.matchMedia("(prefers-color-scheme: dark)");
  }

  /** @override */
  firstUpdated() {
    const canvas = this.#canvas();
    this.resized.observe(canvas);
    this.colours.addEventListener("change", () => this.#paint());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    this.resized.disconnect();
  }

  /** @override */
  updated() {
    this.#paint();
  }

  #canvas() {
    return /** @type {HTMLCanvasElement} */ (this.querySelector("canvas"));
  }

  /**
   * What is shown at first: all that happened, with a margin. A camera with a wrong clock dates a picture years away;
   * such entries stand outside, counted at the edge, until "all" is asked for.
   */
  main() {
    const happened = this.entries.filter((entry) => happening(entry) || entry.kind === "order");
    return around(happened.length > 0 ? happened : this.entries);
  }

  /** @param {number} factor above 1 zooms in @param {number} [around] part of the width that stays where it is */
  zoom(factor, around = 0.5) {
    const { from, to } = this.view ?? this.main();
    const width = Math.min(WIDEST, Math.max(NARROWEST, (to - from) / factor));
    const fixed = from + (to - from) * around;
    this.view = { from: fixed - width * around, to: fixed + width * (1 - around) };
    this.#paint();
  }

  /** @param {number} part of the width; positive looks later */
  pan(part) {
    const { from, to } = this.view ?? this.main();
    const by = (to - from) * part;
    this.view = { from: from + by, to: to + by };
    this.#paint();
  }

  whole() {
    this.view = around(this.entries);
    this.#paint();
  }

  /** @param {string} command of the keyboard @returns {boolean} whether it was one of ours */
  command(command) {
    /** @type {Record<string, () => void>} */
    const commands = {
      "+": () => this.zoom(ZOOM), "=": () => this.zoom(ZOOM), "-": () => this.zoom(1 / ZOOM), "0": () => this.whole(),
      ArrowLeft: () => this.pan(-PAN), ArrowRight: () => this.pan(PAN),
    };
    commands[command]?.();
    return command in commands;
  }

  #paint() {
    const canvas = this.#canvas();
    if (canvas) draw(canvas, this.entries, this.view ?? this.main(), this.selected, new Set(this.shown.map(({ id }) => id)));
  }

  /** @param {WheelEvent} event only where the person chose the canvas: the page must keep scrolling elsewhere */
  #wheel(event) {
    const canvas = this.#canvas();
    if (!event.ctrlKey && document.activeElement !== canvas) return;
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(Math.sign(event.deltaX) * (PAN / 2));
    else this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.offsetX / canvas.clientWidth);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.#canvas().setPointerCapture(event.pointerId);
    this.drag = { x: event.offsetX, view: this.view ?? this.main() };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.drag || Math.abs(event.offsetX - this.drag.x) < 4) return;
    const { from, to } = this.drag.view;
    const by = ((this.drag.x - event.offsetX) / this.#canvas().clientWidth) * (to - from);
    this.view = { from: from + by, to: to + by };
    this.#paint();
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const still = this.drag && Math.abs(event.offsetX - this.drag.x) < 4;
    this.drag = null;
    if (!still) return;
    const found = hit(this.#canvas(), this.entries, this.shown, this.view ?? this.main(), event.offsetX, event.offsetY);
    if (found) this.dispatchEvent(new CustomEvent("chosen", { detail: found, bubbles: true }));
  }

  /** @override */
  render() {
    const lanes = lanesOf(this.entries);
    const { from, to } = around(this.entries);
    const spoken = t("overview-label", {
      count: this.shown.length, lanes: lanes.map(conduct).join(", "), from: day(from), to: day(to),
    });
    return html`
      <div class="chart-tools" role="group" aria-label=${t("overview-tools")}>
        <button type="button" @click=${() => this.pan(-PAN)} aria-label=${t("overview-earlier")}>←</button>
        <button type="button" @click=${() => this.zoom(1 / ZOOM)} aria-label=${t("overview-out")}>−</button>
        <button type="button" @click=${() => this.zoom(ZOOM)} aria-label=${t("overview-in")}>+</button>
        <button type="button" @click=${() => this.pan(PAN)} aria-label=${t("overview-later")}>→</button>
        <button type="button" @click=${() => this.whole()}>${t("overview-all")}</button>
      </div>
      <canvas role="img" tabindex="0" aria-label=${spoken} height=${laneHeight(lanes.length)}
        data-lanes=${lanes.length}
        @pointerdown=${this.#down} @pointermove=${this.#move} @pointerup=${this.#up}></canvas>
      <ul class="legend" aria-label=${t("legend")}>
        <li><span class="sample tick" aria-hidden="true"></span>${t("legend-tick")}</li>
        <li><span class="sample bar" aria-hidden="true"></span>${t("legend-bar")}</li>
        <li><span class="sample unknown" aria-hidden="true">?</span>${t("legend-unknown")}</li>
        <li><span class="sample alarm" aria-hidden="true"></span>${t("legend-alarm")}</li>
        <li><span class="sample band" aria-hidden="true"></span>${t("legend-band")}</li>
        <li><span class="sample breach" aria-hidden="true"></span>${t("legend-breach")}</li>
        <li><span class="sample gap" aria-hidden="true"></span>${t("legend-gap")}</li>
      </ul>`;
  }
}

customElements.define("getuige-overview", Overview);
