/** The twelve signatures, put to the pages' rule with libsodium and with Node's own WebCrypto. */
import { readFileSync } from "node:fs";
import { fromHex } from "../../server/web/static/core/bytes.js";
import { mayHold } from "../../server/web/static/core/ed25519.js";
import { verify } from "../../server/web/static/core/sodium.js";

const bytes = (text) => fromHex(text, text.length / 2);
const page = (...given) => {
  try {
    verify(...given);
    return true;
  } catch {
    return false;
  }
};
const said = [];
for (const { key, msg, sig } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const [by, over, signature] = [bytes(key), bytes(msg), bytes(sig)];
  let node = mayHold(by, signature);
  if (node) node = await crypto.subtle.verify("Ed25519", await crypto.subtle.importKey("raw", by, "Ed25519", false, ["verify"]), signature, over);
  said.push([page(by, over, signature), node]);
}
console.log(JSON.stringify(said));
