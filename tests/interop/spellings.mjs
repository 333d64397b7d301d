/**
 * The table of hostile spellings, put to the page's reader of JSON. Reads the table's name as an argument; prints one line
 * for each row about which it says something else, or at which it throws anything but its own error.
 */
import { readFileSync } from "node:fs";
import { FormatError, equal, fromBase64 } from "../../server/web/static/core/bytes.js";
import * as canonical from "../../server/web/static/core/canonical.js";

const { spellings } = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const { name, bytes, signed } of spellings) {
  const data = fromBase64(bytes);
  let taken = false;
  try {
    taken = equal(canonical.encode(canonical.decode(data)), data);
  } catch (error) {
    if (!(error instanceof FormatError)) console.log(`${name}: ${error}`);
  }
  if (taken !== signed) console.log(`${name}: ${taken ? "taken" : "refused"}`);
}
console.log(spellings.length);
