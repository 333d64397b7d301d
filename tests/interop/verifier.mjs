/** The pages' verifier in Node: a folder and a trust folder in, claims out; exit codes are those of `getuige verify`. */
import { lstatSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { readAnchors, verify } from "../../server/web/static/core/verifier/verify.js";

/** @param {string} root */
function bagOf(root) {
  const bag = new Map();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (lstatSync(path).isDirectory()) continue;
    if (!lstatSync(path).isFile()) throw new Error(`${entry.name} is not a plain file`);
    bag.set(relative(root, path), new Uint8Array(readFileSync(path)));
  }
  return bag;
}

for await (const line of createInterface(process.stdin)) {
  const { path, trust } = JSON.parse(line);
  try {
    if (!lstatSync(path).isDirectory()) throw new Error("cannot be checked here: a ZIP, a receipt or a single item");
    const findings = await verify(bagOf(path), await readAnchors(bagOf(trust)));
    console.log(JSON.stringify({ code: findings.holds ? 0 : 1, claims: findings.claims }));
  } catch (error) {
    console.log(JSON.stringify({ code: 2, error: String(error.message) }));
  }
}
