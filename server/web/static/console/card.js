/** The card of one alarm: where, who, how to get in, and what happened so far. */
import { html, nothing, svg } from "lit";
import { clock, second } from "../ui/dates.js";
import { has, t, word } from "../ui/texts.js";
import { bearing, compass, distance, metres } from "./geo.js";
import { span } from "./alarms.js";
import "./map.js";

/** @typedef {import("./alarms.js").Alarm} Alarm */
/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {{label: string, lat: string, lon: string}} KnownPlace */

const [WIDTH, HEIGHT] = [420, 300];
const RADIUS = 112;
/** Rings of the sketch are round numbers of metres. */
const ROUND = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

/** @param {string} name @param {unknown} value */
const fact = (name, value) => html`<div><dt>${t(name)}</dt><dd>${value || html`<span class="none">${t("card-not-said")}</span>`}</dd></div>`;

/** @param {Desk} desk @param {Alarm} alarm @param {{open: () => void, failed: boolean, busy: boolean}} who */
export function alarmCard(desk, alarm, who) {
  const opened = desk.opened.get(alarm.alarm);
  return html`
    <div class="column">${where(opened?.meta ?? null, desk.cards.get(alarm.alarm)?.known_places ?? [], alarm)}</div>
    <div class="column">${person(desk.cards.get(alarm.alarm), alarm, who)}
    <section class="card"><h3>${t("card-press")}</h3>
      <dl class="facts">
        ${fact("card-raised", second(alarm.raised_at))}
        ${fact("card-press", html`<span class="mono">${t("press-of", alarm.press)}</span>`)}
        ${alarm.repeats > 0 ? fact("card-repeats", t("card-repeats-count", { count: alarm.repeats })) : nothing}
        ${opened ? fact("card-seal", html`<span class="badge ${opened.sealed}"><span class="shape" aria-hidden="true"></span>
          ${t(`card-seal-${opened.sealed}`)}</span>`) : nothing}
      </dl>
      <h3>${t("card-routes")}</h3>
      <ul class="routes">${alarm.routes.map(({ route, outcome, at, code, about }) => html`
        <li class=${outcome}><span aria-hidden="true">${outcome === "delivered" ? "✓" : "✕"}</span> ${routeName(route)}:
          ${t(`route-${outcome}`)}${outcome === "failed" && said(code, about) ? ` – ${said(code, about)}` : nothing}
          <span class="quiet">${clock(at)}</span></li>`)}</ul>
      <h3>${t("card-history")}</h3>
      <ol class="history">${alarm.history.map(({ at, what, by, code, about }) => html`
        <li><span class="num quiet">${clock(at)}</span> <span>${happened(what, said(code, about))} <span class="quiet">${whoDid(by)}</span></span></li>`)}</ol>
    </section></div>`;
}

/** @param {string} route @returns {string} what it leads to; several receivers of a kind keep their own names beside it */
function routeName(route) {
  const [, kind, name] = /^(dc09|sip|on-call)-(.+)$/.exec(route) ?? [];
  return kind ? `${t(`route-${kind}`)} ${name}` : word("route", route);
}

/** @param {string} [code] @param {string} [about] @returns {string} what became of it on a route; empty for a code of another version */
const said = (code, about) => (code && has(`said-${code}`) ? t(`said-${code}`, { about: about ?? "" }).trim() : "");

/** @param {string} by a person, a route, or `device, by a` for the broker that brought it */
function whoDid(by) {
  const [, broker] = /^device, by (.+)$/.exec(by) ?? [];
  return broker ? t("by-device", { broker }) : routeName(by);
}

/** @param {string} what such as `closed: genuine` @param {string} translated what a route said, when its code is known here */
function happened(what, translated) {
  const [head, ...rest] = what.split(": ");
  const tail = rest.join(": ");
  const detail = translated || tail && (head === "closed" ? word("reason", tail) : head === "raised" ? word("alarm-kind", tail) : tail);
  return `${word("history", head.replaceAll(/[ _]/g, "-"))}${detail ? `: ${detail}` : ""}`;
}

