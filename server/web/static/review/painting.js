/** The strokes of the overview canvas. Shape says as much as colour; lengths in CSS pixels. */
import { conduct } from "../ui/members.js";
import { t, word } from "../ui/texts.js";
import { breachesOf, gaps, isMedia, orders } from "./pattern.js";
import { isAlarm } from "./positions.js";
import { ticks } from "./ticks.js";

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {{from: number, to: number}} Range */

const LANE = 46;
const TOP = 52;
const AXIS = 30;
const GUTTER = 132;
/** A lane label longer than this would run into the chart. */
const LABEL_CHARACTERS = 17;

/** @param {Entry} entry @returns {string[]} the lanes it stands in */
function lanesFor(entry) {
  if (isMedia(entry)) return ["media"];
  if (entry.kind === "incident") return entry.conduct.length > 0 ? entry.conduct : ["other"];
  return entry.kind === "assessment" ? ["assessment"] : [];
}

/** @param {Entry[]} entries @returns {string[]} conduct in order of first appearance, papers and media last */
export function lanesOf(entries) {
  const last = ["other", "media", "assessment"];
  const found = new Set(entries.flatMap(lanesFor));
  return [...[...found].filter((lane) => !last.includes(lane)), ...last.filter((lane) => found.has(lane))];
}

/** @param {number} lanes @returns {number} height of the canvas */
export const laneHeight = (lanes) => TOP + Math.max(lanes, 1) * LANE + AXIS;

/** @param {number} width @param {Range} view */
function scale(width, view) {
  const inner = width - GUTTER;
  return (/** @type {number} */ moment) => GUTTER + ((moment - view.from) / (view.to - view.from)) * inner;
}

/** What a filter leaves out stays visible, and is not in the way. */
const FAINT = 0.16;

/**
 * @param {HTMLCanvasElement} canvas @param {Entry[]} entries of the whole case: bands and gaps do not change with a filter
 * @param {Range} view @param {string | null} selected @param {Set<string>} shown what a filter lets through; the rest is faint
 */
export function draw(canvas, entries, view, selected, shown) {
  const lanes = lanesOf(entries);
  const [width, height] = [canvas.clientWidth, laneHeight(lanes.length)];
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (!context || width === 0) return;
  const style = getComputedStyle(canvas);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  const brush = { context, colour, x: scale(width, view), width, height, bottom: height - AXIS, font: style.fontFamily, alpha: 1 };
  context.scale(ratio, ratio);
  context.clearRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(GUTTER, 0, width - GUTTER, height);
  context.clip();
  drawGaps(brush, entries, view);
  drawOrders(brush, entries);
  drawAxis(brush, view);
  const breaches = new Set(breachesOf(entries));
  const layers = shown.size === entries.length ? [entries] : [entries.filter(({ id }) => !shown.has(id)), entries.filter(({ id }) => shown.has(id))];
  layers.forEach((layer, index) => {
    brush.alpha = index < layers.length - 1 ? FAINT : 1;
    lanes.forEach((lane, row) => {
      const here = layer.filter((entry) => lanesFor(entry).includes(lane));
      drawLane(brush, row, here, selected);
      drawBreaches(brush, row, here.filter((entry) => breaches.has(entry)));
    });
    drawAlarms(brush, layer, selected);
  });
  context.restore();
  drawLabels(brush, lanes);
  drawOutside(brush, layers[layers.length - 1], view);
}

/** @typedef {{context: CanvasRenderingContext2D, colour: (name: string) => string, x: (moment: number) => number,
 *   width: number, height: number, bottom: number, font: string, alpha: number}} Brush */

/** @param {Brush} brush @param {Entry[]} entries @param {Range} view */
function drawGaps({ context, colour, x, bottom, width }, entries, view) {
  const spans = entries.flatMap(({ span }) => (span ? [span] : []));
  const ends = spans.length > 0
    ? [{ from: view.from, to: Math.min(...spans.map(({ from }) => from)) }, { from: Math.max(...spans.map(({ to }) => to)), to: view.to }]
    : [view];
  context.strokeStyle = colour("hatch");
  context.lineWidth = 1;
  for (const { from, to } of [...gaps(entries), ...ends]) {
    const [left, right] = [Math.max(x(from), GUTTER), Math.min(x(to), width)];
    if (right - left < 6) continue;
    context.save();
    context.beginPath();
    context.rect(left, TOP, right - left, bottom - TOP);
    context.clip();
    context.beginPath();
    for (let at = left - (bottom - TOP); at < right; at += 8) {
      context.moveTo(at, bottom);
      context.lineTo(at + (bottom - TOP), TOP);
    }
    context.stroke();
    context.restore();
  }
}

