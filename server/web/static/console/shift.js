/** A dispatcher's shift in the journal: who watched when. It never holds up sound or an alarm: it is told afterwards. */
import * as api from "../core/api.js";
import * as statements from "../core/statements.js";
import { hex } from "../core/bytes.js";

/** How long until a beginning or an end that did not arrive is handed in again, unchanged. */
const AGAIN_MS = 5_000;

export class Shift {
  /** @type {number} */
  since = Date.now();
  /** @type {"unrecorded" | "recorded" | "refused"} what became of the newest that we said */
  told = "unrecorded";
  name = hex(crypto.getRandomValues(new Uint8Array(16)));
  /** @type {Promise<void>} what was said, in order */
  #said = Promise.resolve();

  /** @param {import("../core/lockedkey.js").Identity} identity @param {() => void} changed */
  constructor(identity, changed) {
    this.identity = identity;
    this.changed = changed;
    this.#say("shift.begin");
  }

  end() {
    this.#say("shift.end");
  }

  /** @param {string} type */
  #say(type) {
    this.told = "unrecorded";
    const made = statements.make(this.identity, type, null, { shift: this.name }); // its moment is now, not when it arrives
    this.#said = this.#said.then(() => this.#handIn(made));
  }

  /** @param {ReturnType<typeof statements.make>} made */
  async #handIn(made) {
    const envelope = await made;
    for (;;) {
      try {
        await api.json("/api/v1/statements", envelope);
        this.told = "recorded";
        break;
      } catch (error) {
        // Refused is refused: asking again changes nothing, and the page says that it is not written down.
        if (error instanceof api.ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
          this.told = "refused";
          break;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    this.changed();
  }
}
