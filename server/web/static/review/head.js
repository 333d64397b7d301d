/** The head of a case and the pattern strip: six panels in the order in which the Hoge Raad weighs stalking. */
import { html, nothing } from "lit";
import { groups } from "../core/trust.js";
import { day } from "../ui/dates.js";
import { conduct } from "../ui/members.js";
import { t, word } from "../ui/texts.js";
import { busiest, conducts, figures, proofs, severities } from "./figures.js";
import { duration, times } from "./pattern.js";
import { unopenedRows } from "./unopened.js";

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("./case.js").Case} Case */
/** @typedef {(key: string) => void} Follow leads to the entries that a number counted */

/** @param {Case} opened @returns {string} how the case stands as a whole, from real checks */
export function stateOf({ entries }) {
  const found = proofs(entries);
  return ["failed", "checking", "signed"].find((state) => found.has(`proof:${state}`)) ?? "proven";
}

/**
 * A number that leads to what it counted; plain text when it counted nothing.
 * @param {Follow} follow @param {string} key @param {number} count @param {unknown} text
 */
const link = (follow, key, count, text) => (count === 0 ? text : html`
  <button type="button" class="link" data-figure=${key} data-count=${count} @click=${() => follow(key)}>${text}</button>`);

/** @param {Case} opened @param {Follow} follow */
function verification({ entries }, follow) {
  const found = new Map([...proofs(entries), ["wide", figures(entries).get("wide") ?? []]]);
  const count = (/** @type {string} */ key) => found.get(key)?.length ?? 0;
  const total = entries.length;
  const checking = count("proof:checking");
  if (checking > 0 && count("proof:failed") === 0) return t("checking-count", { total });
  const parts = [
    link(follow, "proof:proven", count("proof:proven"), t("proven-count", { proven: count("proof:proven"), total })),
    ...(count("proof:failed") > 0 ? [link(follow, "proof:failed", count("proof:failed"), t("failed-count", { failed: count("proof:failed") }))] : []),
    ...(count("proof:signed") > 0 ? [link(follow, "proof:signed", count("proof:signed"), t("signed-count", { signed: count("proof:signed") }))] : []),
    ...(count("wide") > 0 ? [link(follow, "wide", count("wide"), t("wide-count", { wide: count("wide") }))] : []),
  ];
  return parts.map((part, index) => html`${index > 0 ? " · " : nothing}${part}`);
}

/** @param {Case} opened @param {import("../core/api.js").Session} session @param {Follow} follow */
export function caseHead(opened, session, follow) {
  const { facts, entries, anchors } = opened;
  const state = stateOf(opened);
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
        <div class="on-paper"><dt>${t("printed")}</dt><dd>${day(Date.now())}</dd></div>
      </dl>
      <div class="verification ${state}" role="status" data-state=${state}>
        <span class="badge ${state}"><span class="shape" aria-hidden="true"></span>${t(`proof-${state}`)}</span>
        <p>${verification(opened, follow)}</p>
        <details><summary>${t("verification-how")}</summary>
          <p>${t("verification-explained")}</p>
          <p class="mono small">${groups(anchors.root)}</p>
        </details>
      </div>
      ${opened.closed > 0 ? html`<p class="left-out">${t("closed-count", { count: opened.closed })}</p>` : ""}
      ${unopenedRows(opened)}
    </section>`;
}

/** @param {Entry[]} entries of the whole case: a filter changes no figure @param {Follow} follow */
export function patternStrip(entries, follow) {
  const found = figures(entries);
  const count = (/** @type {string} */ key) => found.get(key)?.length ?? 0;
  const number = (/** @type {string} */ key, /** @type {unknown} */ text) => link(follow, key, count(key), text);
  const none = html`<p class="none">${t("no-data")}</p>`;
  const kinds = conducts(found);
  const length = duration(entries);
  const most = busiest(found);
  const severe = severities(found);
  const inAll = times(found.get("happened") ?? []);
  const told = [...found.keys()].flatMap((key) => /^source:(.+)$/.exec(key)?.[1] ?? []);
  const impact = found.get("impact")?.at(-1)?.impact;
  return html`
    <section class="pattern" aria-label=${t("pattern")}>
      <article class="card"><h2>${t("pattern-nature")}</h2>
        ${kinds.length === 0 ? none : html`<ul class="tags">${kinds.map(([tag, { length: times }]) => html`
          <li>${number(`conduct:${tag}`, html`${conduct(tag)} <b>${times}</b>`)}</li>`)}</ul>`}</article>
      <article class="card"><h2>${t("pattern-duration")}</h2>
        ${length ? html`<p class="figure">${number("dated", t(length.vague ? "days-about" : "days", { count: length.days }))}</p>
          ${length.vague ? html`<p class="quiet">${t("days-least", { count: length.least })}</p>` : nothing}
          <p class="quiet">${day(length.from)} – ${day(length.to - 1)}</p>` : none}
        ${count("undated") > 0 ? html`<p class="left-out">${number("undated", t("undated-count", { count: count("undated") }))}</p>` : nothing}</article>
      <article class="card"><h2>${t("pattern-frequency")}</h2>
        <p class="figure">${number("happened", t("happenings", { count: count("happened") }))}</p>
        ${inAll > count("happened") ? html`<p class="quiet">${t("times-in-all", { count: inAll })}</p>` : nothing}
        ${most ? html`<p class="quiet">${number(most.key, t("busiest", { count: most.entries.length }))}</p>` : none}
        ${count("week-left") > 0 ? html`<p class="left-out">${number("week-left", t("left-out-week", { count: count("week-left") }))}</p>` : nothing}</article>
      <article class="card"><h2>${t("pattern-intensity")}</h2>
        ${severe.length === 0 ? none : html`<ol class="severities" reversed>${severe.map((level) => html`
          <li><span class="level" aria-hidden="true">${"▮".repeat(level)}${"▯".repeat(4 - level)}</span>
            ${number(`severity:${level}`, html`${t(`severity-${level}`)} <b>${count(`severity:${level}`)}</b>`)}</li>`)}</ol>`}
        ${count("severity:none") > 0 ? html`<p class="left-out">${number("severity:none", t("severity-none", { count: count("severity:none") }))}</p>` : nothing}</article>
      <article class="card"><h2>${t("pattern-circumstances")}</h2>
        <ul class="plain"><li>${number("alarms", t("alarm-count", { count: count("alarms") }))}</li>
          <li>${number("breaches", t("breach-count", { count: count("breaches") }))}</li>
          ${["before", "after", "left"].filter((when) => count(`stop-${when}`) > 0).map((when) => html`
            <li>${number(`stop-${when}`, t(`stop-${when}-count`, { count: count(`stop-${when}`) }))}</li>`)}
          <li>${number("media", t("media-count", { count: count("media") }))}</li></ul>
        ${told.length === 0 ? nothing : html`<p class="quiet">${t("pattern-sources")}</p><ul class="tags">${told.map((source) => html`
          <li>${number(`source:${source}`, html`${word("source", source)} <b>${count(`source:${source}`)}</b>`)}</li>`)}</ul>`}
        ${count("alone") > 0 ? html`<p class="left-out">${number("alone", t("alone-count", { count: count("alone") }))}</p>` : nothing}</article>
      <article class="card"><h2>${t("pattern-impact")}</h2>
        ${impact ? html`<p class="figure">${number("impact", t("impact-count", { count: count("impact") }))}</p>
          <p class="quote">${impact}</p>` : none}</article>
    </section>`;
}
