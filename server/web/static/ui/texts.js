/**
 * Texts for people: Fluent messages, Dutch first. The chosen language is remembered in this browser.
 * The page names both files with their hash (`data-texts-nl`, `data-texts-en`), so a changed text is refused too.
 */
import { FluentBundle, FluentResource } from "@fluent/bundle";

/** @typedef {"nl" | "en"} Language */
/** @typedef {Record<string, string | number>} Values */

const REMEMBERED = "getuige-language";
/** @type {Language[]} */
export const LANGUAGES = ["nl", "en"];

/** Says "changed" on `window` when the language changed. */
export const LANGUAGE_CHANGED = "getuige-language-changed";

/** @type {FluentBundle} */
let bundle = new FluentBundle("nl");
/** @type {Language} */
let current = "nl";

/** @returns {Language} */
export const language = () => current;

/** @param {Language} wanted @param {string} source the texts in that language */
export function speak(wanted, source) {
  const fresh = new FluentBundle(wanted, { useIsolating: false });
  fresh.addResource(new FluentResource(source));
  bundle = fresh;
  current = wanted;
}

/** @param {Language} wanted */
export async function use(wanted) {
  const [url, integrity] = (document.documentElement.getAttribute(`data-texts-${wanted}`) ?? "").split(" ");
  speak(wanted, await (await fetch(url, { integrity })).text());
  localStorage.setItem(REMEMBERED, wanted);
  document.documentElement.lang = wanted;
  const title = document.querySelector("title[data-text]")?.getAttribute("data-text");
  if (title) document.title = t(title);
  window.dispatchEvent(new Event(LANGUAGE_CHANGED));
}

/** Load the remembered language; Dutch when there is none. */
export function start() {
  const remembered = /** @type {Language | null} */ (localStorage.getItem(REMEMBERED));
  return use(remembered && LANGUAGES.includes(remembered) ? remembered : "nl");
}

/** @param {string} id @returns {boolean} */
export const has = (id) => bundle.hasMessage(id);

/** @param {string} id @param {Values} [values] @returns {string} the text; its own id when it is missing */
export function t(id, values = {}) {
  const message = bundle.getMessage(id);
  if (!message?.value) return id;
  return bundle.formatPattern(message.value, values);
}

/** @param {string} prefix @param {string} word @returns {string} the text of a known word, else the word itself */
export function word(prefix, word) {
  const id = `${prefix}-${word.replaceAll(/[^a-zA-Z0-9]+/g, "-")}`;
  return has(id) ? t(id) : word;
}