/** @param {any} meta @param {KnownPlace[]} places @param {Alarm} alarm */
function where(meta, places, alarm) {
  const at = meta?.position;
  const near = at ? places.map((place) => ({ place, away: distance(at, place), turn: bearing(at, place) }))
    .sort((left, right) => left.away - right.away) : [];
  const missing = alarm.item && !meta ? t("card-position-closed")
    : !alarm.item && alarm.state === "closed" ? t("card-position-let-go") : t("card-no-position");
  return html`
    <section class="card where"><h3>${t("card-where")}</h3>
      ${at ? html`
        <p class="coordinates">${at.lat}, ${at.lon}</p>
        <div class="where-grid">
          <div>
            <dl class="facts">
              ${fact("card-accuracy", at.accuracy_m ? t("card-accuracy-m", { m: at.accuracy_m }) : "")}
              ${fact("card-age", typeof meta.alarm?.age_s === "number" ? span(meta.alarm.age_s) : "")}
              ${fact("card-source", meta.alarm?.source)}
            </dl>
            <ul class="near">${near.map(({ place, away, turn }) => html`
              <li><b>${place.label}</b> ${metres(away)} ${t(`bearing-${compass(turn)}`)}</li>`)}</ul>
          </div>
          ${sketch(near, at.accuracy_m ?? 0)}
        </div>
        <getuige-map .at=${at} .near=${near}></getuige-map>` : html`<p class="none">${missing}</p>`}
    </section>`;
}

/** @param {{place: KnownPlace, away: number, turn: number}[]} near @param {number} accuracy metres */
function sketch(near, accuracy) {
  const farthest = Math.max(accuracy * 1.5, ...near.map(({ away }) => away), 80);
  const ring = ROUND.find((size) => size >= farthest) ?? farthest;
  const [cx, cy] = [WIDTH / 2, HEIGHT / 2];
  // By the square root: what is near is what a patrol needs, and would otherwise sit under the mark.
  const reach = (/** @type {number} */ away) => Math.sqrt(Math.min(1, away / ring)) * RADIUS;
  return html`
    <svg class="sketch" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${t("card-sketch")}>
      ${[1, 0.5].map((part) => svg`
        <circle class="ring" cx=${cx} cy=${cy} r=${RADIUS * part}></circle>
        <text class="ring-label" x=${cx + 4} y=${cy + RADIUS * part - 4}>${metres(ring * part ** 2)}</text>`)}
      <path class="north" d="M${cx} ${cy - RADIUS - 22} l6 14 h-12 z"></path>
      <text class="ring-label" x=${cx + 9} y=${cy - RADIUS - 10}>N</text>
      <circle class="accuracy" cx=${cx} cy=${cy} r=${Math.max(4, reach(accuracy))}></circle>
      ${near.map(({ place, away, turn }) => {
        const angle = (turn * Math.PI) / 180;
        const [x, y] = [cx + reach(away) * Math.sin(angle), cy - reach(away) * Math.cos(angle)];
        const side = x < cx ? "end" : "start";
        return svg`<line class="ray" x1=${cx} y1=${cy} x2=${x} y2=${y}></line>
          <rect class="place" x=${x - 5} y=${y - 5} width="10" height="10"></rect>
          <text class="place-label" text-anchor=${side} x=${x + (side === "end" ? -1 : 1) * (reach(away) < 16 ? 16 : 10)} y=${y + 4}>${place.label}</text>`;
      })}
      <path class="here" d="M${cx} ${cy - 11} l10 11 l-10 11 l-10 -11 z"></path>
      <text class="here-label" text-anchor="middle" x=${cx} y=${cy + 28}>${t("here")}</text>
    </svg>`;
}

/** @param {any} card @param {Alarm} alarm @param {{open: () => void, failed: boolean, busy: boolean}} who */
function person(card, alarm, { open, failed, busy }) {
  if (card) {
    return html`
      <section class="card who"><h3>${t("card-who")}</h3>
        <p class="name">${card.name}</p>
        <dl class="facts">
          ${fact("card-address", card.address)}
          ${fact("card-enter", card.how_to_enter)}
          ${fact("card-weapons", card.weapons)}
          ${fact("card-children", card.children)}
        </dl>
        <p class="quiet small">${t("card-logged")}</p>
      </section>`;
  }
  const taken = Boolean(alarm.accepted_by);
  return html`
    <section class="card who"><h3>${t("card-who")}</h3>
      ${alarm.state === "closed" ? html`<p class="none">${t("card-who-gone")}</p>`
        : !alarm.card ? html`<p class="none">${t("card-who-missing")}</p>`
        : failed ? html`<p class="problem">${t("card-who-failed")}</p>`
          : taken ? html`<button type="button" ?disabled=${busy} @click=${open}>${t("card-who-open")}</button>`
            : html`<p class="none">${t("card-who-closed")}</p>`}
    </section>`;
}
