/** Items that were given to this reader and do not open: each is named with who added it, and accuses nobody. */
import { html, nothing } from "lit";
import { minute } from "../ui/dates.js";
import { t, word } from "../ui/texts.js";

/** @param {import("./case.js").Case} opened */
export const unopenedRows = ({ unopened }) => (unopened.length === 0 ? nothing : html`
  <details class="left-out unopened">
    <summary>${t("unopened-count", { count: unopened.length })}</summary>
    <p>${t("unopened-explained")}</p>
    <ul class="plain">${unopened.map(({ id, index, received, by, fault, why }) => html`
      <li data-item=${id} data-fault=${fault}>
        ${minute(received)} · ${t("unopened-by")} ${word("role", by.role ?? "")} ${by.label && by.label !== by.role ? by.label : nothing}
        <span class="mono">${(by.device ?? by.kid).slice(0, 8)}</span>: ${t(`unopened-${fault}`)}
        <span class="quiet small">(<span class="mono">${id.slice(0, 8) || index}</span>${why ? `, ${why}` : nothing})</span>
      </li>`)}</ul>
  </details>`);
