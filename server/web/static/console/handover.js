/**
 * The hand-over of a shift: alarms that are open when a dispatcher stops are taken over by a colleague, by name, in a signed
 * statement. Nothing waits for it: whoever sits at a desk may act on every alarm as before.
 */
import { html, nothing } from "lit";
import * as api from "../core/api.js";
import * as statements from "../core/statements.js";
import { clock } from "../ui/dates.js";
import { t } from "../ui/texts.js";
import { isOpen } from "./alarms.js";

/** @typedef {import("./alarms.js").Alarm} Alarm */
/**
 * @typedef {{shift: string, by: string, label: string, began_at: string, ended_at: string | null, taken_over_by: string | null,
 *   taken_over_label: string | null, taken_over_at: string | null, alarms: string[]}} Told
 * @typedef {{shift: Told, alarms: Alarm[]}} Left a shift that ended while these were open and on its dispatcher's name
 */

/** How often who watched is asked anew: an open alarm without anybody must not wait long for the next name. */
const LOOK_MS = 5_000;

/** @param {Alarm} alarm @param {Told[]} shifts @returns {Told | undefined} the shift in which a colleague took it over by name */
export const takenOver = ({ alarm }, shifts) => shifts.find((one) => one.alarms.includes(alarm));

/**
 * @param {Told[]} shifts newest first @param {Iterable<Alarm>} alarms
 * @returns {Left[]} a dispatcher with another shift that runs has left nothing
 */
export function leftOpen(shifts, alarms) {
  const open = [...alarms].filter((alarm) => isOpen(alarm) && alarm.accepted_by && !takenOver(alarm, shifts));
  const names = new Set(open.map(({ accepted_by: who }) => who?.kid ?? ""));
  return [...names].flatMap((kid) => {
    const newest = shifts.find(({ by }) => by === kid);
    if (!newest?.ended_at || newest.taken_over_by) return [];
    return [{ shift: newest, alarms: open.filter(({ accepted_by: who }) => who?.kid === kid) }];
  });
}

export class HandOver {
  /** @type {Told[]} */
  shifts = [];
  /** @type {"" | "failed" | "refused"} */
  trouble = "";
  busy = false;
  #timer = 0;

  /** @param {api.Session} session @param {() => void} changed */
  constructor(session, changed) {
    this.session = session;
    this.changed = changed;
  }

  start() {
    void this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
  }

  stop() {
    clearInterval(this.#timer);
  }

  async look() {
    try {
      this.shifts = (await api.json("/api/v1/shifts")).shifts;
    } catch {
      return; // what was known stands; the bar says when the server is away
    }
    this.changed();
  }

  /** @param {Left} left @param {string} own the shift that runs here */
  async take({ shift, alarms }, own) {
    this.busy = true;
    this.trouble = "";
    this.changed();
    try {
      const body = { shift: shift.shift, own, alarms: alarms.map(({ alarm }) => alarm) };
      await api.json("/api/v1/statements", await statements.make(this.session.identity, "shift.take_over", null, body));
    } catch (error) {
      this.trouble = error instanceof api.ApiError && error.status >= 400 && error.status < 500 ? "refused" : "failed";
    }
    this.busy = false;
    await this.look();
    this.changed();
  }

  /** @param {Iterable<Alarm>} alarms @param {string | null} own the shift that runs here and is in the journal */
  panel(alarms, own) {
    const left = leftOpen(this.shifts, alarms);
    return html`${left.map((one) => {
      const count = one.alarms.length;
      const words = { who: one.shift.label, count, at: clock(one.shift.ended_at ?? "") };
      if (one.shift.by === this.session.kid) {
        return html`<div class="problem hand-over" role="status"><strong>${t("hand-over-own", words)}</strong><p>${t("hand-over-stay")}</p></div>`;
      }
      return html`<div class="problem hand-over" role="status"><strong>${t("hand-over-left", words)}</strong>
        ${own ? html`<button type="button" class="primary" data-take=${one.shift.shift} ?disabled=${this.busy}
          @click=${() => this.take(one, own)}>${t("hand-over-take", words)}</button>` : html`<p>${t("hand-over-begin")}</p>`}</div>`;
    })}
    ${this.trouble ? html`<p class="problem" role="alert">${t(`hand-over-${this.trouble}`)}</p>` : nothing}`;
  }
}