/** @param {Brush} brush @param {Entry[]} entries */
function drawOrders({ context, colour, x, bottom, width, font }, entries) {
  for (const { order: { order, span }, breaches } of orders(entries)) {
    if (!order || !span) continue;
    const [left, right] = [x(span.from), Math.max(x(span.to), x(span.from) + 3)];
    context.fillStyle = colour("band");
    context.fillRect(left, 2, right - left, bottom - 2);
    context.strokeStyle = colour("band-line");
    context.lineWidth = 1.5;
    context.setLineDash([5, 3]);
    context.strokeRect(left, 2, right - left, bottom - 2);
    context.setLineDash([]);
    context.fillStyle = colour("band-ink");
    context.font = `600 12px ${font}`;
    context.textAlign = "left";
    const label = `${word("order", order.kind)}${breaches.length > 0 ? ` · ${breaches.length}` : ""}`;
    const wide = context.measureText(label).width + 12;
    const inside = right - left > wide;
    const before = !inside && right + wide > width;
    context.textAlign = before ? "right" : "left";
    context.fillText(label, inside ? left + 6 : before ? left - 6 : right + 6, 17);
  }
}

/** @param {Brush} brush @param {Range} view */
function drawAxis({ context, colour, x, bottom, width, font }, view) {
  context.strokeStyle = colour("line");
  context.fillStyle = colour("ink-quiet");
  context.font = `12px ${font}`;
  context.textAlign = "left";
  context.lineWidth = 1;
  context.beginPath();
  let free = GUTTER;
  for (const { at, label } of ticks(view)) {
    const left = Math.round(x(at)) + 0.5;
    context.moveTo(left, TOP);
    context.lineTo(left, bottom + 5);
    if (left < free || left > width - 24) continue;
    context.fillText(label, left + 3, bottom + 20);
    free = left + context.measureText(label).width + 14;
  }
  context.moveTo(GUTTER, bottom + 0.5);
  context.lineTo(width, bottom + 0.5);
  context.stroke();
}

/** @param {number | null} severity @returns {number} part of the lane that a tick fills; unknown is drawn low, not high */
const share = (severity) => 0.28 + 0.16 * (severity ?? 0);

