/**
 * Which map this computer has: chosen once from its own disk, and kept in the browser's private files, so that nobody
 * looks for a file while an alarm is open. A copy, because a browser gives no page a file of the disk again by itself.
 */
import { html, nothing } from "lit";
import { t } from "../ui/texts.js";
import { View } from "../ui/view.js";

const FOLDER = "map";

/** Says on `window` that another map was chosen, or that it is kept. */
export const MAP_CHANGED = "getuige-map-changed";

/** @type {File | null} */
let chosen = null;

/** @type {"none" | "keeping" | "kept" | "unkept"} whether it will be there after the page was loaded again */
let state = "none";

/** @returns {File | null} the map to draw */
export const map = () => chosen;

/** @param {File | null} file @param {typeof state} now */
function become(file, now) {
  [chosen, state] = [file, now];
  window.dispatchEvent(new Event(MAP_CHANGED));
}

/** @param {File} file */
async function keep(file) {
  become(file, "keeping");
  try {
    const all = await navigator.storage.getDirectory();
    await all.removeEntry(FOLDER, { recursive: true }).catch(() => undefined);
    const entry = await (await all.getDirectoryHandle(FOLDER, { create: true })).getFileHandle(file.name, { create: true });
    await file.stream().pipeTo(await entry.createWritable());
    if (chosen === file) become(file, "kept");
  } catch {
    if (chosen === file) become(file, "unkept"); // no room, or a browser that keeps nothing: it is drawn all the same
  }
}

/** Take the map that was kept at an earlier visit. One whose copy was cut off is none. */
async function recall() {
  try {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER);
    for await (const entry of /** @type {any} */ (folder).values()) {
      const file = await entry.getFile();
      if (!chosen && file.size > 0) become(file, "kept");
    }
  } catch {
    // None was kept.
  }
}

void recall();

class MapChoice extends View {
  #changed = () => this.requestUpdate();

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    window.addEventListener(MAP_CHANGED, this.#changed);
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener(MAP_CHANGED, this.#changed);
  }

  /** @override */
  render() {
    return html`
      <label class="map-choose"><input type="file" class="unseen" accept=".pmtiles" @change=${this.#choose}>
        <span class="as-button">${chosen ? t("map-other") : t("map-choose")}</span> <span class="quiet small">${chosen?.name ?? t("map-none")}</span></label>
      ${state === "none" ? nothing : html`<p class=${state === "unkept" ? "problem" : "quiet small"} role="status">${t(`map-${state}`)}</p>`}
      <p class="quiet small">${t("map-private")}</p>`;
  }

  /** @param {Event} event */
  #choose = (event) => {
    const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
    if (file) void keep(file);
  };
}

customElements.define("getuige-map-choice", MapChoice);
