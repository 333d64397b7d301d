/**
 * Long clips, played from ranges: a player can only ask for addresses, so a small worker beside this page turns what it
 * asks for into questions to us, and we open just that. Without workers (or before ours runs) a clip is opened whole.
 */
import { Ranges } from "./ranges.js";

/** @typedef {import("./entries.js").Entry} Entry */

const SCOPE = "/review";
const WORKER = new URL("./clip-worker.js", import.meta.url).pathname;

/** How long a browser may take to start the worker; after that the clip is opened whole. */
const PATIENCE_MS = 5000;

/** @type {Map<string, Ranges>} clips that may be played now, by the random part of their address */
const playing = new Map();

/** The one address that may become a worker (Trusted Types). */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("getuige-clips", {
  createScriptURL: (/** @type {string} */ path) => {
    if (path !== WORKER) throw new TypeError("not our worker");
    return path;
  },
});

/** @type {Promise<boolean> | null} */
let started = null;

/** A worker outlives its page: take away what an earlier visit left. */
const cleaned = remove().catch(() => undefined);

/** Only our own worker: the origin may have others, such as the one that keeps a phone's page usable without a network. */
async function remove() {
  const left = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  const own = left.filter(({ scope }) => new URL(scope).pathname === SCOPE);
  await Promise.all(own.map((registration) => registration.unregister()));
}

/** @returns {Promise<boolean>} whether players of this page can ask us now */
function start() {
  started ??= begin().catch(() => false);
  return started;
}

async function begin() {
  const workers = navigator.serviceWorker;
  if (!workers || !policy) return false;
  await cleaned;
  workers.addEventListener("message", serve);
  workers.startMessages();
  await workers.register(policy.createScriptURL(WORKER), { scope: SCOPE, updateViaCache: "none" });
  const until = Date.now() + PATIENCE_MS;
  while (!workers.controller && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  return workers.controller !== null;
}

/** @param {MessageEvent} event a question of the worker: which clip, which bytes */
async function serve({ data, ports: [port] }) {
  const clip = playing.get(data?.clip);
  if (!port || !clip) return void port?.postMessage({});
  const { size } = clip;
  if (data.first >= size) return void port.postMessage({ size });
  try {
    const bytes = await clip.read(data.first, data.last);
    port.postMessage({ bytes, size, mime: clip.entry.file.mime }, [bytes.buffer]);
  } catch {
    port.postMessage({});
  }
}

/** @param {Entry} entry with a sound or film @returns {Promise<string | null>} an address for a player; null: open it whole */
export async function play(entry) {
  if (!(await start())) return null;
  const name = crypto.randomUUID();
  playing.set(name, new Ranges(entry));
  return `${SCOPE}/clip/${name}`;
}

/** Forget every clip, and take the worker away: it outlives a page otherwise. */
export async function stop() {
  playing.clear();
  if (!started) return;
  started = null;
  navigator.serviceWorker?.removeEventListener("message", serve);
  await remove();
}
