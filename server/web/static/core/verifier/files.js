/** The files of a bundle: those that the manifests name, with their hashes, from a closed list, and nothing else. */
import { FormatError, text } from "../bytes.js";
import { digest, isSafe, need } from "./bag.js";
import { TEXTS } from "./pinned.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {import("./bag.js").Bag} Bag */

export const MANIFEST = "manifest-sha256.txt";
export const TAG_MANIFEST = "tagmanifest-sha256.txt";
export const SEALED_MANIFEST = "proof/sealed-manifest-sha256.txt";
export const OPENINGS = "data/openings.json";

const DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
/** What ends a line for Python. */
const LINE_ENDS = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;
const TAGS = ["bagit.txt", "bag-info.txt", MANIFEST, TAG_MANIFEST];

const COMMON = [
  "bagit\\.txt|bag-info\\.txt|manifest-sha256\\.txt|tagmanifest-sha256\\.txt|HOWTO\\.txt|verify\\.sh|data/salts\\.json",
  "proof/rotations\\.json|proof/export-event\\.json|proof/export-salt\\.txt|proof/export-event\\.tlog-proof|proof/export-head\\.txt",
  "data/events/[0-9]{10}\\.json|proof/events/[0-9]{10}\\.tlog-proof",
  "proof/timestamps/[0-9a-f]{64}(\\.[1-9][0-9]?)?\\.tsr|proof/renewals/[0-9a-f]{64}\\.tlog-proof",
];
const SEALED = [...COMMON, "data/items/[0-9a-f]{32}\\.getuige"];
const OPENED = [
  ...COMMON,
  "data/openings\\.json|data/timeline\\.csv|data/case\\.jsonld|proof/sealed-manifest-sha256\\.txt",
  "data/originals/[0-9]{4,}-[^/]+|data/descriptions/[0-9]{4,}-[0-9a-f]{8}\\.json|data/heads/[0-9a-f]{32}\\.json",
  "data/fields/[0-9]{4,}-[0-9a-f]{8}\\.tsv",
];

/** @param {Bytes} data @returns {Map<string, string>} name → SHA-256 @throws {FormatError} */
export function parseManifest(data) {
  /** @type {Map<string, string>} */
  const found = new Map();
  const lines = text(data).split(LINE_ENDS);
  if (lines[lines.length - 1] === "") lines.pop();
  for (const line of lines) {
    const match = /^([0-9a-f]{64}) {2}?\*?(.+)$/.exec(line);
    if (!match) throw new FormatError("a line of the manifest is malformed");
    if (!isSafe(match[2]) || found.has(match[2])) {
      throw new FormatError("the manifest names a file twice, or one outside the bag");
    }
    found.set(match[2], match[1]);
  }
  return found;
}

/**
 * @param {Bag} bag @param {import("./claims.js").Findings} findings
 * @returns {Promise<Map<string, string>>} SHA-256 of every file
 * @throws {FormatError} a manifest or the declaration cannot be read
 */
export async function check(bag, findings) {
  const payload = parseManifest(await need(bag, MANIFEST));
  const tags = parseManifest(await need(bag, TAG_MANIFEST));
  if (text(await need(bag, "bagit.txt")) !== DECLARATION) throw new FormatError("the bag's declaration is not that of BagIt 1.0");
  /** @type {Map<string, string>} */
  const digests = new Map();
  for (const [name, member] of bag) digests.set(name, await digest(member));
  const expected = new Map([...tags, ...payload]);
  const before = findings.claims.length;
  for (const name of [...expected.keys()].sort()) if (!bag.has(name)) findings.failed("bag-file-missing", name);
  for (const name of foreign(bag, payload, tags)) findings.failed("bag-file-extra", name);
  for (const [name, digest] of expected) {
    if (bag.has(name) && digests.get(name) !== digest) findings.failed("bag-file-differs", name);
  }
  for (const [name, digest] of Object.entries(TEXTS)) {
    if ((digests.get(name) ?? digest) !== digest) findings.failed("bag-text-foreign", name);
  }
  if (findings.claims.length === before) findings.proven("bag-whole", "", { files: bag.size });
  return digests;
}

/** @param {Bag} bag @param {Map<string, string>} payload @param {Map<string, string>} tags @returns {string[]} */
function foreign(bag, payload, tags) {
  const known = new RegExp(`^(${(bag.has(OPENINGS) ? OPENED : SEALED).join("|")})$`);
  const names = new Set([...bag.keys(), ...payload.keys(), ...tags.keys()]);
  return [...names].sort().filter((name) => {
    const isData = name.startsWith("data/");
    const unnamed = bag.has(name) && !(isData ? payload.has(name) : tags.has(name) || TAGS.includes(name));
    const misplaced = isData ? tags.has(name) : payload.has(name);
    if (unnamed || misplaced || !known.test(name)) return true;
    const event = /^proof\/events\/(.*)\.tlog-proof$/.exec(name)?.[1];
    return event !== undefined && !names.has(`data/events/${event}.json`);
  });
}
