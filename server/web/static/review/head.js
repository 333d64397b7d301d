/** The head of a case and the pattern strip: six panels in the order in which the Hoge Raad weighs stalking. */
import { html } from "lit";
import { groups } from "../core/trust.js";
import { day } from "../ui/dates.js";
import { t, word } from "../ui/texts.js";
import { unopenedRows } from "./unopened.js";
import { conducts, duration, happenings, isMedia, orders, severities, weekly } from "./pattern.js";

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("./case.js").Case} Case */

/** @param {Case} opened @returns {{state: string, text: string}} in words, from real checks */
export function verificationOf(opened) {
  const states = opened.entries.map(({ verification }) => verification.state);
  const count = (/** @type {string} */ state) => states.filter((found) => found === state).length;
  const [total, proven, failed] = [states.length, count("proven"), count("failed")];
  const wide = opened.entries.filter(({ span, kind }) => kind === "incident" && !(span && span.to - span.from <= 86_400_000));
  const text = t("proven-count", { proven, total });
  if (failed > 0) return { state: "failed", text: `${text} · ${t("failed-count", { failed })}` };
  if (count("checking") > 0) return { state: "checking", text: t("checking-count", { total }) };
  const rest = [
    ...(count("signed") > 0 ? [t("signed-count", { signed: count("signed") })] : []),
    ...(wide.length > 0 ? [t("wide-count", { wide: wide.length })] : []),
  ];
  return { state: count("signed") > 0 ? "signed" : "proven", text: [text, ...rest].join(" · ") };
}

/** @param {Case} opened @param {import("../core/api.js").Session} session */
export function caseHead(opened, session) {
  const { facts, entries, anchors } = opened;
  const verification = verificationOf(opened);
  const assessment = entries.filter(({ kind }) => kind === "assessment").at(-1);
  return html`
    <section class="card case-head" aria-labelledby="case-title">
      <div class="case-name">
        <p class="eyebrow">${t("case")}</p>
        <h1 id="case-title" class="mono">${facts.case.slice(0, 8)}</h1>
        <p class="quiet mono small">${facts.case}</p>
      </div>
      <dl class="facts">
        <div><dt>${t("lead")}</dt><dd>${facts.lead?.label ?? t("unknown")}</dd></div>
        <div><dt>${t("opened")}</dt><dd>${day(facts.opened_at)}</dd></div>
        <div><dt>${t("assessment")}</dt><dd>${assessment
          ? `${day(assessment.recorded)}: ${assessment.title}` : t("assessment-none")}</dd></div>
        <div><dt>${t("reader")}</dt><dd>${session.label} (${word("role", session.role)})</dd></div>
      </dl>
      <div class="verification ${verification.state}" role="status" data-state=${verification.state}>
        <span class="badge ${verification.state}"><span class="shape" aria-hidden="true"></span>${t(`proof-${verification.state}`)}</span>
        <p>${verification.text}</p>
        <details><summary>${t("verification-how")}</summary>
          <p>${t("verification-explained")}</p>
          <p class="mono small">${groups(anchors.root)}</p>
        </details>
      </div>
      ${opened.closed > 0 ? html`<p class="left-out">${t("closed-count", { count: opened.closed })}</p>` : ""}
      ${unopenedRows(opened)}
    </section>`;
}

/** @param {Entry[]} entries of the current filter @param {(needle: string) => void} filter by what a number is about */
export function patternStrip(entries, filter) {
  const happened = happenings(entries);
  const length = duration(entries);
  const { weeks } = weekly(entries);
  const busiest = Math.max(0, ...weeks.map((week) => week.entries + week.alarms));
  const severe = severities(entries);
  const alarms = happened.filter(({ kind }) => kind === "alarm").length;
  const breaches = orders(entries).reduce((sum, order) => sum + order.breaches.length, 0);
  const impacts = entries.filter(({ impact }) => impact);
  const button = (/** @type {string} */ needle, /** @type {unknown} */ text) => html`
    <button type="button" class="link" @click=${() => filter(needle)}>${text}</button>`;
  return html`
    <section class="pattern" aria-label=${t("pattern")}>
      <article class="card"><h2>${t("pattern-nature")}</h2>
        <ul class="tags">${conducts(entries).slice(0, 5).map(([tag, count]) => html`
          <li>${button(tag, html`${word("lane", tag)} <b>${count}</b>`)}</li>`)}</ul>
        ${conducts(entries).length === 0 ? html`<p class="none">${t("no-data")}</p>` : ""}</article>
      <article class="card"><h2>${t("pattern-duration")}</h2>
        ${length ? html`<p class="figure">${t("days", { count: length.days })}</p>
          <p class="quiet">${day(length.from)} – ${day(length.to - 1)}</p>` : html`<p class="none">${t("no-data")}</p>`}</article>
      <article class="card"><h2>${t("pattern-frequency")}</h2>
        <p class="figure">${t("happenings", { count: happened.length })}</p>
        <p class="quiet">${busiest > 0 ? t("busiest", { count: busiest }) : t("no-data")}</p></article>
      <article class="card"><h2>${t("pattern-intensity")}</h2>
        <ol class="severities" reversed>${severe.map((count, level) => ({ count, level })).reverse()
          .filter(({ count }) => count > 0).map(({ count, level }) => html`
            <li><span class="level" aria-hidden="true">${"▮".repeat(level)}${"▯".repeat(4 - level)}</span>
              ${t(`severity-${level}`)} <b>${count}</b></li>`)}</ol>
        ${severe.every((count) => count === 0) ? html`<p class="none">${t("no-data")}</p>` : ""}</article>
      <article class="card"><h2>${t("pattern-circumstances")}</h2>
        <ul class="plain"><li>${button("alarm", t("alarm-count", { count: alarms }))}</li>
          <li>${t("breach-count", { count: breaches })}</li>
          <li>${t("media-count", { count: entries.filter(isMedia).length })}</li></ul></article>
      <article class="card"><h2>${t("pattern-impact")}</h2>
        ${impacts.length > 0 ? html`<p class="figure">${t("impact-count", { count: impacts.length })}</p>
          <p class="quote">${impacts.at(-1)?.impact}</p>` : html`<p class="none">${t("no-data")}</p>`}</article>
    </section>`;
}
