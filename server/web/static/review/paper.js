/**
 * What stands at the foot of every printed page: which case, who printed it and when, and whether a filter was on. The
 * margin of a page takes its words from properties of the document, because it can hold no elements (CSS Paged Media 3).
 */
import { minute } from "../ui/dates.js";
import { t } from "../ui/texts.js";

/** @param {string} text @returns {string} as a CSS string */
const quoted = (text) => `"${text.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ").replaceAll(/["\\]/g, "\\$&")}"`;

/** @param {import("./case.js").Case} opened @param {import("../core/api.js").Session} session @param {string} filter in words */
export function printFooter({ facts }, session, filter) {
  const style = document.documentElement.style;
  style.setProperty("--paper-case", quoted(`${t("case")} ${facts.case}`));
  style.setProperty("--paper-reader", quoted(`${session.label} · ${minute(Date.now())}`));
  style.setProperty("--paper-filter", quoted(filter && `${t("filter-on")} ${filter}`));
}
