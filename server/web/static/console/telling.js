/** What a screen reader is told of positions: the newest, and seldom enough to leave the acts to be heard. */

/** A position comes every ten seconds; spoken that often it would talk through everything else. */
const QUIET_MS = 30_000;

export class Telling {
  text = "";
  /** @type {{alarm: string, text: string} | null} what waits; a newer one takes its place */
  #next = null;
  #spokenAt = -Infinity;

  /** @param {string} alarm @param {string} text */
  offer(alarm, text) {
    this.#next = { alarm, text };
  }

  /** @param {string | null} selected what is said of an alarm that is not looked at is left out @param {number} [now] milliseconds */
  tick(selected, now = Date.now()) {
    if (this.#next && this.#next.alarm !== selected) this.#next = null;
    if (!this.#next || now - this.#spokenAt < QUIET_MS) return;
    [this.text, this.#next, this.#spokenAt] = [this.#next.text, null, now];
  }
}
