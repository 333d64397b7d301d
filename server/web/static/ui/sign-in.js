/** Sign in with a name and a pass phrase. The phrase opens the private key here and is sent to nobody. */
import { html, nothing } from "lit";
import * as api from "../core/api.js";
import { LockError } from "../core/sodium.js";
import { AnchorError, groups, pin, pinned } from "../core/trust.js";
import { day } from "./dates.js";
import { rememberHandle, rememberedHandle } from "./place.js";
import { t } from "./texts.js";
import { View } from "./view.js";

/** Two frames, so that "one moment" is on the screen before the slow step blocks it. */
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 30)));

class SignIn extends View {
  /** @override */
  static properties = { roles: { attribute: false }, heading: {}, busy: { state: true }, problem: { state: true } };

  constructor() {
    super();
    /** @type {string[]} roles that may use this page */
    this.roles = [];
    this.heading = "";
    /** @type {"" | "asking" | "deriving"} */
    this.busy = "";
    /** @type {{title: string, text: string} | null} */
    this.problem = null;
    /** @type {import("../core/trust.js").Anchors | null} */
    this.anchors = pinned();
  }

  /** @override */
  async firstUpdated() {
    this.#focus();
    try {
      this.anchors = pin(await api.json("/api/v1/trust"));
    } catch (error) {
      this.problem = describe(error);
    }
    this.requestUpdate();
  }

  /** The name is there already after a reload. */
  #focus() {
    /** @type {HTMLElement | null} */ (this.querySelector(rememberedHandle() ? "#phrase" : "#handle"))?.focus();
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const [handle, phrase] = [String(form.get("handle")).trim(), String(form.get("phrase"))];
    this.problem = null;
    this.busy = "asking";
    try {
      const anchors = pin(await api.json("/api/v1/trust"));
      const session = await api.signIn(handle, phrase, async () => {
        this.busy = "deriving";
        await this.updateComplete;
        await painted();
      }, handle === rememberedHandle());
      if (!this.roles.includes(session.role)) {
        await api.signOut();
        this.problem = { title: t("sign-in-wrong-role"), text: t("sign-in-wrong-role-text") };
        return;
      }
      rememberHandle(handle);
      this.dispatchEvent(new CustomEvent("signed-in", { detail: { session, anchors } }));
    } catch (error) {
      this.problem = describe(error);
    } finally {
      this.busy = "";
      await this.updateComplete;
      this.#focus();
    }
  }

  /** @override */
  render() {
    const busy = this.busy !== "";
    return html`
      <main id="main" class="sign-in" tabindex="-1">
        <form class="card" @submit=${this.#submit} aria-labelledby="sign-in-title">
          <p class="eyebrow">Getuige</p>
          <h1 id="sign-in-title">${t(this.heading)}</h1>
          <p class="quiet">${t(rememberedHandle() ? "sign-in-again" : "sign-in-lead")}</p>
          <label for="handle">${t("sign-in-handle")}</label>
          <input id="handle" name="handle" autocomplete="username" autocapitalize="none" spellcheck="false" required
            value=${rememberedHandle()} ?readonly=${busy}>
          <label for="phrase">${t("sign-in-phrase")}</label>
          <input id="phrase" name="phrase" type="password" autocomplete="current-password" required
            ?readonly=${busy} aria-describedby="phrase-hint">
          <p id="phrase-hint" class="hint">${t("sign-in-phrase-hint")}</p>
          <button class="primary" type="submit" ?disabled=${busy}>${t("sign-in-button")}</button>
          <div class="progress" role="status">
            ${busy ? html`<span class="spinner" aria-hidden="true"></span>${t(`sign-in-${this.busy}`)}` : nothing}
          </div>
          <div role="alert">
            ${this.problem
              ? html`<div class="problem"><strong>${this.problem.title}</strong><p>${this.problem.text}</p></div>`
              : nothing}
          </div>
          ${this.#anchors()}
        </form>
      </main>`;
  }

  #anchors() {
    if (!this.anchors) return nothing;
    return html`
      <details class="anchors">
        <summary>${t("root-summary", { start: groups(this.anchors.root).slice(0, 9) })}</summary>
        <p>${t("root-explained", { day: day(this.anchors.since) })}</p>
        <p class="mono" data-root=${this.anchors.root}>${groups(this.anchors.root)}</p>
      </details>`;
  }
}

/** @param {unknown} error @returns {{title: string, text: string}} what happened, what is safe, what to do */
export function describe(error) {
  if (error instanceof LockError) return { title: t("problem-phrase"), text: t("problem-phrase-text") };
  if (error instanceof AnchorError) return { title: t("problem-anchor"), text: t("problem-anchor-text") };
  if (error instanceof api.ApiError) {
    if (error.status === 0) return { title: t("problem-offline"), text: t("problem-offline-text") };
    if (error.status === 401 || error.status === 403 || error.status === 404) {
      return { title: t("problem-phrase"), text: t("problem-phrase-text") };
    }
    return { title: error.title || t("problem-server"), text: error.message };
  }
  return { title: t("problem-server"), text: t("problem-server-text") };
}

customElements.define("getuige-sign-in", SignIn);
