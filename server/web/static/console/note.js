/**
 * A note at the close of an alarm, for the file of the case: sealed here to the case and to whom her standing list names, as
 * an item of the kind `note`. The alarm is closed first and waits for none of this; whatever goes wrong is said, and the
 * words stay on this screen.
 */
import { html, nothing } from "lit";
import * as api from "../core/api.js";
import * as container from "../core/container.js";
import * as dsse from "../core/dsse.js";
import * as statements from "../core/statements.js";
import { FormatError, base64, fromBase64, fromHex, hex, sha256 } from "../core/bytes.js";
import { SignatureError } from "../core/sodium.js";
import { dated } from "../core/dated.js";
import { recipients } from "../core/lists.js";
import { clock } from "../ui/dates.js";
import { t } from "../ui/texts.js";

/** @typedef {import("../core/bytes.js").Bytes} Bytes */
/** @typedef {import("../core/authority.js").Authority} Authority */
/**
 * @typedef {{xwing: string, vault: string, events: {event: string}[], lists: string[], readers: Record<string, string>}} Shown
 *   what the server shows of the keys of a case: its opening, its standing lists (DSSE), and the X-Wing keys of who stands there
 */
/** @typedef {import("./alarms.js").Alarm} Alarm */
/** @typedef {"sealing" | "waiting" | "kept" | "refused" | "unsealed"} State what became of a note */

const KIND = "note";

/** How long until a note that did not arrive is handed in again, unchanged. */
const AGAIN_MS = 5_000;

/** How long it is said that a note is kept. */
const SAID_MS = 20_000;

/** Refusals that may only mean that the close is not known everywhere yet, and how often one is believed to mean that. */
const NOT_YET = [404, 409, 429];
const MOST_TRIES = 12;

