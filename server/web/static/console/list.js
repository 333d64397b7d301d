/** The list of alarms: one row each, states that cannot be confused. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { clock } from "../ui/dates.js";
import { t, word } from "../ui/texts.js";
import { age, escalated, isCalling, isNew, isOpen } from "./alarms.js";

/** @typedef {import("./alarms.js").Alarm} Alarm */

/** A shape per state, beside its word and its colour. */
const SHAPES = /** @type {Record<string, string>} */ ({
  raised: "◆", delivered: "◆", claimed: "◐", accepted: "✓", dispatched: "➤", on_scene: "⚑", closed: "■",
});

/** @param {Alarm} alarm @returns {string} who has it, or why it was closed */
export function whose(alarm) {
  if (alarm.closed) return `${word("reason", alarm.closed.reason)}, ${alarm.closed.by.label ?? ""}`;
  const [first, taken] = [alarm.history.find(({ what }) => what === "accepted"), alarm.history.findLast(({ what }) => what === "taken_over")];
  if (alarm.accepted_by && first && taken) return t("state-taken-over", { who: first.by, now: alarm.accepted_by.label, at: clock(taken.at) });
  if (alarm.accepted_by) return t("state-accepted-by", { who: alarm.accepted_by.label });
  return alarm.claimed_by ? t("state-claimed-by", { who: alarm.claimed_by.label }) : "";
}

/** @param {Alarm} alarm */
export const stateMark = (alarm) => html`
  <span class="state state-${alarm.state}"><span aria-hidden="true">${SHAPES[alarm.state]}</span> ${t(`state-${alarm.state}`)}</span>`;

/** @param {Alarm} alarm @returns {string} how long nobody accepted it, and what became of who was called: only what is known */
export function escalationOf(alarm) {
  const known = escalated(alarm);
  if (!known) return "";
  const device = known.device ? `${t(`said-${known.device}`)}.` : "";
  const receiver = known.stage > 0 ? t(`escalated-${known.stage}-${known.receiver}`) : "";
  return [t(`escalated-${known.why}`, { round: known.rounds, who: known.who }), receiver, device.charAt(0).toUpperCase() + device.slice(1)]
    .filter(Boolean).join(" ");
}

/** @param {Alarm} alarm things to mind, never only a colour */
export const flagsOf = (alarm) => alarm.flags.map((flag) => html`<span class="tag flag">${word("flag", flag)}</span>`);

/** @param {Alarm[]} alarms @param {string | null} selected @param {(alarm: string) => void} choose */
export function alarmList(alarms, selected, choose) {
  return html`
    <ul class="alarms">${repeat(alarms, ({ alarm }) => alarm, (alarm) => html`
      <li>
        <button type="button" class="alarm ${isNew(alarm) ? "new" : ""} is-${alarm.state}" data-alarm=${alarm.alarm}
          data-state=${alarm.state} aria-pressed=${alarm.alarm === selected ? "true" : "false"}
          @click=${() => choose(alarm.alarm)}>
          <span class="line">${stateMark(alarm)}${isOpen(alarm) ? html`<span class="age num">${age(alarm.raised_at)}</span>` : nothing}</span>
          <span class="line kind-line"><strong>${alarm.kind === "duress" ? "⚠ " : ""}${t(`alarm-kind-${alarm.kind}`)}</strong>
            <span class="num quiet">${clock(alarm.raised_at)}</span></span>
          ${isCalling(alarm) && escalated(alarm) ? html`<strong class="escalated">${escalationOf(alarm)}</strong>` : nothing}
          ${whose(alarm) ? html`<span class="quiet">${whose(alarm)}</span>` : nothing}
          ${alarm.repeats > 0 || alarm.flags.length > 0 ? html`<span class="tags">
            ${alarm.repeats > 0 ? html`<span class="tag flag">${t("card-repeats-count", { count: alarm.repeats })}</span>` : nothing}
            ${flagsOf(alarm)}</span>` : nothing}
        </button>
      </li>`)}</ul>`;
}
