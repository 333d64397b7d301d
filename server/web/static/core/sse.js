/**
 * A live feed that knows when it is not live. A half-open connection looks healthy to a browser, so the server sends
 * a heartbeat that scripts can see, and silence counts as failure.
 */
import { shown } from "./written.js";

/** Heartbeats come every 2 s; three missed ones are no longer chance. */
export const STALE_AFTER_MS = 6000;

/** How often a silent feed is connected anew. */
const RECONNECT_MS = 4000;

const TICK_MS = 500;

/**
 * @typedef {{onEvent: (name: string, data: any) => void, onLive: (live: boolean) => void,
 *   onHeard: () => void}} Listener
 */

export class LiveFeed {
  /** @type {EventSource | null} */
  #source = null;
  #heard = performance.now();
  #opened = 0;
  /** @type {boolean | null} */
  #live = null;
  #timer = 0;

  /** @param {string} url @param {string[]} names of the events @param {Listener} listener */
  constructor(url, names, listener) {
    this.url = url;
    this.names = names;
    this.listener = listener;
  }

  start() {
    this.#connect();
    this.#timer = setInterval(() => this.#watch(), TICK_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#source?.close();
  }

  #connect() {
    this.#source?.close();
    this.#opened = performance.now();
    const source = new EventSource(this.url);
    for (const name of [...this.names, "heartbeat"]) {
      source.addEventListener(name, (event) => {
        this.#heard = performance.now();
        this.listener.onHeard();
        this.#say(true);
        if (name !== "heartbeat") this.listener.onEvent(name, shown(JSON.parse(event.data)));
      });
    }
    this.#source = source;
  }

  #watch() {
    const now = performance.now();
    if (now - this.#heard <= STALE_AFTER_MS) return;
    this.#say(false);
    if (now - this.#opened > RECONNECT_MS) this.#connect();
  }

  /** @param {boolean} live */
  #say(live) {
    if (live === this.#live) return;
    this.#live = live;
    this.listener.onLive(live);
  }
}
