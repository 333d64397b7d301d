/**
 * What people and machines wrote, as it is shown: characters that cannot be seen, or that turn the reading direction of
 * what follows, are made visible: with U+202E in it, `uitnodiging…gpj.exe` must not read as a picture. Pure.
 */

/**
 * Controls (C0, C1), the marks that steer bidirectional text (Unicode UAX #9: embeddings, overrides, isolates and the
 * invisible marks), separators of lines, and characters of no width that can hide in a name. Line feed and tab are text.
 * The joiners U+200C and U+200D stay: Persian and emoji are written with them.
 */
const HIDDEN = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]|[\u{E0000}-\u{E007F}]/gu;

/** @param {string} character @returns {string} `⟨U+202E⟩` */
const named = (character) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

/** @param {string} text several lines @returns {string} */
export const visible = (text) => text.replaceAll("\r\n", "\n").replaceAll(HIDDEN, named);

/** @param {string} text a title or a name @returns {string} on one line */
export const visibleLine = (text) => visible(text).replaceAll("\n", named("\n")).replaceAll("\t", " ");

/**
 * A description as it is shown: every text in it made visible. What is opened goes through here once, at the door.
 * @template Value @param {Value} value parsed JSON @returns {Value}
 */
export function shown(value) {
  if (typeof value === "string") return /** @type {any} */ (visible(value));
  if (Array.isArray(value)) return /** @type {any} */ (value.map(shown));
  if (value === null || typeof value !== "object") return value;
  return /** @type {any} */ (Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(member)])));
}