/** The end of a line or of a sentence, with the blanks after it; as in `evidence/envelope/pieces.py`. */
const ENDS = /\n|[.!?…]+["'’”»)]*[ \t]+/gu;

/** @param {string} words @returns {string[]} sentences and lines, so that one can be withheld by itself */
export function pieces(words) {
  const ends = [0, ...[...words.matchAll(ENDS)].map((match) => match.index + match[0].length), words.length];
  return ends.slice(1).map((end, index) => words.slice(ends[index], end)).filter(Boolean);
}

/**
 * @param {Shown} shown @param {string} kase @param {Authority} authority
 * @returns {any} what the case was opened with @throws {FormatError | SignatureError} no certified caseworker opened it so
 */
function opening({ events, xwing, vault }, kase, authority) {
  for (const { index, envelope } of events.map(({ event }) => dated(event))) {
    const { type, by, case: of, body } = statements.read(envelope);
    if (type !== "case.open" || of !== kase || body.xwing !== xwing || body.vault !== vault) continue;
    if (authority.find(by, index)?.role === "caseworker" && dsse.verify(envelope, authority.keysAt(index)).includes(by)) return body;
  }
  throw new SignatureError("no caseworker opened this case with these keys");
}

/**
 * Whom a note of this case is sealed to: the case, and everybody whom the list in force gives notes. A row that does not hold
 * is left out.
 * @param {Shown} shown @param {string} kase @param {Authority} authority @param {string} [now]
 * @returns {Promise<Bytes[]>} X-Wing keys @throws {FormatError | SignatureError} the keys are not those that the case was opened with
 */
export async function readersOf(shown, kase, authority, now = statements.time()) {
  const { xwing, vault } = opening(shown, kase, authority);
  const listed = await recipients(shown, kase, fromHex(vault, 32), KIND, authority, now);
  return [...new Set([xwing, ...listed])].map(fromBase64);
}

/**
 * Seal a note and sign what is said of it.
 * @param {import("../core/lockedkey.js").Identity} identity @param {{case: string, item?: {item: string} | null}} alarm
 * @param {string} title @param {string} words @param {Bytes[]} readers
 * @returns {Promise<{container: string, statement: dsse.Envelope}>} what is handed in
 * @throws {FormatError} nobody is left to wrap to, or there are too many words
 */
export async function seal(identity, alarm, title, words, readers) {
  const [item, key, at] = [hex(crypto.getRandomValues(new Uint8Array(16))), crypto.getRandomValues(new Uint8Array(32)), statements.time()];
  const meta = {
    v: 2, kind: KIND, source: "dispatcher", recorded: at, title, text: pieces(words), happened: null, discovered: null,
    only_mine: null, about: alarm.item?.item ?? null, note: { kind: KIND, of: null, confirmed: null },
  };
  const bytes = await container.seal({ case: alarm.case, item, at, by: identity.kid }, identity.signSeed, readers, key, meta, null);
  const { head, headBytes } = await container.parse(bytes);
  const body = {
    item, container: { sha256: hex(await sha256(bytes)), size: bytes.length },
    head: { sha256: hex(await sha256(headBytes)), size: headBytes.length }, meta: head.meta,
  };
  return { container: base64(bytes), statement: await statements.make(identity, "item.seal", alarm.case, body) };
}

/** The notes of this desk, by alarm: what became of each. They are kept in memory, until they have arrived. */
export class Notes {
  /** @type {Map<string, {state: State, words: string, raised: string}>} */
  told = new Map();

  /** @param {api.Session} session @param {() => Authority | null} authority @param {() => void} changed */
  constructor(session, authority, changed) {
    this.session = session;
    this.authority = authority;
    this.changed = changed;
  }

  /**
   * Seal a note about an alarm that is closed, and hand it in until somebody takes it. It never throws.
   * @param {Alarm} alarm @param {string} words
   */
  async keep(alarm, words) {
    const path = `/api/v1/alarms/${alarm.alarm}`;
    this.#tell(alarm, "sealing", words);
    /** @type {Awaited<ReturnType<typeof seal>> | null} */
    let sealed = null;
    for (let tries = 1; ; tries += 1) {
      try {
        sealed ??= await this.#sealed(alarm, words, await api.json(`${path}/readers`));
        await api.json(`${path}/note`, sealed);
        this.#tell(alarm, "kept", "");
        return void setTimeout(() => this.#away(alarm.alarm), SAID_MS);
      } catch (error) {
        if (!(error instanceof api.ApiError)) return this.#tell(alarm, "unsealed", words);
        const believed = !NOT_YET.includes(error.status) || tries >= MOST_TRIES;
        if (error.status >= 400 && error.status < 500 && believed) return this.#tell(alarm, "refused", words);
      }
      this.#tell(alarm, "waiting", words);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** @param {Alarm} alarm @param {string} words @param {Shown} shown */
  async #sealed(alarm, words, shown) {
    const authority = this.authority();
    if (!authority) throw new FormatError("it is not known here who may open a case");
    const readers = await readersOf(shown, alarm.case, authority);
    return seal(this.session.identity, alarm, t("closing-note-title"), words, readers);
  }

  /** @param {Alarm} alarm @param {State} state @param {string} words */
  #tell(alarm, state, words) {
    this.told.set(alarm.alarm, { state, words, raised: alarm.raised_at });
    this.changed();
  }

  /** @param {string} alarm */
  #away(alarm) {
    this.told.delete(alarm);
    this.changed();
  }

  /** What became of each note; of one that is not kept, the words: they are nowhere else. */
  panel() {
    return [...this.told].map(([alarm, { state, words, raised }]) => {
      const lost = state === "refused" || state === "unsealed";
      return html`<div class=${lost ? "card problem closing-note" : "card closing-note"} role="status" data-note=${state}>
        <strong>${t(`closing-note-${state}`, { at: clock(raised) })}</strong>
        ${lost ? html`<p>${t("closing-note-words")}</p><p class="words">${words}</p>
          <button type="button" @click=${() => this.#away(alarm)}>${t("closing-note-away")}</button>` : nothing}</div>`;
    });
  }
}

/** @param {string} words @param {(words: string) => void} changed the field for a note; it may stay empty */
export const noteField = (words, changed) => html`<label class="note-field">${t("closing-note")}
  <textarea rows="3" .value=${words} aria-describedby="note-hint"
    @input=${(/** @type {{target: HTMLTextAreaElement}} */ { target }) => changed(target.value)}></textarea>
  <span id="note-hint" class="quiet small">${t("closing-note-hint")}</span></label>`;
