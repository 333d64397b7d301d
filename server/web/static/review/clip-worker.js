/**
 * Stands between a player on the review page and the network: answers `/review/clip/…` with bytes that the page opened.
 *
 * It holds no key and asks the network for nothing. Everything else on the page passes by it untouched, and the page
 * removes it again (docs/adr, *A player that asks for ranges*).
 */
const worker = /** @type {any} */ (self);
const PREFIX = "/review/clip/";

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (origin === worker.location.origin && pathname.startsWith(PREFIX)) event.respondWith(answer(event, pathname));
});

/** @param {any} event @param {string} pathname @returns {Promise<Response>} */
async function answer(event, pathname) {
  const page = await worker.clients.get(event.clientId);
  const asked = /^bytes=(\d+)-(\d*)$/.exec(event.request.headers.get("range") ?? "bytes=0-");
  if (!page || !asked) return new Response(null, { status: 416 });
  const first = Number(asked[1]);
  const last = asked[2] ? Number(asked[2]) : Number.MAX_SAFE_INTEGER;
  const found = await ask(page, { clip: pathname.slice(PREFIX.length), first, last });
  if (!found.bytes) return new Response(null, { status: found.size === undefined ? 404 : 416 });
  return new Response(found.bytes, {
    status: 206,
    headers: {
      "Accept-Ranges": "bytes",
      "Cache-Control": "no-store",
      "Content-Length": String(found.bytes.length),
      "Content-Range": `bytes ${first}-${first + found.bytes.length - 1}/${found.size}`,
      "Content-Type": found.mime,
      "Cross-Origin-Resource-Policy": "same-origin",
    },
  });
}

/** @param {any} page @param {object} question @returns {Promise<any>} */
function ask(page, question) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    page.postMessage(question, [port2]);
  });
}
