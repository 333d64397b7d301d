/** Where she is: the newest position that was opened here, in words, as a sketch, and on a map for who has one. */
import { html, nothing, svg } from "lit";
import { address, fact } from "../ui/card.js";
import { clock } from "../ui/dates.js";
import { t, word } from "../ui/texts.js";
import { secondsSince, span } from "./alarms.js";
import { bearing, compass, distance, metres } from "./geo.js";
import { isPosition, measured } from "./track.js";
import "./map.js";

/** @typedef {import("./alarms.js").Alarm} Alarm */
/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./track.js").Track} Track */
/** @typedef {{label: string, lat: string, lon: string}} KnownPlace */
/** @typedef {{place: KnownPlace, away: number, turn: number}} Near */

const [WIDTH, HEIGHT] = [420, 300];
const RADIUS = 112;
/** Rings of the sketch are round numbers of metres. */
const ROUND = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

/** @param {any} meta of a position @param {Track | undefined} track @returns {string} when, and how far from the one before */
export function moved(meta, track) {
  const of = t("position-of", { time: clock(measured(meta)) });
  if (!track?.step) return of;
  const { away, turn, same } = track.step;
  return `${of} · ${same ? t("moved-not") : t("moved", { away: metres(away), point: t(`moved-${compass(turn)}`) })}`;
}

/** @param {Desk} desk @param {Alarm} alarm */
export function where(desk, alarm) {
  const meta = desk.opened.get(alarm.alarm)?.meta;
  const track = desk.tracks.get(alarm.alarm);
  /** @type {KnownPlace[]} */
  const places = desk.cards.get(alarm.alarm)?.known_places ?? [];
  const at = alarm.state === "closed" ? null : meta?.position;
  const near = at ? places.map((place) => ({ place, away: distance(at, place), turn: bearing(at, place) }))
    .sort((left, right) => left.away - right.away) : [];
  const missing = t(absent(alarm, Boolean(meta)));
  const behind = desk.behind(alarm);
  const home = desk.cards.get(alarm.alarm)?.address;
  return html`
    ${home ? html`<section class="card home"><h3>${t("card-address")}</h3>${address(home)}
      <p class="quiet small">${t("card-address-only")}</p></section>` : nothing}
    <section class="card where"><h3>${t("card-where")}</h3>
      ${at ? html`
        <p class="coordinates">${at.lat}, ${at.lon}</p>
        ${isPosition(meta) || track?.step ? html`<p class="moved">${moved(meta, track)}</p>` : nothing}
        ${behind ? html`<p class="behind">${t(`position-${behind}`)}</p>` : nothing}
        <div class="where-grid">
          <div>
            <dl class="facts">
              ${fact("card-accuracy", at.accuracy_m ? t("card-accuracy-m", { m: at.accuracy_m }) : "")}
              ${fact("card-age", typeof meta.alarm?.age_s === "number" ? span(age(meta)) : "")}
              ${fact("card-source", meta.alarm?.source ? word("place-source", meta.alarm.source.toLowerCase()) : null)}
            </dl>
            <ul class="near">${near.map(({ place, away, turn }) => html`
              <li><b>${place.label}</b> ${metres(away)} ${t(`bearing-${compass(turn)}`)}</li>`)}</ul>
          </div>
          ${sketch(near, at, track?.been ?? [])}
        </div>
        <getuige-map .at=${at} .near=${near} .been=${track?.been ?? []}></getuige-map>` : html`<p class="none">${missing}</p>
        ${behind ? html`<p class="behind">${t(`position-${behind}`)}</p>` : nothing}`}
    </section>`;
}

/** A press is stored first and sealed afterwards: for a moment, or while sealing fails, an alarm has no item yet. */
const SEALED_WITHIN_S = 20;

/** @param {Alarm} alarm @param {boolean} opened @returns {string} why no place is shown, and no more than is known */
function absent(alarm, opened) {
  if (alarm.state === "closed") return alarm.item && opened ? "card-position-gone" : "card-position-let-go";
  if (!alarm.item) return secondsSince(alarm.raised_at) < SEALED_WITHIN_S ? "card-position-follows" : "card-position-late";
  return opened ? "card-no-position" : "card-position-closed";
}

/** @param {any} meta @returns {number} seconds since she was there; it grows while nothing newer comes */
const age = (meta) => Math.max(0, Math.round((Date.now() - measured(meta)) / 1000));

/** @param {Near[]} near @param {import("./geo.js").Place & {accuracy_m?: number}} at @param {import("./track.js").Been[]} been */
function sketch(near, at, been) {
  const accuracy = at.accuracy_m ?? 0;
  const older = been.map((place) => ({ away: distance(at, place), turn: bearing(at, place) }));
  const farthest = Math.max(accuracy * 1.5, ...[...near, ...older].map(({ away }) => away), 80);
  const ring = ROUND.find((size) => size >= farthest) ?? farthest;
  const [cx, cy] = [WIDTH / 2, HEIGHT / 2];
  // By the square root: what is near is what a patrol needs, and would otherwise sit under the mark.
  const reach = (/** @type {number} */ away) => Math.sqrt(Math.min(1, away / ring)) * RADIUS;
  const spot = (/** @type {{away: number, turn: number}} */ { away, turn }) => {
    const angle = (turn * Math.PI) / 180;
    return [cx + reach(away) * Math.sin(angle), cy - reach(away) * Math.cos(angle)];
  };
  const trail = older.map(spot);
  return html`
    <figure><svg class="sketch" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${t("card-sketch")}>
      ${[1, 0.5].map((part) => svg`
        <circle class="ring" cx=${cx} cy=${cy} r=${RADIUS * part}></circle>
        <text class="ring-label" x=${cx + 4} y=${cy + RADIUS * part - 4}>${metres(ring * part ** 2)}</text>`)}
      <path class="north" d="M${cx} ${cy - RADIUS - 22} l6 14 h-12 z"></path>
      <text class="ring-label" x=${cx + 9} y=${cy - RADIUS - 10}>N</text>
      <circle class="accuracy" cx=${cx} cy=${cy} r=${Math.max(4, reach(accuracy))}></circle>
      ${near.map((one) => {
        const [x, y] = spot(one);
        const side = x < cx ? "end" : "start";
        return svg`<line class="ray" x1=${cx} y1=${cy} x2=${x} y2=${y}></line>
          <rect class="place" x=${x - 5} y=${y - 5} width="10" height="10"></rect>
          <text class="place-label" text-anchor=${side} x=${x + (side === "end" ? -1 : 1) * (reach(one.away) < 16 ? 16 : 10)} y=${y + 4}>${one.place.label}</text>`;
      })}
      <text class="here-label" text-anchor="middle" x=${cx} y=${cy + 28}>${t("here")}</text>
      <polyline class="trail" points=${[...trail, [cx, cy]].map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")}></polyline>
      ${trail.map(([x, y]) => svg`<circle class="been" cx=${x} cy=${y} r="3.5"></circle>`)}
      <path class="here" d="M${cx} ${cy - 11} l10 11 l-10 11 l-10 -11 z"></path>
    </svg>
    ${been.length > 0 ? html`<figcaption class="quiet small">${t("trail-since", { time: clock(been[0].at) })}</figcaption>` : nothing}</figure>`;
}
