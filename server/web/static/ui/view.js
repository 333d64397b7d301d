/** A Lit element without shadow root: the page's own style sheets, print rules and labels reach all of it. */
import { LitElement } from "lit";
import { LANGUAGE_CHANGED } from "./texts.js";

export class View extends LitElement {
  #redraw = () => this.requestUpdate();

  /** @override */
  createRenderRoot() {
    return this;
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    window.addEventListener(LANGUAGE_CHANGED, this.#redraw);
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener(LANGUAGE_CHANGED, this.#redraw);
  }
}
