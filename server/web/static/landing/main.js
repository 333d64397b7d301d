/** `<getuige-landing>`: a front door without anything about anyone. */
import { html } from "lit";
import { LANGUAGES, language, start, t, use } from "../ui/texts.js";
import { View } from "../ui/view.js";

class Landing extends View {
  /** @override */
  render() {
    const door = (/** @type {string} */ href, /** @type {string} */ name) => html`
      <li><a class="card door" href=${href}><strong>${t(`landing-${name}`)}</strong><span>${t(`landing-${name}-text`)}</span></a></li>`;
    return html`
      <main id="main" class="landing">
        <p class="brand"><span class="mark" aria-hidden="true"></span></p>
        <h1>${t("landing-title")}</h1>
        <p class="quiet">${t("landing-lead")}</p>
        <ul class="doors">${door("/review", "review")}${door("/console", "console")}</ul>
        <p><a href="/docs">${t("landing-docs")}</a></p>
        <p class="quiet">${t("landing-danger")}</p>
        <div class="languages" role="group" aria-label=${t("language")}>
          ${LANGUAGES.map((code) => html`<button type="button" lang=${code} aria-pressed=${code === language() ? "true" : "false"}
            @click=${() => use(code)}>${code.toUpperCase()}</button>`)}
        </div>
      </main>`;
  }
}

await start();
customElements.define("getuige-landing", Landing);
