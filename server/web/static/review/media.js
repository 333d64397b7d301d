/** `<getuige-media>`: one sealed file, opened in this browser, shown from memory when the browser can, and always to save. */
import { html, nothing } from "lit";
import { kindOf } from "../core/filetypes.js";
import { visibleLine } from "../core/written.js";
import { t } from "../ui/texts.js";
import { View } from "../ui/view.js";

/** Larger files are fetched when the person asks, not when she looks. */
const ASK_ABOVE = 12 * 1024 * 1024;

/** A browser has begun to copy a file long before this. */
const KEPT_FOR_SAVING_MS = 60_000;

/** @param {string} why @returns {unknown} in the place of a picture on paper, where a blank could be taken for the picture */
export const notOnPaper = (why) => html`<span class="on-paper not-on-paper">${t(why)}</span>`;

class Media extends View {
  /** @override */
  static properties = {
    opened: { attribute: false }, entry: { attribute: false }, thumbnail: { type: Boolean },
    file: { state: true }, state: { state: true }, trouble: { state: true }, saving: { state: true },
  };

  constructor() {
    super();
    /** @type {import("./case.js").Case | null} */
    this.opened = null;
    /** @type {import("./entries.js").Entry | null} */
    this.entry = null;
    this.thumbnail = false;
    /** @type {import("./case.js").OpenedFile | null} */
    this.file = null;
    /** @type {"waiting" | "opening" | "open" | "failed"} */
    this.state = "waiting";
    /** @type {"" | "unshown" | "pictureless"} what this browser could not do with it */
    this.trouble = "";
    this.saving = false;
    this.seen = new IntersectionObserver((changes) => {
      if (changes.some((change) => change.isIntersecting)) this.#open();
    });
  }

  /** @override @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has("entry")) return;
    [this.state, this.file, this.trouble] = ["waiting", null, ""];
    this.seen.unobserve(this);
    if (this.entry?.file && this.#size() <= ASK_ABOVE) this.seen.observe(this);
  }

  #size() {
    return Number(this.entry?.file?.size ?? 0);
  }

  async #open() {
    this.seen.unobserve(this);
    const entry = this.entry;
    if (!this.opened || !entry || this.state === "open" || this.state === "opening") return;
    this.state = "opening";
    try {
      const file = await this.opened.media(entry);
      if (entry === this.entry) [this.file, this.state] = [file, "open"];
    } catch {
      if (entry === this.entry) this.state = "failed";
    }
  }

  /** @override */
  render() {
    const { entry, file } = this;
    if (!entry?.file) return nothing;
    const megabytes = Math.max(1, Math.round(this.#size() / 1e6));
    if (this.state === "failed") return html`<p class="none">${t("media-failed")}</p>`;
    if (this.state === "opening") return html`<p class="opening" role="status"><span class="spinner" aria-hidden="true"></span>
      <span class=${this.thumbnail ? "unseen" : ""}>${t("media-opening", { size: megabytes })}</span></p>${this.thumbnail ? notOnPaper("media-not-loaded") : nothing}`;
    if (this.state === "waiting" || !file) {
      return this.thumbnail ? html`<span class="placeholder"></span>${notOnPaper("media-not-loaded")}` : html`
        <button type="button" @click=${() => this.#open()}>${t("media-open", { size: megabytes })}</button>`;
    }
    if (this.thumbnail) return this.#thumbnail(entry, file);
    return html`
      ${this.#size() === 0 ? html`<p class="none media-note">${t("media-empty")}</p>` : this.#player(entry, file)}
      <p class="media-save">${this.#save(entry, file)}</p>`;
  }

  /** @param {import("./entries.js").Entry} entry @param {import("./case.js").OpenedFile} file */
  #save(entry, { url, streamed }) {
    const name = visibleLine(entry.file.name);
    const label = html`<bdi>${t("media-save", { name })}</bdi>`;
    if (!streamed) return html`<a href=${url} download=${name}>${label}</a>`;
    return this.saving ? html`<span role="status">${t("media-opening", { size: Math.round(this.#size() / 1e6) })}</span>`
      : html`<button type="button" class="link" @click=${() => this.#saveWhole(entry, name)}>${label}</button>`;
  }

  /** @param {import("./entries.js").Entry} entry a long clip was only played in pieces @param {string} name */
  async #saveWhole(entry, name) {
    this.saving = true;
    try {
      const whole = await this.opened?.whole(entry);
      if (!whole) return;
      const link = document.createElement("a");
      [link.href, link.download] = [whole.url, name];
      link.click();
      setTimeout(() => URL.revokeObjectURL(whole.url), KEPT_FOR_SAVING_MS);
    } catch {
      if (entry === this.entry) this.state = "failed";
    } finally {
      this.saving = false;
    }
  }

  /** @param {import("./entries.js").Entry} entry @param {import("./case.js").OpenedFile} file */
  #thumbnail(entry, file) {
    if (this.#size() === 0) return html`<span class="placeholder" title=${t("media-empty")}></span>${notOnPaper("media-empty")}`;
    if (this.trouble) return html`<span class="placeholder" title=${t("media-unshown-short")}></span>${notOnPaper("media-unshown-short")}`;
    return html`<img src=${file.url} alt="" data-item=${entry.id} @error=${() => { this.trouble = "unshown"; }}>`;
  }

  /** @param {import("./entries.js").Entry} entry @param {import("./case.js").OpenedFile} file */
  #player(entry, { url, mime }) {
    const kind = kindOf(mime);
    if (kind === "file") return nothing;
    if (this.trouble === "unshown") return html`<p class="none media-note" role="status">${t("media-unshown", { type: mime })}</p>`;
    const failed = () => { this.trouble = "unshown"; };
    const look = (/** @type {Event} */ { target }) => this.#look(/** @type {HTMLMediaElement} */ (target));
    if (kind === "photo") return html`<img src=${url} alt=${t("photo-of", { title: entry.title })} data-item=${entry.id} @error=${failed}>`;
    if (kind === "sound") return html`<audio src=${url} controls preload="metadata" aria-label=${entry.title} @error=${failed} @loadedmetadata=${look}></audio>`;
    return html`
      <video src=${url} controls preload="metadata" aria-label=${entry.title} @error=${failed} @loadedmetadata=${look}></video>
      ${this.trouble === "pictureless" ? html`<p class="none media-note" role="status">${t("media-pictureless", { type: mime })}</p>` : nothing}`;
  }

  /**
   * A browser that knows the sound and not the picture plays on, black. One that knows neither may say nothing and have a
   * clip of no length (WebKitGTK, of AMR).
   * @param {HTMLMediaElement} player
   */
  #look(player) {
    if (player.duration === 0) this.trouble = "unshown";
    else if (player instanceof HTMLVideoElement && player.videoWidth === 0) this.trouble = "pictureless";
  }
}

customElements.define("getuige-media", Media);
