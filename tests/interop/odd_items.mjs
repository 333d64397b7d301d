/** The review page's modules over a case full of odd items: one JSON request on standard input, one answer on standard output. */
import * as container from "../../server/web/static/core/container.js";
import * as pattern from "../../server/web/static/review/pattern.js";
import { fromBase64 } from "../../server/web/static/core/bytes.js";
import { read } from "../../server/web/static/core/pages.js";
import { openAll } from "../../server/web/static/review/entries.js";
import { openingKey } from "../../server/web/static/core/wraps.js";
import { xwingPublic } from "../../server/web/static/core/sodium.js";
import { fold } from "../../server/web/static/review/positions.js";

const answers = {
  open: async ({ page, seeds }) => {
    const own = await Promise.all(seeds.map((/** @type {string} */ seed) => openingKey(fromBase64(seed))));
    const { entries, unopened, closed } = await openAll(
      (await read(fromBase64(page))).rows, /** @type {any} */ ({ openers: new Map(own.map((one) => [one.kid, one])) }), (_, kid) => ({ kid }),
    );
    // Every figure of the page is worked out over what opened: none of them may throw.
    for (const figure of Object.values(pattern)) if (figure.length === 1) figure(entries);
    fold(entries, new Set());
    return {
      opened: entries.map(({ id }) => id), moments: entries.map(({ at }) => at), closed,
      unopened: unopened.map(({ id, fault }) => [id, fault]),
    };
  },

  seal: async ({ metas, seed, place }) => {
    const refused = [];
    for (const meta of metas) {
      const sealing = container.seal(place, fromBase64(seed), [xwingPublic(new Uint8Array(32))], new Uint8Array(32), meta, null);
      refused.push(await sealing.then(() => null, (error) => error.constructor.name));
    }
    return refused;
  },
};

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { ask, ...members } = JSON.parse(Buffer.concat(chunks).toString());
process.stdout.write(JSON.stringify(await answers[ask](members)));
