/** The second pair of eyes: alarms that a colleague closed quickly, or as none. Whoever closed one has looked already. */
import { html, nothing } from "lit";
import { clock } from "../ui/dates.js";
import { t, word } from "../ui/texts.js";
import { isOpen, secondsBetween, span } from "./alarms.js";

/** @typedef {import("./alarms.js").Alarm} Alarm */

/** @param {Alarm} alarm @returns {boolean} whether somebody else is to see whether its close is right */
export const wantsEyes = (alarm) => !isOpen(alarm) && alarm.flags.includes("second-look");

/** @param {Alarm} alarm @param {string} kid of who sits here @returns {boolean} whether it waits for somebody like them */
export const isForUs = (alarm, kid) => wantsEyes(alarm) && alarm.closed?.by.kid !== kid && !alarm.looked;

/** @param {Alarm} alarm @returns {string} how it was closed, by whom, and how soon */
export const closedHow = ({ closed, raised_at: raised }) => (closed
  ? t("second-look-how", { reason: word("reason", closed.reason), who: closed.by.label, after: span(secondsBetween(raised, closed.at)) }) : "");

/** @param {Alarm} alarm @param {boolean} ours whether it waits for whoever sits here @param {boolean} busy @param {() => void} done */
export function secondLook(alarm, ours, busy, done) {
  if (!wantsEyes(alarm)) return nothing;
  if (alarm.looked) {
    return html`<div class="card second-look"><strong>${t("second-look-by", { who: alarm.looked.by.label, at: clock(alarm.looked.at) })}</strong>
      <p>${closedHow(alarm)}</p></div>`;
  }
  return html`<div class="problem second-look"><strong>${ours ? t("second-look") : t("second-look-asked")}</strong>
    <p>${closedHow(alarm)}</p>
    ${ours ? html`<p>${t("second-look-do", { who: alarm.closed?.by.label ?? "" })}</p>
      <button type="button" data-seen ?disabled=${busy} @click=${done}>${t("second-look-seen")}</button>` : nothing}</div>`;
}

/**
 * What this desk still knows of earlier alarms of the same device. That some were none says nothing of this one.
 * @param {Alarm} alarm @param {Iterable<Alarm>} known
 */
export function earlierAlarms(alarm, known) {
  const earlier = [...known].filter((one) => one.device === alarm.device && one.alarm !== alarm.alarm && one.closed && !["test", "tamper"].includes(one.kind))
    .sort((left, right) => right.raised_at.localeCompare(left.raised_at));
  const genuine = earlier.filter(({ closed }) => closed?.reason === "genuine").length;
  return { earlier, genuine, none: earlier.length - genuine };
}
