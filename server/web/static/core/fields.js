/**
 * Field commitments: a description is sealed once, and shown field by field. As `evidence/envelope/fields.py`; the rules
 * stand in docs/formats/envelope.md, *Leaves*.
 */
import * as canonical from "./canonical.js";
import { FormatError, concat, fromHex, hex, text, utf8 } from "./bytes.js";
import { digest, mac } from "./sodium.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{commitment: string, shown: Record<string, any>, withheld: string[]}} Opened */

/** Without them a reader does not know what it is that is withheld. */
const ALWAYS_SHOWN = ["/v", "/kind"];

const MAX_LEAVES = 8192;
const MEMBER = /^[a-z][a-z0-9_]{0,31}$/;
const POINTER = /^(?:\/(?:[a-z][a-z0-9_]{0,31}|0|[1-9][0-9]{0,4}))+$/;
const FIELD = utf8("getuige/field/v1\0");

/** @param {string} left @param {string} right pointers are ASCII: the order of characters is that of bytes */
const inOrder = (left, right) => (left < right ? -1 : Number(left > right));

/** @param {unknown} value @returns {boolean} whether it holds no other leaf */
const isLeaf = (value) => typeof value !== "object" || value === null || Object.keys(value).length === 0;

/** @param {any} value @param {string} pointer @param {[string, any][]} found */
function collect(value, pointer, found) {
  if (isLeaf(value)) {
    found.push([pointer, value]);
    if (found.length > MAX_LEAVES) throw new FormatError(`a description of more than ${MAX_LEAVES} leaves`);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    if (!Array.isArray(value) && !MEMBER.test(name)) throw new FormatError("a member that cannot be named");
    collect(member, `${pointer}/${name}`, found);
  }
}

/**
 * @param {unknown} description parsed JSON @returns {[string, any][]} pointer and value of each leaf, in order
 * @throws {FormatError} it is no record, or cannot be flattened
 */
export function leaves(description) {
  if (isLeaf(description) || Array.isArray(description)) throw new FormatError("a description is a record with members");
  /** @type {[string, any][]} */
  const found = [];
  collect(description, "", found);
  return found.sort(([left], [right]) => inOrder(left, right));
}

/** @param {Bytes} salt @param {string} pointer @param {Bytes} value canonical JSON */
const fieldDigest = (salt, pointer, value) => digest(concat(FIELD, salt, utf8(`${pointer}\0`), value));

/** @param {[string, Bytes][]} digests @returns {string} */
const committed = (digests) => hex(digest(concat(
  utf8("getuige/description/v1\0"), ...digests.flatMap(([pointer, one]) => [utf8(`${pointer}\0`), one]),
)));

/** @param {Bytes} contentKey @returns {(pointer: string) => Bytes} the salt of each leaf */
function salts(contentKey) {
  const key = mac(contentKey, utf8("getuige/field-salts/v1"));
  return (pointer) => mac(key, utf8(pointer));
}

/**
 * @param {Bytes} contentKey @param {unknown} description parsed JSON @returns {string} the commitment
 * @throws {FormatError} it cannot be flattened
 */
export function commitment(contentKey, description) {
  const salt = salts(contentKey);
  return committed(leaves(description).map(([pointer, value]) => [pointer, fieldDigest(salt(pointer), pointer, canonical.encode(value))]));
}

/**
 * @param {Bytes} contentKey @param {unknown} description parsed JSON
 * @param {string[]} [withheld] leaves, or what holds them
 * @returns {string} a line for each leaf
 * @throws {FormatError} it cannot be flattened, or what is always shown is to be withheld
 */
export function opening(contentKey, description, withheld = []) {
  const salt = salts(contentKey);
  return leaves(description).map(([pointer, value]) => {
    const written = canonical.encode(value);
    if (!withheld.some((one) => pointer === one || pointer.startsWith(`${one}/`))) {
      return `${pointer}\t${hex(salt(pointer))}\t${text(written)}\n`;
    }
    if (ALWAYS_SHOWN.includes(pointer)) throw new FormatError(`${pointer} is always shown`);
    return `${pointer}\t-\t${hex(fieldDigest(salt(pointer), pointer, written))}\n`;
  }).join("");
}

/**
 * @param {Bytes} bytes an opening @returns {Opened} what it shows, and the commitment that it computes to
 * @throws {FormatError} another form or order of its lines
 */
export function read(bytes) {
  const lines = text(bytes).split("\n");
  if (lines.pop() !== "" || lines.length === 0 || lines.length > MAX_LEAVES) throw new FormatError("no opening of fields");
  /** @type {[string, Bytes][]} */
  const digests = [];
  /** @type {Opened} */
  const opened = { commitment: "", shown: {}, withheld: [] };
  let last = "";
  for (const line of lines) {
    const [pointer, salt, value, ...more] = line.split("\t");
    if (value === undefined || more.length > 0 || !POINTER.test(pointer)) throw new FormatError("no line of an opening of fields");
    if (pointer <= last) throw new FormatError(`${pointer} stands twice, or out of order`);
    last = pointer;
    if (salt === "-") {
      digests.push([pointer, fromHex(value, 32)]);
      opened.withheld.push(pointer);
    } else {
      const said = canonical.decode(utf8(value));
      if (!isLeaf(said)) throw new FormatError("a leaf has no members");
      opened.shown[pointer] = said;
      digests.push([pointer, fieldDigest(fromHex(salt, 32), pointer, utf8(value))]);
    }
  }
  if (ALWAYS_SHOWN.some((pointer) => !(pointer in opened.shown))) throw new FormatError("the kind is always shown");
  return { ...opened, commitment: committed(digests) };
}
