/**
 * The published vectors, put to the browser's core modules: the counterpart of `tests/vectors/operations.py`.
 *
 * Reads the names of vector files as arguments; prints one line of JSON for each vector that came out otherwise, and a
 * last line with how many were right and how many were left to readers that know the whole schema.
 */
import { deepStrictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import * as canonical from "../../server/web/static/core/canonical.js";
import * as cobblestone from "../../server/web/static/core/cobblestone.js";
import * as container from "../../server/web/static/core/container.js";
import * as edtf from "../../server/web/static/core/edtf.js";
import * as dsse from "../../server/web/static/core/dsse.js";
import * as fields from "../../server/web/static/core/fields.js";
import * as filetypes from "../../server/web/static/core/filetypes.js";
import { writable } from "../../server/web/static/core/meta.js";
import * as lockedkey from "../../server/web/static/core/lockedkey.js";
import * as statements from "../../server/web/static/core/statements.js";
import * as wraps from "../../server/web/static/core/wraps.js";
import { FormatError, base64, concat, fromBase64, fromHex, hex, hmac, sha256, utf8 } from "../../server/web/static/core/bytes.js";
import { answers as patterns } from "./patterns.mjs";
import { LockError, SignatureError, sign, signPublic, signingKid, verify, xwingPublic } from "../../server/web/static/core/sodium.js";

const REASONS = [[SignatureError, "signature"], [LockError, "locked"], [container.CommitmentError, "contradiction"], [FormatError, "form"]];

/** Where the page calls a contradiction by another name: it stops either way. */
const ALIKE = { form: "contradiction" };

const pattern = (size) => Uint8Array.from({ length: size }, (_, index) => index % 251);

async function keysOf(list) {
  const named = await Promise.all(list.map(async (key) => [await signingKid(fromHex(key, 32)), fromHex(key, 32)]));
  return new Map(named);
}

async function identity({ sign_seed: signing, xwing_seed: opening }) {
  const signSeed = fromHex(signing, 32);
  return { signSeed, kid: await signingKid(signPublic(signSeed)), opening: await wraps.openingKey(fromHex(opening, 32)) };
}

const leaf = async (salt, event) => hex(concat([1], await hmac("SHA-256", fromHex(salt, 32), fromBase64(event))));

const answers = {
  "describe key": async (given) => {
    const who = await identity(given);
    return {
      sign: hex(signPublic(who.signSeed)), kid: who.kid,
      xwing: base64(xwingPublic(who.opening.seed)), opening_kid: who.opening.kid,
    };
  },
  "wrap to": async ({ xwing }) => {
    const nowhere = { case: "0".repeat(32), item: "0".repeat(32) };
    const { to, suite } = await wraps.wrap(nowhere, fromBase64(xwing), new Uint8Array(32));
    return { to, suite };
  },
  sign: ({ sign_seed: seed, message }) => ({ sig: base64(sign(fromHex(seed, 32), fromBase64(message))) }),
  verify: ({ key, message, sig }) => {
    verify(fromHex(key, 32), fromBase64(message), fromBase64(sig));
    return {};
  },
  unlock: async ({ phrase, locked }) => {
    const who = await lockedkey.open(lockedkey.derive(phrase, locked.kdf).wrapping, locked.locked);
    return { kid: who.kid, opening_kid: who.opening.kid };
  },
  "answer challenge": ({ phrase, kdf, challenge }) => {
    const { authSeed } = lockedkey.derive(phrase, kdf);
    return { sig: base64(lockedkey.answer(authSeed, "auth", fromBase64(challenge))) };
  },
  canonical: ({ value }) => ({ bytes: base64(canonical.encode(value)) }),
  decode: ({ bytes }) => ({ value: canonical.decode(fromBase64(bytes)) }),
  pae: ({ type, body }) => ({ bytes: base64(dsse.pae(type, fromBase64(body))) }),
  "make statement": async ({ payload, sign_seeds: seeds }) => {
    const envelope = await dsse.sign(dsse.STATEMENT, canonical.encode(payload), ...seeds.map((seed) => fromHex(seed, 32)));
    return { envelope, id: await statements.id(envelope) };
  },
  "read statement": async ({ envelope, keys }) => {
    const known = await keysOf(keys);
    const { type, case: kase, at, by } = statements.read(envelope);
    const signers = dsse.verify(envelope, (kid) => known.get(kid));
    if (!signers.includes(by) || new Set(signers).size !== known.size) throw new SignatureError("a signature is missing");
    return { id: await statements.id(envelope), type, case: kase ?? null, at, by };
  },
  padme: ({ sizes }) => ({ padded: sizes.map(container.padme) }),
  "seal chunks": async ({ key, context, salt, plaintext, pattern: size }) => {
    const plain = plaintext === undefined ? pattern(size) : fromBase64(plaintext);
    const sealed = await cobblestone.seal(fromBase64(key), utf8(context), plain, fromBase64(salt));
    return plaintext === undefined ? { size: sealed.length, sha256: hex(await sha256(sealed)) } : { sealed: base64(sealed) };
  },
  "open chunks": async ({ key, context, sealed }) => ({
    plaintext: base64(await cobblestone.open(fromBase64(key), utf8(context), fromBase64(sealed))),
  }),
  "commit fields": ({ key, description, withheld }) => ({
    commitment: fields.commitment(fromBase64(key), description), opening: fields.opening(fromBase64(key), description, withheld),
  }),
  "read fields": ({ opening, commitment }) => {
    const { commitment: found, ...shows } = fields.read(utf8(opening));
    if (found !== commitment) throw new container.CommitmentError("not what was sealed");
    return shows;
  },
  commit: async ({ key, plaintext }) => ({
    opening: hex(await hmac("SHA-256", fromBase64(key), utf8("getuige/commitment-salt/v1/content"))),
    commitment: await container.commitment(fromBase64(key), fromBase64(plaintext)),
  }),
  "open wrap": async (given) => {
    const who = await identity(given);
    return { key: base64(await wraps.unwrap(given, who.opening, given.wrap, given.suite)) };
  },
  "seal parts": async ({ key, case: kase, item, meta, content }) => {
    const place = { case: kase, item, by: "0".repeat(32), at: meta.recorded };
    const bytes = await container.seal(place, new Uint8Array(32), [xwingPublic(new Uint8Array(32))], fromBase64(key), meta, fromBase64(content));
    const sealed = await container.parse(bytes);
    return {
      meta: base64(sealed.meta),
      meta_commitment: sealed.head.meta.commitment,
      content: base64(sealed.content),
      content_commitment: sealed.head.content.commitment,
    };
  },
  "open item": async (given) => {
    const item = await container.parse(fromBase64(given.container));
    const signer = await keysOf([given.signer]);
    container.verifyHead(item, (kid) => signer.get(kid));
    const who = await identity(given);
    const key = await wraps.find(item.head, item.head.wraps, new Map([[who.opening.kid, who.opening]]));
    if (!key) throw new LockError("no wrap for this reader");
    const meta = await container.openMeta(item, key);
    return { meta, content: item.content && base64(await container.openContent(item, key, meta.file)) };
  },
  description: ({ text }) => ({ text: new TextDecoder().decode(canonical.encode(writable(canonical.decode(utf8(text))))) }),
  leaf: async ({ salt, event }) => ({ leaf: await leaf(salt, event) }),
  "make event": async ({ envelope, index, received_at }) => {
    const event = canonical.encode({ v: 1, index, received_at, dsse: envelope });
    return { event: base64(event), sha256: hex(await sha256(event)) };
  },
  "read event": async ({ event }) => readEvent(fromBase64(event)),
  "check receipt": async (given) => {
    const signer = await keysOf([given.server]);
    dsse.verify(given.receipt, (kid) => signer.get(kid));
    const receipt = canonical.decode(dsse.body(dsse.parse(given.receipt, dsse.RECEIPT)));
    const read = await readEvent(fromBase64(given.event));
    const found = {
      log: given.origin, index: read.index, statement: read.statement, received_at: read.received_at,
      event: hex(await sha256(fromBase64(given.event))), leaf: await leaf(given.salt, given.event), by: [...signer.keys()][0],
    };
    const differs = Object.keys(found).some((member) => found[member] !== receipt[member]);
    if (differs || read.statement !== given.statement) throw new container.CommitmentError("the receipt is of something else");
    return { index: receipt.index, leaf: receipt.leaf, received_at: receipt.received_at };
  },
  ...patterns,
  "read time": readTime,
  "type of file": async ({ name, bytes }) => {
    const data = fromBase64(bytes);
    const mime = await filetypes.typeOf((offset, size) => Promise.resolve(data.subarray(offset, offset + size)), name);
    return { mime, kind: filetypes.kindOf(mime) };
  },
};

function readTime({ text }) {
  const { earliest, latest, ...rest } = edtf.parse(text);
  return { earliest: written(earliest), latest: written(latest), ...rest };
}

function written(point) {
  if (point === null) return null;
  const digits = (number, size = 2) => String(number).padStart(size, "0");
  const { year, month, day, hour, minute, second, zone } = point;
  const clock = `${digits(year, 4)}-${digits(month)}-${digits(day)}T${digits(hour)}:${digits(minute)}:${digits(second)}`;
  if (zone === null) return clock;
  return `${clock}${zone < 0 ? "-" : "+"}${digits(Math.floor(Math.abs(zone) / 60))}:${digits(Math.abs(zone) % 60)}`;
}

async function readEvent(bytes) {
  const event = canonical.decode(bytes);
  const members = Object.keys(event).sort().join();
  const fits = members === "dsse,index,received_at,v" && event.v === 1 && Number.isSafeInteger(event.index) && event.index >= 0;
  if (!fits || Number.isNaN(Date.parse(event.received_at))) throw new FormatError("not an event");
  const envelope = dsse.parse(event.dsse, dsse.STATEMENT);
  return { index: event.index, received_at: event.received_at, statement: await statements.id(envelope) };
}

async function perform({ do: operation, given }) {
  try {
    return { gives: await answers[operation](given) };
  } catch (error) {
    if (error instanceof edtf.TimeError) return { refused: error.reason };
    const reason = REASONS.find(([kind]) => error instanceof kind);
    return reason ? { refused: reason[1] } : { crashed: `${error.constructor.name}: ${error.message}` };
  }
}

function fits(vector, answer) {
  if (vector.refused) return answer.refused === vector.refused || ALIKE[answer.refused] === vector.refused;
  try {
    deepStrictEqual(answer.gives, vector.gives);
    return true;
  } catch {
    return false;
  }
}

const count = { right: 0, left: 0 };
for (const file of process.argv.slice(2)) {
  for (const vector of JSON.parse(readFileSync(file, "utf8")).vectors) {
    if (vector.needs) {
      count.left += 1;
      continue;
    }
    const answer = await perform(vector);
    if (fits(vector, answer)) count.right += 1;
    else console.log(JSON.stringify({ name: vector.name, expected: vector.refused ?? vector.gives, answer }));
  }
}
console.log(JSON.stringify(count));
