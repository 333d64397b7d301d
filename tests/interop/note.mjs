/** The console's note at a close, and whose signature a page believes, asked by a test: a line of JSON on standard input, one on standard output. */
import { createInterface } from "node:readline";
import { Authority } from "../../server/web/static/core/authority.js";
import { dated } from "../../server/web/static/core/dated.js";
import { base64, fromBase64, fromHex } from "../../server/web/static/core/bytes.js";
import { recipients } from "../../server/web/static/core/lists.js";
import { signPublic, signingKid } from "../../server/web/static/core/sodium.js";
import { signerOf } from "../../server/web/static/review/entries.js";
import { pieces, readersOf, seal } from "../../server/web/static/console/note.js";

const answers = {
  pieces: ({ texts }) => texts.map(pieces),
  readers: async ({ root, organisation, shown, case: kase, now }) => {
    const authority = await Authority.rootedAt(root);
    await authority.learn(organisation.map(dated));
    return (await readersOf(shown, kase, authority, now)).map(base64);
  },
  recipients: async ({ root, organisation, shown, case: kase, vault, kind, now }) => {
    const authority = await Authority.rootedAt(root);
    await authority.learn(organisation.map(dated));
    return recipients(shown, kase, fromHex(vault, 32), kind, authority, now);
  },
  stopped: async ({ root, lists, readers, case: kase, vault, now }) => {
    const [authority, stopped] = [await Authority.rootedAt(root), []];
    for (const [index, list] of lists.entries()) {
      await recipients({ lists: [list], readers }, kase, fromHex(vault, 32), "note", authority, now).catch(() => stopped.push(index));
    }
    return stopped;
  },
  signers: async ({ root, events }) => {
    const authority = await Authority.rootedAt(root);
    const shown = events.map(dated);
    await authority.learn(shown);
    return shown.map((/** @type {any} */ one) => signerOf(one, authority) !== null);
  },
  seal: async ({ seed, alarm, words, readers }) => {
    const signSeed = fromBase64(seed);
    const identity = { signSeed, kid: await signingKid(signPublic(signSeed)) };
    return seal(identity, alarm, "Notitie bij het sluiten van een alarm", words, readers.map(fromBase64));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  try {
    console.log(JSON.stringify(await answers[request.ask](request)));
  } catch (error) {
    console.log(JSON.stringify({ error: error.constructor.name, message: error.message }));
  }
}
