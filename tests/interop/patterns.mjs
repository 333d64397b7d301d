/** The vectors of the pattern of a case, put to the review page's figures: the counterpart of `tests/vectors/patterns.py`. */
import { isPrecise, span as spanAt } from "../../server/web/static/core/edtf.js";
import { ORDER_AHEAD, orderSpan } from "../../server/web/static/review/entries.js";
import { figures } from "../../server/web/static/review/figures.js";
import { duration, gaps, happenings, times } from "../../server/web/static/review/pattern.js";

const name = (index) => `${index}`.padStart(32, "0");

const entries = ({ now: told, entries: all }) => all.map((one, index) => {
  const now = Date.parse(told);
  const { from, kind, until = null } = one.order ?? {};
  const span = one.order ? spanAt(orderSpan({ kind, valid_from: from, until }), { now, ahead: ORDER_AHEAD }) : spanAt(one.happened ?? null, { now });
  return {
    source: "victim", conduct: [], severity: null, impact: null, ...one, id: name(index), index, span, meta: one, order: one.order ?? null,
    about: one.about === undefined ? null : name(one.about), alarm: one.alarm ? { alarm: one.alarm } : null,
    precise: span !== null && isPrecise(span), at: span ? (span.from + span.to) / 2 : Date.parse(one.recorded),
    mark: { amends: null, confirmed: one.counts ?? true, amendedBy: null, disputed: false },
  };
}).sort((left, right) => left.at - right.at || left.index - right.index);

export const answers = {
  "count figures": (given) => {
    const found = new Map([...figures(entries(given))].map(([key, hits]) => [key, hits.map(({ index }) => index)]));
    return { figures: Object.fromEntries(given.only ? given.only.map((key) => [key, found.get(key) ?? []]) : found) };
  },
  duration: (given) => {
    const { days, least, vague } = duration(entries(given)) ?? {};
    return { days, least, vague };
  },
  times: (given) => ({ times: times(happenings(entries(given))) }),
  gaps: (given) => ({ gaps: gaps(entries(given)).map(({ from, to }) => [from, to]) }),
};
