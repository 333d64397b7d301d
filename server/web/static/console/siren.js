/** Sound of the console: a test, and a siren that says "nobody has this alarm". Needs a click first, once. */

/** Two tones, each this long: urgent, and far below the three flashes a second that can cause seizures. */
const TONE_S = 0.45;
const HIGH_HZ = 880;
const LOW_HZ = 660;
const VOLUME = 0.25;

export class Siren {
  /** @type {AudioContext | null} */
  #context = null;
  #timer = 0;

  /** @returns {Promise<boolean>} whether this browser lets us make sound; plays three short tones */
  async test() {
    this.#context ??= new AudioContext();
    await this.#context.resume();
    [0, 0.3, 0.6].forEach((at) => this.#tone(HIGH_HZ, at, 0.15));
    return this.#context.state === "running";
  }

  /** Whether this browser lets us make sound now: it may take that back, when the computer slept for instance. */
  get ready() {
    return this.#context?.state === "running";
  }

  get sounding() {
    return this.#timer !== 0;
  }

  /** @param {boolean} wanted */
  sound(wanted) {
    if (wanted === this.sounding || !this.#context) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    if (!wanted) return;
    const both = () => {
      this.#tone(HIGH_HZ, 0, TONE_S);
      this.#tone(LOW_HZ, TONE_S, TONE_S);
    };
    both();
    this.#timer = setInterval(both, 2 * TONE_S * 1000);
  }

  /** @param {number} frequency @param {number} delay seconds @param {number} length seconds */
  #tone(frequency, delay, length) {
    const context = this.#context;
    if (!context) return;
    const [oscillator, gain] = [context.createOscillator(), context.createGain()];
    const start = context.currentTime + delay;
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(VOLUME, start + 0.02);
    gain.gain.setValueAtTime(VOLUME, start + length - 0.04);
    gain.gain.linearRampToValueAtTime(0, start + length);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + length);
  }
}

/** The screen's wake lock. A browser lets go of it whenever the page is hidden, so it is asked for again. */
export class Screen {
  /** @type {WakeLockSentinel | null} */
  #lock = null;
  #wanted = false;

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    document.addEventListener("visibilitychange", () => void this.#ask());
  }

  /** Whether it stays on at this moment. */
  get on() {
    return this.#lock !== null && !this.#lock.released;
  }

  async keep() {
    this.#wanted = true;
    await this.#ask();
  }

  async letGo() {
    this.#wanted = false;
    await this.#lock?.release();
  }

  async #ask() {
    if (!this.#wanted || this.on || document.visibilityState !== "visible") return;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
      this.#lock.addEventListener("release", this.changed);
    } catch {
      this.#lock = null;
    }
    this.changed();
  }
}
