/** The pages' pure functions, asked by a test: one JSON request on standard input, one JSON answer on standard output. */
import { isPrecise, span as spanAt } from "../../server/web/static/core/edtf.js";
import { bearing, compass, distance } from "../../server/web/static/console/geo.js";
import { Telling } from "../../server/web/static/console/telling.js";
import { grown, isLater, judge } from "../../server/web/static/console/track.js";
import { gaps, orders, rhythm, weekly } from "../../server/web/static/review/pattern.js";
import { fold, kindOf } from "../../server/web/static/review/positions.js";

const now = Date.parse("2027-01-01T12:00:00Z");
const parse = (text, limits) => spanAt(text, { now, ...limits });

const answers = {
  edtf: ({ texts }) => texts.map((text) => {
    const span = parse(text);
    return span && { ...span, from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() };
  }),
  geo: ({ from, to }) => ({ metres: distance(from, to), degrees: bearing(from, to), point: compass(bearing(from, to)) }),
  judge: ({ found, shown, alarm }) => judge(found, shown, alarm),
  later: ({ items, shown }) => items.map((item) => isLater(item, shown)),
  track: ({ metas }) => metas.slice(1).reduce((track, meta, index) => grown(track, metas[index], meta), undefined),
  told: ({ offers }) => {
    const telling = new Telling();
    return offers.map(({ alarm, text, selected, now }) => {
      if (text) telling.offer(alarm, text);
      telling.tick(selected, now);
      return telling.text;
    });
  },
  folded: ({ entries, unfolded }) => {
    const told = entries.map((entry) => ({ ...entry, kind: kindOf(entry) }));
    const { rows, folds } = fold(told, new Set(unfolded));
    return { rows: rows.map(({ id }) => id), folds: Object.fromEntries(folds) };
  },
  figures: ({ told }) => {
    const entries = told.map(({ kind, when, alarm }) => {
      const span = parse(when, { ahead: kind === "order" ? 1e11 : 0 });
      return { kind, alarm: alarm && { alarm }, span, precise: span !== null && isPrecise(span), conduct: [], severity: null };
    });
    const { cells, left, most } = rhythm(entries);
    return {
      weekly: weekly(entries), left, most, sum: cells.flat().reduce((sum, count) => sum + count, 0),
      gaps: gaps(entries).length, breaches: orders(entries).map((order) => order.breaches.length),
    };
  },
};

let input = "";
for await (const part of process.stdin) input += part;
const { ask, ...request } = JSON.parse(input);
console.log(JSON.stringify(answers[ask](request)));
