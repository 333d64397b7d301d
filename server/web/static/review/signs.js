/** Signs that a phone's key may be in two hands, or that the log is not the one it saw: what it means and what to do. */
import { html, nothing } from "lit";
import { minute } from "../ui/dates.js";
import { t } from "../ui/texts.js";
import { counted } from "./figures.js";
import { shortId } from "./words.js";

/**
 * @typedef {{kind: "number-taken" | "seen-contradicts" | "seen-beyond" | "closed-to-readers", by: string, first: string, last: string}} Sign which
 *   key gave it; the server's word, and no evidence
 */

/** @param {import("./case.js").Case} opened @param {(figure: string) => void} follow leads to what that phone added */
export const signBanners = ({ entries, authority, facts }, follow) => (facts.signs ?? []).map(({ kind, by, first, last }) => {
  const phone = shortId({ kid: by, device: null, ...authority.find(by, Infinity) });
  const added = counted(entries, `from:${by}`).length;
  return html`
    <section class="card sign" role="status" data-sign=${kind} data-by=${by}>
      <h2>⚠ ${t(`sign-${kind}`, { phone })}</h2>
      <p>${t(`sign-${kind}-means`)}</p>
      <p class="sign-do"><strong>${t("sign-do")}</strong> ${t(`sign-${kind}-do`)}</p>
      <p class="quiet">${first === last ? t("sign-once", { at: minute(first) }) : t("sign-seen", { first: minute(first), last: minute(last) })}
        ${added === 0 ? nothing : html`<button type="button" class="link" data-figure=${`from:${by}`} data-count=${added}
          @click=${() => follow(`from:${by}`)}>${t("sign-added", { count: added })}</button>`}</p>
    </section>`;
});
