/**
 * The hand-over of a shift: alarms that are open when a dispatcher stops are taken over by a colleague, by name, in a signed
 * statement, and so are those of a colleague whose console went dark. Nothing waits for it: whoever sits at a desk may act on every
 * alarm as before.
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

/** How long a console must be missing here before it is called dark: servers and bridges that start again are forgotten sooner. */
const MISSING_MS = 10_000;

/**
 * @param {Told[]} shifts newest first @param {Iterable<Alarm>} alarms @param {Set<string>} dark whose console is not heard any more
 * @returns {Left[]} a dispatcher with a shift that runs, at a console that is heard, has left nothing
 */
export function leftOpen(shifts, alarms, dark) {
  const open = [...alarms].filter((alarm) => isOpen(alarm) && alarm.accepted_by);
  const names = new Set(open.map(({ accepted_by: who }) => who?.kid ?? ""));
  return [...names].flatMap((kid) => {
    const newest = shifts.find(({ by }) => by === kid);
    if (!newest || (!newest.ended_at && !dark.has(kid))) return [];
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
  /** @type {Map<string, number>} since when a dispatcher with a shift that runs was not heard of, in milliseconds */
  #missing = new Map();

  /** @param {import("./desk.js").Desk} desk @param {() => void} changed */
  constructor(desk, changed) {
    this.desk = desk;
    this.session = desk.session;
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
    this.#watch();
    this.changed();
  }

  /** Note who is not heard of. While this console itself is not live, nobody is called dark. @param {number} [now] milliseconds */
  #watch(now = Date.now()) {
    const heard = this.desk.live ? this.desk.health?.watching?.on_shift : undefined;
    const running = this.shifts.filter(({ ended_at: ended }) => !ended).map(({ by }) => by);
    const missing = Array.isArray(heard) ? running.filter((kid) => !heard.includes(kid)) : [];
    this.#missing = new Map(missing.map((kid) => [kid, this.#missing.get(kid) ?? now]));
  }

  get #dark() {
    return new Set([...this.#missing].filter(([, since]) => Date.now() - since >= MISSING_MS).map(([kid]) => kid));
  }

  /** @param {Left} left @param {string} own the shift that runs here */
  async take({ shift, alarms }, own) {
    this.busy = true;
    this.trouble = "";
    this.changed();
    try {
      for (const alarm of alarms) await this.desk.act(alarm, "take_over");
      if (!shift.taken_over_by) {
        const body = { shift: shift.shift, own, alarms: alarms.map(({ alarm }) => alarm) };
        await api.json("/api/v1/statements", await statements.make(this.session.identity, "shift.take_over", null, body));
      }
    } catch (error) {
      this.trouble = error instanceof api.ApiError && error.status >= 400 && error.status < 500 ? "refused" : "failed";
    }
    this.busy = false;
    await this.look();
    this.changed();
  }

  /** @param {Iterable<Alarm>} alarms @param {string | null} own the shift that runs here and is in the journal */
  panel(alarms, own) {
    const left = leftOpen(this.shifts, alarms, this.#dark);
    return html`${left.map((one) => {
      const count = one.alarms.length;
      const words = { who: one.shift.label, count, at: clock(one.shift.ended_at ?? "") };
      if (one.shift.by === this.session.kid) {
        if (!one.shift.ended_at) return nothing; // we sit here, whatever was heard of us
        return html`<div class="problem hand-over" role="status"><strong>${t("hand-over-own", words)}</strong><p>${t("hand-over-stay")}</p></div>`;
      }
      return html`<div class="problem hand-over" role="status"><strong>${t(one.shift.ended_at ? "hand-over-left" : "hand-over-dark", words)}</strong>
        ${own ? html`<button type="button" class="primary" data-take=${one.shift.shift} ?disabled=${this.busy}
          @click=${() => this.take(one, own)}>${t("hand-over-take", words)}</button>` : html`<p>${t("hand-over-begin")}</p>`}</div>`;
    })}
    ${this.trouble ? html`<p class="problem" role="alert">${t(`hand-over-${this.trouble}`)}</p>` : nothing}`;
  }
}
