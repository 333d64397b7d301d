// Signs requests of other people's clients (RFC 9421, docs/formats/request-signature.md), in Node and in a page.

const ALWAYS = ["@method", "@authority", "@path", "@query"];
const COVERED = ["upload-offset", "repr-digest", "content-digest"];

/** @param {Uint8Array} bytes */
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

/** @param {string} text */
const unbase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Returns the key of a PKCS 8 document in base64. @param {string} pkcs8 */
export const keyOf = (pkcs8) => crypto.subtle.importKey("pkcs8", unbase64(pkcs8), "Ed25519", false, ["sign"]);

/**
 * Returns the headers that authenticate one request; `headers` has those of it that are covered.
 * @param {{ key: CryptoKey, kid: string }} who
 * @param {string} method
 * @param {string} address
 * @param {Record<string, string | undefined>} headers
 */
export async function signatureOf(who, method, address, headers) {
  const url = new URL(address);
  const values = {
    "@method": method,
    "@authority": url.host.toLowerCase(),
    "@path": url.pathname,
    "@query": url.search || "?",
    ...headers,
  };
  const names = [...ALWAYS, ...COVERED.filter((name) => headers[name] !== undefined)];
  const listed = names.map((name) => `"${name}"`).join(" ");
  const params = `(${listed});created=${Math.floor(Date.now() / 1000)};keyid="${who.kid}";alg="ed25519"`;
  const lines = [...names.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${params}`];
  const signature = await crypto.subtle.sign("Ed25519", who.key, new TextEncoder().encode(lines.join("\n")));
  return { "Signature-Input": `sig1=${params}`, Signature: `sig1=:${base64(new Uint8Array(signature))}:` };
}

/** Returns tus-js-client's `onBeforeRequest` that signs. @param {{ key: CryptoKey, kid: string }} who */
export const signing = (who) => async (request) => {
  const headers = Object.fromEntries(COVERED.map((name) => [name, request.getHeader(name) ?? request.getHeader(titled(name))]));
  const signed = await signatureOf(who, request.getMethod(), request.getURL(), headers);
  for (const [name, value] of Object.entries(signed)) request.setHeader(name, value);
};

/** @param {string} name */
const titled = (name) => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
