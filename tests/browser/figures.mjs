/** The pages' pure functions, asked by a test: a line of JSON on standard input, one on standard output. */
import { isPrecise, span as spanAt } from "../../server/web/static/core/edtf.js";
import { bearing, compass, distance } from "../../server/web/static/console/geo.js";
import { Telling } from "../../server/web/static/console/telling.js";
import { grown, isLater, judge } from "../../server/web/static/console/track.js";
import { escalated } from "../../server/web/static/console/alarms.js";
import { conducts, counted, figures, shown } from "../../server/web/static/review/figures.js";
import { figureName } from "../../server/web/static/review/filtering.js";
import { duration, gaps, orders, rhythm, weekly } from "../../server/web/static/review/pattern.js";
import { fold, kindOf } from "../../server/web/static/review/positions.js";
import { partsOf, search } from "../../server/web/static/review/words.js";
import { speak } from "../../server/web/static/ui/texts.js";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const now = Date.parse("2027-01-01T12:00:00Z");
const parse = (text, limits) => spanAt(text, { now, ...limits });

/** @param {"nl" | "en"} language texts of the pages, as a browser would have them */
const read = (language) => speak(language, readFileSync(new URL(`../../server/web/static/locales/${language}.ftl`, import.meta.url), "utf8"));

/** What a test tells of an entry, as the page would hold it. */
const held = (told) => told.map((one, index) => {
  const span = parse(one.happened ?? null);
  return {
    id: `${index}`.padStart(32, "0"), index, kind: "incident", source: "victim", title: "", text: "", conduct: [], severity: null, impact: null,
    place: null, file: null, order: null, alarm: null, about: null, happened: null, discovered: null, recorded: "2026-11-20T10:00:00.000Z",
    received: "2026-11-20T10:00:02.000Z", by: { kid: "5f".repeat(16), role: "phone" }, verification: { state: "proven" },
    span: one.kind === "order" ? parse(`${one.order.valid_from}/${one.order.until}`, { ahead: 1e11 }) : span,
    precise: span !== null && isPrecise(span), at: span?.from ?? index, ...one,
  };
});

const answers = {
  everyFigure: ({ cases }) => cases.map((told) => {
    const entries = held(told);
    const all = figures(entries);
    return {
      conducts: conducts(all).map(([tag, { length }]) => [tag, length]),
      figures: Object.fromEntries([...all].map(([key, { length }]) => {
        const rows = (hits) => fold(shown(entries, { key, hits }), new Set()).rows.map(({ id }) => id);
        const half = (some) => some.filter((_, at) => at % 2 === 0);
        return [key, { count: length, rows: rows((some) => some), half: rows(half), counted: counted(entries, key).map(({ id }) => id) }];
      })),
    };
  }),
  names: ({ keys, language }) => {
    read(language);
    return keys.map((key) => figureName(key, []));
  },
  searched: ({ told, needles, language }) => {
    read(language);
    const entries = held(told);
    return needles.map((needle) => search(entries, needle).map(({ index }) => index));
  },
  parts: ({ needles }) => needles.map(partsOf),
  lasted: ({ told }) => duration(held(told)),
  escalated: ({ alarms }) => alarms.map(escalated),
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
    const { weeks, left: vague } = weekly(entries);
    return {
      weekly: { weeks: weeks.map(({ start, entries: incidents, alarms }) => ({ start, entries: incidents, alarms })), left: vague.length },
      left: left.length, most, sum: cells.flat().reduce((sum, { length }) => sum + length, 0),
      gaps: gaps(entries).length, breaches: orders(entries).map((order) => order.breaches.length),
    };
  },
};

for await (const line of createInterface(process.stdin)) {
  const { ask, ...request } = JSON.parse(line);
  console.log(JSON.stringify(answers[ask](request)));
}
