/**
 * What this browser trusts: the organisation's root key and the key of the custody log, pinned when first seen and shown
 * to the person who signs in. A server that later names another root is not believed.
 */
import { FormatError, fromHex } from "./bytes.js";

/** @typedef {{root: string, vkey: string, origin: string, since: string}} Anchors */

const PINNED = "getuige-anchors";

/** The server names other anchors than those that this browser pinned. */
export class AnchorError extends Error {
  /** @param {Anchors} pinned @param {Anchors} offered */
  constructor(pinned, offered) {
    super("the server names another root than the one that this browser pinned");
    this.pinned = pinned;
    this.offered = offered;
  }
}

/** @returns {Anchors | null} */
export function pinned() {
  const stored = localStorage.getItem(PINNED);
  return stored ? JSON.parse(stored) : null;
}

/**
 * @param {any} offered answer of `/api/v1/trust`
 * @returns {Anchors} the pinned ones
 * @throws {AnchorError | FormatError}
 */
export function pin(offered) {
  const root = typeof offered.root === "string" ? offered.root : offered.root?.sign;
  fromHex(root, 32);
  if (typeof offered.log_vkey !== "string" || typeof offered.origin !== "string") throw new FormatError("no log key");
  const fresh = { root, vkey: offered.log_vkey, origin: offered.origin, since: new Date().toISOString() };
  const known = pinned();
  if (!known) {
    localStorage.setItem(PINNED, JSON.stringify(fresh));
    return fresh;
  }
  if (known.root !== fresh.root || known.vkey !== fresh.vkey) throw new AnchorError(known, fresh);
  return known;
}

/** @param {string} root hexadecimal @returns {string} in groups of four, to be read aloud or compared with paper */
export const groups = (root) => (root.match(/.{4}/g) ?? []).join(" ");
