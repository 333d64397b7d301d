/**
 * What this browser trusts: the organisation's root key and the key of the custody log, pinned when first seen and shown
 * to the person who signs in. A server that later names another root is not believed.
 */
import * as api from "./api.js";
import { FormatError, fromHex } from "./bytes.js";
import { Lineage } from "./lineage.js";

/** @typedef {{root: string, vkey: string, origin: string, since: string}} Anchors */

const PINNED = "getuige-anchors";
const ROTATIONS = "getuige-rotations";

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

/**
 * The logs as the pinned root made them: with the rotations that the server shows, and those that it showed before.
 * What the root signed once is not forgotten, whatever the server shows later.
 * @param {Anchors} anchors
 * @returns {Promise<Lineage>}
 */
export async function logs(anchors) {
  const kept = JSON.parse(localStorage.getItem(ROTATIONS) ?? "[]");
  const known = new Set(kept.map(payload));
  const shown = (await api.json("/api/v1/trust")).rotations ?? [];
  const all = [...kept, ...shown.filter((/** @type {any} */ one) => !known.has(payload(one)))];
  const line = await Lineage.follow(anchors, all);
  if (all.length > kept.length) localStorage.setItem(ROTATIONS, JSON.stringify(all));
  return line;
}

/** @param {any} envelope */
const payload = (envelope) => envelope.payload;

/** @param {string} root hexadecimal @returns {string} in groups of four, to be read aloud or compared with paper */
export const groups = (root) => (root.match(/.{4}/g) ?? []).join(" ");
