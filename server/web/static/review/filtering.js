/** The filter as the reader sees it: what it is, how much of the case it shows, and the way out of it; also on paper. */
import { html, nothing } from "lit";
import { day } from "../ui/dates.js";
import { conduct } from "../ui/members.js";
import { t, word } from "../ui/texts.js";
import { hourName } from "./charts.js";
import { shortId, signerName } from "./words.js";

/** @typedef {{key: string | null, needle: string}} Filter `key` of a number that was followed; both must hold */

/** @type {Record<string, string>} numbers whose name is one text */
const NAMES = {
  happened: "pattern-frequency", dated: "figure-dated", undated: "figure-undated", alarms: "figure-alarms", breaches: "figure-breaches",
  media: "lane-media", impact: "pattern-impact", wide: "figure-wide", "week-left": "figure-week-left", "hour-left": "figure-hour-left",
  "stop-before": "figure-stop-before", "stop-after": "figure-stop-after", "stop-left": "figure-stop-left", alone: "figure-alone",
};

/** @param {string} key @param {import("./entries.js").Entry[]} entries @returns {string} what a number is about, in words */
export function figureName(key, entries) {
  const [kind, ...rest] = key.split(":");
  const about = rest.join(":");
  if (kind === "conduct") return `${t("pattern-nature")}: ${conduct(about)}`;
  if (kind === "severity") return `${t("pattern-intensity")}: ${about === "none" ? t("figure-no-severity") : t(`severity-${about}`)}`;
  if (kind === "source") return `${t("pattern-sources")}: ${word("source", about)}`;
  if (kind === "week") return t("figure-week", { day: day(Number(about)) });
  if (kind === "hour") return hourName(Number(rest[0]), Number(rest[1]));
  if (kind === "from") {
    const by = entries.find((entry) => entry.by.kid === about)?.by ?? { kid: about };
    return `${t("sealed-by")} ${signerName(by)} ${shortId(by)}`;
  }
  if (kind === "proof") return `${t("column-proof")}: ${t(`proof-${about}`)}`;
  if (kind === "order") return `${t("figure-breaches")}: ${entries.find(({ id }) => id === about)?.title ?? about.slice(0, 8)}`;
  return NAMES[kind] ? t(NAMES[kind]) : key;
}

/** @param {Filter} filter @param {import("./entries.js").Entry[]} entries @returns {string} the filter in words; empty when there is none */
export function filterWords({ key, needle }, entries) {
  return [...(key ? [figureName(key, entries)] : []), ...(needle.trim() ? [`“${needle.trim()}”`] : [])].join(" · ");
}

/**
 * @param {Filter} filter @param {{shown: number, total: number, entries: import("./entries.js").Entry[]}} rows
 * @param {() => void} clear
 */
export function filterBar(filter, { shown, total, entries }, clear) {
  const words = filterWords(filter, entries);
  return html`
    <div class=${words ? "filter-bar" : ""} role="status" data-shown=${shown} data-total=${total}>
      ${!words ? nothing : html`
        <p><strong>${t("filter-on")}</strong> ${words} <span class="unseen">${t("filter-shown", { shown, total })}</span></p>
        <button type="button" class="clear" @click=${clear}>${t("filter-clear")}</button>`}
    </div>`;
}
