/** The card of one alarm: where, who, how to get in, and what happened so far. */
import { html, nothing } from "lit";
import { arrangement, callBack, fact, inside, orders, speaking, suspect } from "../ui/card.js";
import { clock, isoDay, second } from "../ui/dates.js";
import { has, t, word } from "../ui/texts.js";
import { earlierAlarms } from "./second-look.js";
import { where } from "./where.js";

/** @typedef {import("./alarms.js").Alarm} Alarm */
/** @typedef {import("./desk.js").Desk} Desk */

/** @param {Desk} desk @param {Alarm} alarm @param {{open: () => void, failed: boolean, busy: boolean}} who */
export function alarmCard(desk, alarm, who) {
  const opened = desk.opened.get(alarm.alarm);
  return html`
    <div class="column">${where(desk, alarm)}</div>
    <div class="column">${person(desk.cards.get(alarm.alarm), alarm, who)}
    <section class="card"><h3>${t("card-press")}</h3>
      <dl class="facts">
        ${fact("card-raised", second(alarm.raised_at))}
        ${fact("card-press", html`<span class="mono">${t("press-of", alarm.press)}</span>`)}
        ${alarm.repeats > 0 ? fact("card-repeats", t("card-repeats-count", { count: alarm.repeats })) : nothing}
        ${opened?.meta?.text ? fact("card-note", opened.meta.text) : nothing}
        ${opened ? fact("card-seal", html`<span class="badge ${opened.sealed}"><span class="shape" aria-hidden="true"></span>
          ${t(`card-seal-${opened.sealed}`)}</span>`) : nothing}
      </dl>
      ${earlier(desk, alarm)}
      <h3>${t("card-routes")}</h3>
      <ul class="routes">${alarm.routes.map(({ route, outcome, at, code, about }) => html`
        <li class=${outcome}><span aria-hidden="true">${outcome === "delivered" ? "✓" : "✕"}</span> ${routeName(route)}:
          ${became(route, outcome)}${said(code, about) ? ` – ${said(code, about)}` : nothing}
          <span class="quiet">${clock(at)}</span></li>`)}</ul>
      <h3>${t("card-history")}</h3>
      <ol class="history">${alarm.history.map(({ at, what, by, code, about }) => html`
        <li><span class="num quiet">${clock(at)}</span> <span>${happened(what, by, said(code, about))} <span class="quiet">${whoDid(by)}</span></span></li>`)}</ol>
    </section></div>`;
}

/** @param {Desk} desk @param {Alarm} alarm */
function earlier(desk, alarm) {
  const { earlier: all, genuine, none } = earlierAlarms(alarm, desk.alarms.values());
  const [last] = all;
  return html`<h3>${t("earlier")}</h3>
    ${last ? html`<p class="earlier">${t("earlier-count", { count: all.length, genuine, none })}</p>
      <p>${t("earlier-last", { at: second(last.raised_at), reason: word("reason", last.closed?.reason ?? "") })}</p>
      <p class="quiet small">${t("earlier-means")}</p>` : html`<p class="none">${t("earlier-none")}</p>`}`;
}

/** @param {string} route @returns {string} what it leads to; several receivers of a kind keep their own names beside it */
function routeName(route) {
  const [, kind, name] = /^(dc09|sip|scaip|on-call)-(.+)$/.exec(route) ?? [];
  return kind ? `${t(`route-${kind}`)} ${name}` : word("route", route);
}

/** Routes of which nobody can say that something arrived: a word to the device goes out, a siren sounds where somebody began. */
const NOT_ARRIVED = /** @type {Record<string, string>} */ ({ device: "route-sent", "console-siren": "route-sounds", "second-look": "route-asked" });

/** @param {string} route @param {string} outcome @returns {string} what became of it, and no more than is known */
function became(route, outcome) {
  const text = outcome === "failed" ? "route-failed" : NOT_ARRIVED[route] ?? "route-delivered";
  return t(text);
}

/** @param {string} [code] @param {string} [about] @returns {string} what became of it on a route; empty for a code of another version */
const said = (code, about) => (code && has(`said-${code}`) ? t(`said-${code}`, { about: about ?? "" }).trim() : "");

/** @param {string} by a person, a route, or `device, by a` for the broker that brought it */
function whoDid(by) {
  const [, broker] = /^device, by (.+)$/.exec(by) ?? [];
  return broker ? t("by-device", { broker }) : routeName(by);
}

/**
 * @param {string} what such as `closed: genuine` @param {string} by a person, or the route that it is about
 * @param {string} translated what a route said, when its code is known here
 */
function happened(what, by, translated) {
  const [head, ...rest] = what.split(": ");
  const tail = rest.join(": ");
  const detail = translated || tail && (head === "closed" ? word("reason", tail) : head === "raised" ? word("alarm-kind", tail) : head === "escalated again" ? t("history-round", { round: tail.replace(/\D+/g, "") }) : tail);
  const words = head === "delivered" || head === "failed" ? became(by, head) : word("history", head.replaceAll(/[ _,]+/g, "-"));
  return `${words}${detail ? `: ${detail}` : ""}`;
}

/** @param {any} card @param {Alarm} alarm @param {{open: () => void, failed: boolean, busy: boolean}} who */
function person(card, alarm, { open, failed, busy }) {
  if (card) {
    return html`
      <section class="card who"><h3>${t("card-who")}</h3>
        <p class="name">${card.name}</p>
        ${callBack(card.call_back)}
        <dl class="facts">${speaking(card)}${inside(card)}</dl>
        <h3>${t("card-suspect")}</h3>
        ${suspect(card.suspect)}
        <h3>${t("card-orders")}</h3>
        ${orders(card.orders, isoDay(Date.now()))}
        <dl class="facts">${arrangement(card.aol)}</dl>
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
