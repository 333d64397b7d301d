/**
 * The browser's core modules, driven from a test: a line of JSON on standard input, one on standard
 * output. Bytes travel as base64. Node finds the libraries in server/web/node_modules, the files that vendor/ copies.
 */
import { createInterface } from "node:readline";
import * as canonical from "../../server/web/static/core/canonical.js";
import * as cobblestone from "../../server/web/static/core/cobblestone.js";
import * as container from "../../server/web/static/core/container.js";
import * as dsse from "../../server/web/static/core/dsse.js";
import * as lockedkey from "../../server/web/static/core/lockedkey.js";
import * as pages from "../../server/web/static/core/pages.js";
import * as ring from "../../server/web/static/core/ring.js";
import * as statements from "../../server/web/static/core/statements.js";
import * as wraps from "../../server/web/static/core/wraps.js";
import * as xwing from "../../server/web/static/core/xwing.js";
import { Authority } from "../../server/web/static/core/authority.js";
import { base64, fromBase64, fromHex, hex, utf8 } from "../../server/web/static/core/bytes.js";
import { signPublic, signingKid, xwingDecapsulate, xwingPublic } from "../../server/web/static/core/sodium.js";
import { Lineage } from "../../server/web/static/core/lineage.js";
import { verifyCheckpoint, verifyProof } from "../../server/web/static/core/proof.js";

const keyOf = (key) => (kid) => (kid === key.kid ? fromHex(key.sign, 32) : undefined);

const answers = {
  canonical: ({ value }) => ({ bytes: base64(canonical.encode(value)) }),

  cobblestone_seal: async ({ key, context, plaintext, salt }) => ({
    sealed: base64(await cobblestone.seal(fromBase64(key), utf8(context), fromBase64(plaintext), fromBase64(salt))),
  }),

  cobblestone_open: async ({ key, context, sealed }) => ({
    plaintext: base64(await cobblestone.open(fromBase64(key), utf8(context), fromBase64(sealed))),
  }),

  padme: ({ sizes }) => ({ padded: sizes.map(container.padme) }),

  open_item: async ({ bytes, seed, signer, given = [] }) => {
    const item = await container.parse(fromBase64(bytes));
    container.verifyHead(item, keyOf(signer));
    const own = await wraps.openingKey(fromBase64(seed));
    const all = [...given, ...item.head.wraps];
    const key = await wraps.find(item.head, all, new Map([[own.kid, own]]));
    if (!key) throw new Error("no wrap for this reader");
    const meta = await container.openMeta(item, key);
    const content = meta.file && item.content ? base64(await container.openContent(item, key, meta.file)) : null;
    return { meta, content };
  },

  open_ranges: async ({ bytes, key, ranges }) => {
    const whole = fromBase64(bytes);
    const item = await container.parse(whole);
    const { file } = await container.openMeta(item, fromBase64(key));
    const asked = [];
    const readAt = async (offset, size) => {
      asked.push(size);
      return whole.slice(offset, offset + size);
    };
    const opened = [];
    for (const [first, last] of ranges) opened.push(await container.openRange(item, fromBase64(key), file, readAt, first, last));
    return { opened: opened.map(base64), asked };
  },

  seal_item: async ({ place, seed, readers, key, meta, content }) => ({
    bytes: base64(await container.seal(
      place, fromBase64(seed), readers.map(fromBase64), fromBase64(key), meta,
      content === null ? null : fromBase64(content),
    )),
  }),

  statement: async ({ sign, type, kase, body }) => {
    const signSeed = fromBase64(sign);
    const identity = { signSeed, kid: await signingKid(signPublic(signSeed)) };
    return { envelope: await statements.make(identity, type, kase, body) };
  },

  verify: ({ envelope, signer }) => ({ signers: dsse.verify(envelope, keyOf(signer)) }),

  unlock: async ({ phrase, locked }) => {
    const { authSeed, wrapping } = lockedkey.derive(phrase, locked.kdf);
    const identity = await lockedkey.open(wrapping, locked.locked);
    return { auth: hex(signPublic(authSeed)), kid: identity.kid, opening_kid: identity.opening.kid };
  },

  decapsulate: ({ seed, encapsulated }) => ({
    public: hex(xwingPublic(fromHex(seed, 32))),
    shared: hex(xwingDecapsulate(fromHex(seed, 32), fromBase64(encapsulated))),
  }),

  unseal: async ({ seed, info, sealed, additional }) => ({
    plaintext: hex(await xwing.unseal(fromHex(seed, 32), fromBase64(info), fromBase64(sealed), fromBase64(additional))),
  }),

  authority: async ({ root, events, whom }) => {
    const authority = await Authority.rootedAt(root);
    const refused = await authority.learn(events);
    const found = whom.map(([kid, index]) => authority.find(kid, index)?.role ?? null);
    return { refused, found };
  },

  page: async ({ bytes }) => {
    const { facts, rows } = await pages.read(fromBase64(bytes));
    return {
      facts,
      rows: rows.map((row) => ({
        index: row.index, received_at: row.received_at, salt: row.salt, trouble: row.trouble,
        event: row.envelope && base64(pages.eventOf(row)),
        item: row.item && {
          head: base64(canonical.encode(row.item.head.packed())), meta: base64(row.item.meta),
          wraps: row.item.wraps, arrived: row.item.arrived,
        },
      })),
    };
  },

  seal_ring: async ({ key, kase, reader, number, keys }) => {
    const named = new Map(Object.entries(keys).map(([item, one]) => [item, fromBase64(one)]));
    return { ring: base64(await ring.seal(fromBase64(key), kase, reader, number, named)) };
  },

  open_ring: async ({ key, kase, reader, bytes }) => {
    const { number, keys } = await ring.open(fromBase64(key), kase, reader, fromBase64(bytes));
    return { number, keys: Object.fromEntries([...keys].map(([item, one]) => [item, base64(one)])) };
  },

  head: ({ note, vkey }) => verifyCheckpoint(note, vkey),

  proof: async ({ proof, index, event, salt, vkey }) => {
    const { size } = await verifyProof(fromBase64(proof), index, fromBase64(event), fromBase64(salt), vkey);
    return { size };
  },

  rotated: async ({ anchors, rotations, proof, index, event, salt }) => {
    const line = await Lineage.follow(anchors, rotations);
    const log = line.at(index);
    const place = index - log.firstEvent + log.before;
    await verifyProof(fromBase64(proof), place, fromBase64(event), fromBase64(salt), log.vkey, log.end);
    return { log: log.origin, place };
  },
};

for await (const line of createInterface(process.stdin)) {
  const { ask, ...request } = JSON.parse(line);
  try {
    console.log(JSON.stringify(await answers[ask](request)));
  } catch (error) {
    console.log(JSON.stringify({ error: error.constructor.name, message: error.message }));
  }
}
