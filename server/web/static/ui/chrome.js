/** What both pages share around their content: the top bar, the language switch and the quick way out. */
import { html } from "lit";
import * as api from "../core/api.js";
import { forget } from "./place.js";
import { LANGUAGES, language, t, use } from "./texts.js";

/** A page without anything about anyone; it takes this page's place, so the Back button does not lead here again. */
const HARMLESS = "/";

export function leave() {
  forget();
  api.signOut();
  document.body.replaceChildren();
  location.replace(HARMLESS);
}

/** @param {KeyboardEvent} event @returns {boolean} whether a person is typing, so that letters are no commands */
export function typing(event) {
  const target = event.target instanceof Element ? event.target : null;
  return Boolean(target?.closest("input, textarea, select")) || event.ctrlKey || event.metaKey || event.altKey;
}

/** @param {string} title @param {unknown} [extra] */
export function topBar(title, extra = "") {
  return html`
    <header class="top">
      <p class="brand"><span class="mark" aria-hidden="true"></span>Getuige<span class="where">${title}</span></p>
      <div class="tools">
        ${extra}
        <div class="languages" role="group" aria-label=${t("language")}>
          ${LANGUAGES.map((code) => html`
            <button type="button" lang=${code} aria-pressed=${code === language() ? "true" : "false"}
              @click=${() => use(code)}>${code.toUpperCase()}</button>`)}
        </div>
        <button type="button" class="leave" @click=${leave}>${t("leave")}</button>
      </div>
    </header>`;
}
