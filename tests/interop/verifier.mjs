/** The pages' verifier in Node: what lies at a path and a trust folder in, claims out; exit codes are those of `getuige verify`. */
import { lstatSync, openAsBlob, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, extname, join, relative } from "node:path";
import { createInterface } from "node:readline";
import { folder, readAnchors, unzip, verify, verifyDocument, verifyItem } from "../../server/web/static/core/verifier/verify.js";

/** @param {string} root */
function bagOf(root) {
  const files = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (lstatSync(path).isDirectory()) continue;
    if (!lstatSync(path).isFile()) throw new Error(`${entry.name} is not a plain file`);
    files.push([relative(root, path), new Blob([readFileSync(path)])]);
  }
  return folder(files);
}

/** @param {string} path @param {string} trust @param {string[]} kept folders with receipts */
async function judge(path, trust, kept) {
  const anchors = await readAnchors(bagOf(trust));
  const receipts = kept.flatMap((one) => [...bagOf(one)].map(([, { blob }]) => blob));
  if (lstatSync(path).isDirectory()) return verify(bagOf(path), anchors, receipts);
  const file = await openAsBlob(path);
  if (extname(path) === ".json") return verifyDocument(file, anchors);
  if (extname(path) !== ".getuige") return verify(await unzip(file), anchors);
  const item = basename(path, ".getuige");
  return verifyItem(file, item, await openAsBlob(join(dirname(path), `${item}.json`)), anchors);
}

process.removeAllListeners("warning"); // openAsBlob is new in Node 20, and says so
for await (const line of createInterface(process.stdin)) {
  const { path, trust, kept = [] } = JSON.parse(line);
  try {
    const findings = await judge(path, trust, kept);
    console.log(JSON.stringify({ code: findings.holds ? 0 : 1, claims: findings.claims, nl: findings.lines("nl"), en: findings.lines("en") }));
  } catch (error) {
    console.log(JSON.stringify({ code: 2, error: String(error.message) }));
  }
}