/** @param {Brush} brush @param {number} row @param {Entry[]} entries @param {string | null} selected */
function drawLane({ context, colour, x, width, font, alpha }, row, entries, selected) {
  context.font = `600 13px ${font}`;
  const foot = TOP + (row + 1) * LANE - 6;
  context.strokeStyle = colour("line");
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(GUTTER, foot + 0.5);
  context.lineTo(width, foot + 0.5);
  context.stroke();
  for (const entry of entries) {
    const chosen = entry.id === selected;
    const media = isMedia(entry);
    const ink = colour(chosen ? "accent-strong" : media ? "ink-quiet" : "accent");
    const tall = (LANE - 12) * (media ? 0.4 : share(entry.severity));
    context.fillStyle = ink;
    context.strokeStyle = ink;
    context.globalAlpha = alpha;
    const left = x(entry.span?.from ?? entry.at);
    const right = x(entry.span?.to ?? entry.at);
    if (right - left > 8) {
      context.globalAlpha = 0.3 * alpha;
      roundBar(context, left, foot - tall, right - left, tall);
      context.fill();
      context.globalAlpha = alpha;
      context.lineWidth = chosen ? 2.5 : 1.5;
      context.setLineDash(entry.precise ? [] : [4, 3]);
      context.stroke();
      context.setLineDash([]);
    } else if (media) {
      context.beginPath();
      context.rect(left - 4, foot - tall, 8, tall * 0.8);
      if (entry.kind === "photo") context.fill();
      context.lineWidth = chosen ? 2.5 : 1.5;
      context.stroke();
    } else {
      const wide = chosen ? 6 : 4;
      if (!entry.span) {
        drawUnknown(context, left, foot, chosen);
        continue;
      }
      context.fillRect(left - wide / 2, foot - tall, wide, tall);
      context.beginPath();
      context.arc(left, foot - tall, wide, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

/** @param {Brush} brush @param {number} row @param {Entry[]} entries what happened while an order was in force */
function drawBreaches({ context, colour, x, alpha }, row, entries) {
  context.globalAlpha = alpha;
  context.strokeStyle = colour("band-line");
  context.lineWidth = 2;
  for (const entry of entries) {
    const tall = (LANE - 12) * share(entry.severity);
    context.strokeRect(x(entry.at) - 8, TOP + (row + 1) * LANE - 6 - tall - 8, 16, tall + 8);
  }
  context.globalAlpha = 1;
}

/** Nobody knows when: a hollow mark with a question, where it was written down. */
/** @param {CanvasRenderingContext2D} context @param {number} left @param {number} foot @param {boolean} chosen */
function drawUnknown(context, left, foot, chosen) {
  context.lineWidth = chosen ? 2.5 : 1.5;
  context.setLineDash([3, 2.5]);
  context.beginPath();
  context.arc(left, foot - 12, 9, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
  context.textAlign = "center";
  context.fillText("?", left, foot - 7.5);
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} w @param {number} h */
function roundBar(context, x, y, w, h) {
  context.beginPath();
  context.roundRect(x, y, w, h, 3);
}

/** @param {Brush} brush @param {Entry[]} entries @param {string | null} selected alarms: full height, with a diamond */
function drawAlarms({ context, colour, x, bottom, font, alpha }, entries, selected) {
  context.globalAlpha = alpha;
  for (const entry of entries.filter(isAlarm)) {
    const at = x(entry.at);
    context.strokeStyle = colour("alarm");
    context.fillStyle = colour("alarm");
    context.lineWidth = entry.id === selected ? 4 : 2;
    context.beginPath();
    context.moveTo(at, 36);
    context.lineTo(at, bottom);
    context.stroke();
    context.beginPath();
    context.moveTo(at, 26);
    context.lineTo(at + 8, 35);
    context.lineTo(at, 44);
    context.lineTo(at - 8, 35);
    context.closePath();
    context.fill();
    context.font = `600 12px ${font}`;
    context.textAlign = "right";
    context.fillText(t("kind-alarm"), at - 12, 39);
  }
  context.globalAlpha = 1;
}

/** @param {Brush} brush @param {Entry[]} entries @param {Range} view what stands outside is counted, never just gone */
function drawOutside({ context, colour, width, font }, entries, view) {
  const drawn = entries.filter((entry) => lanesFor(entry).length > 0 || isAlarm(entry));
  const [before, after] = [drawn.filter(({ at }) => at < view.from).length, drawn.filter(({ at }) => at > view.to).length];
  context.fillStyle = colour("warn");
  context.font = `600 12px ${font}`;
  context.textAlign = "left";
  if (before > 0) context.fillText(`← ${t("outside-before", { count: before })}`, GUTTER, 17);
  context.textAlign = "right";
  if (after > 0) context.fillText(`${t("outside-after", { count: after })} →`, width, 17);
}

/** @param {Brush} brush @param {string[]} lanes */
function drawLabels({ context, colour, font }, lanes) {
  context.fillStyle = colour("ink");
  context.font = `13px ${font}`;
  context.textAlign = "left";
  lanes.forEach((lane, row) => {
    const name = conduct(lane);
    const shown = name.length > LABEL_CHARACTERS ? `${name.slice(0, LABEL_CHARACTERS - 1)}…` : name;
    context.fillText(shown, 0, TOP + (row + 1) * LANE - 14);
  });
}

/**
 * @param {HTMLCanvasElement} canvas @param {Entry[]} entries of the whole case @param {Entry[]} shown @param {Range} view
 * @param {number} left @param {number} top
 * @returns {string | null} the entry nearest to that point, within reach of a finger
 */
export function hit(canvas, entries, shown, view, left, top) {
  const x = scale(canvas.clientWidth, view);
  const lane = lanesOf(entries)[Math.floor((top - TOP) / LANE)];
  let [best, distance] = [/** @type {string | null} */ (null), 16];
  for (const entry of shown) {
    if (!isAlarm(entry) && !lanesFor(entry).includes(lane)) continue;
    const [from, to] = [x(entry.span?.from ?? entry.at), x(entry.span?.to ?? entry.at)];
    const away = left < from ? from - left : left > to ? left - to : 0;
    if (away < distance) [best, distance] = [entry.id, away];
  }
  return best;
}
