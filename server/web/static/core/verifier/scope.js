/** Whether a bundle is all that its export says (docs/formats/sealed-bundle.md, *Complete means complete*). */
import { FormatError, fromHex, hex, text } from "../bytes.js";
import { need } from "./bag.js";
import { MANIFEST, SEALED_MANIFEST, parseManifest } from "./files.js";
import { digestOf } from "./journal.js";
import { verifyConsistency } from "./logs.js";

/** @typedef {import("./journal.js").Part} Part */
/** @typedef {import("./claims.js").Findings} Findings */

const EXPORT_HEAD = "proof/export-head.txt";
const SHOWN = 8;
const FIRST = "0".repeat(64);

/** The manifest is the one that the export names, and covers the events here. @param {import("./bag.js").Bag} bag @param {Part} part @param {Findings} findings */
export async function checkExport(bag, part, findings) {
  const manifest = await need(bag, bag.has(SEALED_MANIFEST) ? SEALED_MANIFEST : MANIFEST);
  const listed = parseManifest(manifest);
  const here = new Map();
  for (const { index, raw } of part.listed) here.set(`data/events/${String(index).padStart(10, "0")}.json`, await digestOf(raw));
  const stray = [...here].some(([name, digest]) => listed.get(name) !== digest);
  const absent = [...listed.keys()].some((name) => name.startsWith("data/events/") && !here.has(name));
  const intact = (await digestOf(manifest)) === part.export.said.body.manifest && !stray && !absent;
  const { at, said: { by, body } } = part.export;
  if (intact && part.trusted(part.export)) findings.proven("export", "", { who: part.who(by), when: at, ground: body.ground });
  else findings.failed("export-manifest-differs");
}

/** @param {import("./bag.js").Bag} bag @param {Part} part @param {import("../lineage.js").Lineage} line @param {Findings} findings */
export async function checkScope(bag, part, line, findings) {
  const { case: kase, by, body } = part.export.said;
  for (const { index, said } of part.listed) {
    if (said.case !== undefined && said.case !== kase) findings.failed("export-foreign-case", String(index));
  }
  const here = new Set([...part.of("item.seal"), ...part.of("item.open")].map(({ said }) => said.body.item));
  const contained = [...bag.keys()].map((name) => /^data\/items\/(.*)\.getuige$/.exec(name)?.[1]).filter((item) => item !== undefined);
  const given = part.standing.readable(by, kase, part.export.at);
  const named = new Set(body.items);
  for (const item of new Set([...here, ...contained].sort())) if (!named.has(item)) findings.failed("export-item-foreign", item);
  for (const item of [...named].sort()) {
    if (!here.has(item)) findings.failed("export-item-missing", item);
    if (!given.has(item)) findings.failed("export-not-granted", item);
  }
  part.refused = new Set([...here, ...contained, ...named].filter((item) => !named.has(item) || !given.has(item)));
  const more = [...given].filter((item) => !named.has(item)).length;
  if (more) findings.note("export-granted-not-here", "", { count: more });
  try {
    checkHead(part, line, body.head);
    await checkPath(bag, part, line, body.head);
  } catch (error) {
    findings.failed("export-head-differs", "", { why: error });
  }
}

/** @param {Part} part @param {import("../lineage.js").Lineage} line @param {{log: string, size: number, root: string}} head */
function checkHead(part, line, head) {
  const log = line.logs.find(({ origin }) => origin === head.log);
  if (!log) throw new FormatError("a head of a log that is none of the line");
  const below = log.firstEvent + Math.max(0, head.size - log.before);
  if (below > part.export.index) throw new FormatError("it holds the export itself");
  if (part.listed.some(({ index }) => index >= below)) throw new FormatError("there are events here that lie behind it");
  const root = part.roots.get(`${head.log} ${head.size}`) ?? head.root;
  if (root !== head.root) throw new FormatError("a signed head of its size has another root: two histories were shown");
}

/**
 * The head leads to the one under which the export itself is proven, or to the last one of a log that ended.
 * @param {import("./bag.js").Bag} bag @param {Part} part @param {import("../lineage.js").Lineage} line
 * @param {{log: string, size: number, root: string}} head
 */
async function checkPath(bag, { overExport }, line, head) {
  if (!overExport) throw new FormatError("nothing shows that it is of this log: the export's own event is not proven");
  const end = line.logs.find(({ origin }) => origin === head.log)?.end;
  const target = head.log === overExport.origin ? { size: overExport.size, root: hex(overExport.root) } : end;
  if (!target) throw new FormatError("it is of a log that goes on beside that of the export");
  const lines = text(await need(bag, EXPORT_HEAD)).split("\n");
  if (lines.pop() !== "") throw new FormatError(`${EXPORT_HEAD} is no list of hashes`);
  await verifyConsistency(head.size, fromHex(head.root, 32), target.size, target.root, lines.map((one) => fromHex(one, 32)));
}

/** @param {Part} part @param {Findings} findings */
export function checkNumbers(part, findings) {
  /** @type {Map<string, import("./journal.js").Event[]>} */
  const here = new Map();
  for (const event of part.listed.filter(part.trusted)) {
    if (event.said.seq !== undefined) here.set(event.said.by, [...(here.get(event.said.by) ?? []), event]);
  }
  /** @type {{by: string, seq: number, statement: string}[]} */
  const named = part.export.said.body.last;
  const last = new Map(named.map((one) => [one.by, one]));
  for (const kid of [...new Set([...here.keys(), ...last.keys()])].sort()) {
    const who = part.who(kid);
    const about = (who.id || kid).slice(0, SHOWN);
    try {
      const end = last.get(kid);
      if (!end || last.size !== named.length) throw new FormatError("the export names no last number of it, or two");
      const events = here.get(kid) ?? [];
      checkLinks(events, end);
      const count = end.seq + 1 - events.length;
      if (count === 0) findings.proven("sequence-whole", about, { who, last: end.seq });
      else findings.note("sequence-gap", about, { who, last: end.seq, count, missing: gaps(events, end.seq + 1) });
    } catch (error) {
      findings.failed("sequence-broken", about, { who, why: error });
    }
  }
}

/** @param {import("./journal.js").Event[]} events @param {{seq: number, statement: string}} end @throws {FormatError} */
function checkLinks(events, end) {
  const links = new Map(events.map((event) => [event.said.seq, event]));
  if (links.size !== events.length) throw new FormatError("a number was given twice");
  for (const [seq, { said, id }] of links) {
    if (seq > end.seq) throw new FormatError(`number ${seq} is here, and the server called ${end.seq} the last`);
    if (seq === end.seq && id !== end.statement) throw new FormatError(`number ${seq} is another statement than the export names`);
    const before = seq === 0 ? FIRST : links.get(seq - 1)?.id ?? said.prev;
    if (said.prev !== before) throw new FormatError(`number ${seq} does not follow from the one before it`);
  }
}

/** @param {import("./journal.js").Event[]} events @param {number} whole @returns {string} the numbers below it that are not here, as ranges */
function gaps(events, whole) {
  const found = [];
  let begin = 0;
  for (const seq of [...events.map(({ said }) => said.seq).sort((left, right) => left - right), whole]) {
    if (seq > begin) found.push(seq === begin + 1 ? String(begin) : `${begin}–${seq - 1}`);
    begin = seq + 1;
  }
  return found.join(", ");
}
