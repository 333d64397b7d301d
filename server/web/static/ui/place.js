/**
 * Where somebody was, so that a reload of the page asks for the phrase only and comes back there. Kept for this window, and
 * gone with it or when the page is left. The name stands there as it is; what was looked at is sealed by a key that only
 * signing in gives. Keys themselves are never kept.
 */
import { base64, concat, fromBase64, sha256, utf8 } from "../core/bytes.js";

/** @typedef {import("../core/lockedkey.js").Identity} Identity */

const KEPT = "getuige-place";
const NONCE = 12;
const LABEL = utf8("getuige/place/v1\0");

/** @returns {{handle: string, sealed?: string} | null} */
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

/** @returns {string} the name of who was signed in here before a reload; empty when nobody was */
export const rememberedHandle = () => kept()?.handle ?? "";

/** @param {string} handle */
export function rememberHandle(handle) {
  if (rememberedHandle() !== handle) sessionStorage.setItem(KEPT, JSON.stringify({ handle }));
}

export const forget = () => sessionStorage.removeItem(KEPT);

/** @param {Identity} identity */
const keyOf = async ({ signSeed }) => crypto.subtle.importKey("raw", await sha256(concat(LABEL, signSeed)), "AES-GCM", false, ["encrypt", "decrypt"]);

/** @param {Identity} identity @param {object} place JSON */
export async function remember(identity, place) {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(identity), utf8(JSON.stringify(place)));
  const handle = rememberedHandle();  // read now: the page may have been left meanwhile
  if (handle) sessionStorage.setItem(KEPT, JSON.stringify({ handle, sealed: base64(concat(iv, new Uint8Array(sealed))) }));
}

/** @param {Identity} identity @returns {Promise<any>} null when there is none, or another person's */
export async function remembered(identity) {
  const { sealed } = kept() ?? {};
  if (!sealed) return null;
  try {
    const bytes = fromBase64(sealed);
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.slice(0, NONCE) }, await keyOf(identity), bytes.slice(NONCE));
    return JSON.parse(new TextDecoder().decode(opened));
  } catch {
    return null;
  }
}
