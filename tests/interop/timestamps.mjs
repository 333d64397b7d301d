/** RFC 3161 tokens put to the pages' verifier in Node: a token, a digest and a root in, what it says out. */
import { createInterface } from "node:readline";
import { fromBase64, fromHex } from "../../server/web/static/core/bytes.js";
import { verify } from "../../server/web/static/core/verifier/rfc3161.js";
import { fromPem } from "../../server/web/static/core/verifier/x509.js";

for await (const line of createInterface(process.stdin)) {
  const { token, digest, root } = JSON.parse(line);
  try {
    const { time, latest, expires, name } = await verify(fromBase64(token), fromHex(digest, 32), await fromPem(root));
    console.log(JSON.stringify({ time, latest, expires, name }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message, unjudged: error.constructor.name === "UnjudgedError" }));
  }
}
