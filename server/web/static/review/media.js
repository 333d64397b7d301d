/** `<getuige-media>`: one sealed file, opened in this browser and shown from memory. */
import { html, nothing } from "lit";
import { t } from "../ui/texts.js";
import { View } from "../ui/view.js";

/** Larger files are fetched when the person asks, not when she looks. */
const ASK_ABOVE = 12 * 1024 * 1024;

class Media extends View {
  /** @override */
  static properties = {
    opened: { attribute: false }, entry: { attribute: false }, thumbnail: { type: Boolean },
    url: { state: true }, state: { state: true },
  };

  constructor() {
    super();
    /** @type {import("./case.js").Case | null} */
    this.opened = null;
    /** @type {import("./entries.js").Entry | null} */
    this.entry = null;
    this.thumbnail = false;
    this.url = "";
    /** @type {"waiting" | "opening" | "open" | "failed"} */
    this.state = "waiting";
    this.seen = new IntersectionObserver((changes) => {
      if (changes.some((change) => change.isIntersecting)) this.#open();
    });
  }

  /** @override @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has("entry")) return;
    this.state = "waiting";
    this.url = "";
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
      const url = await this.opened.media(entry);
      if (entry === this.entry) [this.url, this.state] = [url, "open"];
    } catch {
      if (entry === this.entry) this.state = "failed";
    }
  }

  /** @override */
  render() {
    const { entry } = this;
    if (!entry?.file) return nothing;
    const megabytes = Math.max(1, Math.round(this.#size() / 1e6));
    if (this.state === "failed") return html`<p class="none">${t("media-failed")}</p>`;
    if (this.state === "opening") return html`<p class="opening" role="status"><span class="spinner" aria-hidden="true"></span>
      <span class=${this.thumbnail ? "unseen" : ""}>${t("media-opening", { size: megabytes })}</span></p>`;
    if (this.state === "waiting") {
      return this.thumbnail ? html`<span class="placeholder"></span>` : html`
        <button type="button" @click=${() => this.#open()}>${t("media-open", { size: megabytes })}</button>`;
    }
    if (this.thumbnail) return html`<img src=${this.url} alt="" data-item=${entry.id}>`;
    const [type] = entry.file.mime.split("/");
    if (type === "image") return html`<img src=${this.url} alt=${t("photo-of", { title: entry.title })} data-item=${entry.id}>`;
    if (type === "video") return html`<video src=${this.url} controls preload="metadata" aria-label=${entry.title}></video>`;
    if (type === "audio") return html`<audio src=${this.url} controls preload="metadata" aria-label=${entry.title}></audio>`;
    return html`<a href=${this.url} download=${entry.file.name}>${t("media-save", { name: entry.file.name })}</a>`;
  }
}

customElements.define("getuige-media", Media);
