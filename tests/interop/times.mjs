/** What the page makes of times on the clock of Europe/Amsterdam, run in Node in whatever zone `TZ` names. */
import { deepStrictEqual as same } from "node:assert";
import { foreignZone, parse, span } from "../../server/web/static/core/edtf.js";
import { instants, saidTwice, startOf, wallOf, weekOf, weekdayOf } from "../../server/web/static/core/zone.js";

const at = (text) => Date.parse(text);
const iso = (moment) => new Date(moment).toISOString().slice(0, 19);
const [HOUR, DAY] = [3_600_000, 86_400_000];
const now = at("2026-11-30T12:00:00Z");
const spanned = (text, limits) => {
  const found = span(text, { now, ...limits });
  return found && [iso(found.from), iso(found.to), found.precision, found.told];
};

// An ordinary time, in summer and in winter; a zone that was told.
same(spanned("2026-05-12T21:30"), ["2026-05-12T19:30:00", "2026-05-12T19:31:00", "minute", "as-is"]);
same(spanned("2026-01-12T21:30:05"), ["2026-01-12T20:30:05", "2026-01-12T20:30:06", "second", "as-is"]);
same(spanned("2026-05-12T21:30-05:00"), ["2026-05-13T02:30:00", "2026-05-13T02:31:00", "minute", "as-is"]);
same(spanned("2026-05-12"), ["2026-05-11T22:00:00", "2026-05-12T22:00:00", "day", "as-is"]);
same(spanned("2026-10"), ["2026-09-30T22:00:00", "2026-10-31T23:00:00", "month", "as-is"]);
same(spanned("2026-05/2026-06-02"), ["2026-04-30T22:00:00", "2026-06-02T22:00:00", "interval", "as-is"]);
same(spanned("2026-05/.."), ["2026-04-30T22:00:00", "2026-11-30T12:00:00", "interval", "as-is"]);

// The hour that was skipped is nowhere: the day stands for it. The hour that came twice is both.
same(instants({ year: 2026, month: 3, day: 29, hour: 2, minute: 30, second: 0 }), []);
same(spanned("2026-03-29T02:30"), ["2026-03-28T23:00:00", "2026-03-29T22:00:00", "day", "gap"]);
same(spanned("2026-10-25T02:30"), ["2026-10-25T00:30:00", "2026-10-25T01:31:00", "minute", "twice"]);
same(spanned("2026-10-25T02:30+02:00"), ["2026-10-25T00:30:00", "2026-10-25T00:31:00", "minute", "as-is"]);
same(spanned("2026-10-25T02:30+01:00"), ["2026-10-25T01:30:00", "2026-10-25T01:31:00", "minute", "as-is"]);
same([at("2026-10-25T00:30Z"), at("2026-10-25T01:30Z"), at("2026-10-25T03:30Z")].map(saidTwice), [true, true, false]);

// Not understood, long ago or yet to come: no place on the axis. What begins before and ends after is cut.
for (const text of ["2026-11-24T25:10", "2026-13-01T10:00", "2026-02-30T10:00", "gisteren", "", null, undefined, 5, {}, "0050-01-01", "9999-12-31", "2031-01-01"]) {
  same(spanned(text), null, String(text));
}
same(spanned("1899-12/2026-05"), ["1899-12-31T23:40:28", "2026-05-31T22:00:00", "interval", "as-is"].with(0, iso(startOf(1900, 1, 1))));
same(spanned("2026-11-29/9999-12-31"), ["2026-11-28T23:00:00", "2026-12-01T12:00:00", "interval", "as-is"]);
same(spanned("2026-11-29/2027-01-31", { ahead: 100 * DAY }), ["2026-11-28T23:00:00", "2027-01-31T23:00:00", "interval", "as-is"]);

// Weeks and days begin here, whatever this computer's zone; a year below 100 is no year of the last century.
same(iso(weekOf(at("2026-10-25T12:00Z"))), "2026-10-18T22:00:00");
same(iso(weekOf(at("2026-10-25T23:30Z"))), "2026-10-25T23:00:00");
same(weekdayOf(at("2026-05-10T22:30Z")), 0);
same([iso(startOf(2026, 13, 1)), iso(startOf(2026, 1, 0)), iso(startOf(2026, 3, 29, 2))], ["2026-12-31T23:00:00", "2025-12-30T23:00:00", "2026-03-29T01:00:00"]);
same(wallOf(startOf(50, 1, 1)).year, 50);
for (let moment = at("2025-12-20T00:00Z"), week = weekOf(moment); moment < at("2027-01-10T00:00Z"); moment += 7 * HOUR) {
  const next = weekOf(moment);
  if (next !== week) same([[7 * DAY - HOUR, 7 * DAY, 7 * DAY + HOUR].includes(next - week), weekdayOf(next)], [true, 0]);
  week = next;
}

// A zone is worth a word when it is not the one that the clock here had.
same(["2026-05-12T21:30+02:00", "2026-05-12T21:30+01:00", "2026-05-12T21:30Z", "2026-05-12T21:30", "2026-05-12"].map((text) => foreignZone(parse(text))),
  [null, 60, null, null, null]);
console.log("right");
