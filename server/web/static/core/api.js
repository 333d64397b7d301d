/** The way to the server: JSON in, JSON out, and every failure as one error that can be put into words. */
import * as lockedkey from "./lockedkey.js";
import { base64, fromBase64 } from "./bytes.js";
import { openingKey, unwrapShared } from "./wraps.js";
import { shown } from "./written.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./wraps.js").OpeningKey} OpeningKey */
/** @typedef {{xwing: string, wrap: string, suite: number}} Share a shared key, wrapped to us */
/** @typedef {{kid: string, role: string, label: string, shares: Share[]}} Who */
/** @typedef {Who & {identity: lockedkey.Identity, openers: Map<string, OpeningKey>, unopened: number}} Session keys stay in this object only; `unopened` counts shares that do not open */

/** Longer than any answer should take, short enough that a person is not left waiting. */
const TIMEOUT_MS = 30_000;

/** The server refused (RFC 9457 problem document) or could not be reached (`status` 0). */
export class ApiError extends Error {
  /** @param {number} status @param {{type?: string, title?: string, detail?: string, reason?: string}} problem */
  constructor(status, problem) {
    super(problem.detail || problem.title || `status ${status}`);
    this.status = status;
    this.title = problem.title ?? "";
    this.reason = problem.reason ?? "";
    this.kind = (problem.type ?? "").replace("urn:getuige:problem:", "");
  }
}

/**
 * @param {string} path @param {RequestInit & {timeout?: number}} [options]
 * @returns {Promise<Response>} only of success
 * @throws {ApiError}
 */
export async function send(path, options = {}) {
  const headers = { "Accept-Language": document.documentElement.lang, ...options.headers };
  const signal = options.signal ?? AbortSignal.timeout(options.timeout ?? TIMEOUT_MS);
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options, headers, signal });
  } catch {
    throw new ApiError(0, { type: "urn:getuige:problem:offline" });
  }
  if (response.ok) return response;
  throw new ApiError(response.status, shown(await response.json().catch(() => ({}))));
}

/**
 * @param {string} path @param {unknown} [body] posted as JSON when given @param {string} [method]
 * @param {Record<string, string>} [headers] further headers
 */
export async function json(path, body, method = body === undefined ? "GET" : "POST", headers = {}) {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } };
  const response = await send(path, { method, ...content });
  return response.status === 204 ? null : shown(await response.json());
}

/** @param {string} path @returns {Promise<Bytes>} */
export async function bytes(path) {
  return new Uint8Array(await (await send(path, { timeout: 10 * TIMEOUT_MS })).arrayBuffer());
}

/**
 * Sign in: fetch the locked key, open it here, sign the server's challenge. The phrase stays on this page.
 * @param {string} handle @param {string} phrase
 * @param {() => Promise<void>} beforeWork called just before the slow step, so that the page can say so
 * @param {boolean} [again] whether this browser may still have a session of theirs, after a reload of the page
 * @returns {Promise<Session>}
 * @throws {ApiError | import("./sodium.js").LockError}
 */
export async function signIn(handle, phrase, beforeWork, again = false) {
  const { challenge, kdf } = await json("/api/v1/sign-in/challenge", { handle });
  await beforeWork();
  const { authSeed, wrapping } = lockedkey.derive(phrase, kdf);
  const asked = fromBase64(challenge);
  const known = base64(lockedkey.answer(authSeed, "auth", asked));
  const { locked } = await json("/api/v1/sign-in/locked-key", { handle, challenge, sig: known });
  const identity = await lockedkey.open(wrapping, locked);
  /** @type {Who | null} */
  const kept = again ? await json("/api/v1/session").catch(() => null) : null;
  const proof = base64(lockedkey.answer(identity.signSeed, "session", asked));
  /** @type {Who} */
  const who = kept?.kid === identity.kid ? kept : await json("/api/v1/sign-in/session", { handle, challenge, sig: proof });
  /** @type {Session["openers"]} */
  const openers = new Map([[identity.opening.kid, identity.opening]]);
  let unopened = 0;
  for (const share of who.shares) {
    try {
      const shared = await openingKey(await unwrapShared(identity.opening, share.wrap, share.suite));
      openers.set(shared.kid, shared);
    } catch {
      unopened += 1;  // an alarm goes to every desk: one key that does not open keeps nobody from the others
    }
  }
  return { ...who, identity, openers, unopened };
}

/** End the session; `keepalive` lets the request outlive the page. */
export const signOut = () => send("/api/v1/session", { method: "DELETE", keepalive: true }).catch(() => undefined);
