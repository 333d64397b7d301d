"""The sections of a dossier, each made of what the folder holds: a section without anything to say is left out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from evidence import ids
from evidence.bundle.dossier import blocks, dates, pattern
from evidence.bundle.dossier.blocks import Block, Span
from evidence.bundle.dossier.contents import Contents, item_of
from evidence.bundle.dossier.dates import Language
from evidence.bundle.dossier.pattern import Entry
from evidence.bundle.dossier.texts import text
from evidence.bundle.format import layout
from evidence.bundle.format.kinds import kind_of
from evidence.bundle.opening import timeline_csv
from evidence.envelope import meta as metas
from evidence.envelope import words
from evidence.statements import bodies, catalogue

MOST_WEEKS: Final = 53
_CENTS: Final = 100
_TAKEN: Final = frozenset({"accepted", "taken_over"})


@dataclass(frozen=True)
class Writer:
    """Writes the sections of one folder in one language."""

    of: Contents
    language: Language

    def say(self, key: str, **values: object) -> str:
        """Return a text of `evidence.bundle.dossier.texts`."""
        return text(key, self.language, **values)

    def word(self, path: str, told: object) -> str:
        """Return an answer of a member in this language."""
        known = (words.TERMS.get(path) or words.VALUES).get(str(told))
        return str(told) if known is None else known[self.language == "en"]

    def links(self, entries: Iterable[Entry]) -> list[Span]:
        """Return the numbers of entries, each leading to its row."""
        return blocks.items((self.of.numbers[one.item] for one in entries), self.say("and-more"))

    def number(self, item: ids.ItemId | None) -> list[Span]:
        """Return the number of an item, when it is here."""
        known = None if item is None else self.of.numbers.get(item)
        return ["–"] if known is None else [{"i": known}]

    def counted(self, label: str, entries: list[Entry]) -> list[Span]:
        """Return a figure with what it counted."""
        return [f"{label}: ", {"b": str(len(entries))}, " (", *self.links(entries), ")"]


def cover(writer: Writer) -> dict[str, Any]:
    """Return what stands on the first page."""
    of, say = writer.of, writer.say
    closed = sum(row.meta is None for row in of.rows)
    facts = [
        (say("case"), str(of.export.statement.case)),
        (say("export"), of.exported.export),
        (say("exported-at"), dates.moment(of.export.received_at, writer.language)),
        (say("exported-by"), of.who(of.export)),
        (say("ground"), of.exported.ground),
        (say("items"), say("items-count", all=len(of.rows), opened=len(of.rows) - closed, closed=closed)),
        (say("made-by"), of.maker),
    ]
    means = [say(f"means-{number}") for number in (1, 2, 3, 4)]
    return {"facts": [list(fact) for fact in facts], "means": {"title": say("means"), "lines": means}}


def sections(writer: Writer) -> list[dict[str, Any]]:
    """Return the sections that have something to say, in order."""
    made = ((title, one(writer)) for title, one in _SECTIONS.items())
    return [{"title": writer.say(title), "blocks": found} for title, found in made if found]


def _factors(writer: Writer) -> list[Block]:
    found, say = pattern.figures(writer.of.entries), writer.say

    def figure(key: str, label: str) -> list[list[Span]]:
        return [writer.counted(label, found[key])] if key in found else []

    tags = [writer.counted(writer.word("conduct", tag), hits) for tag, hits in pattern.conducts(found)]
    levels = [level for level in ("4", "3", "2", "1", "0") if f"severity:{level}" in found]
    factors: list[tuple[str, list[list[Span]]]] = [
        ("nature", tags),
        ("duration", [*_duration(writer), *figure("undated", say("undated"))]),
        ("frequency", [*figure("happened", say("happened")), *_often(writer, found)]),
        (
            "intensity",
            [
                *(line for one in levels for line in figure(f"severity:{one}", writer.word("severity", one))),
                *figure("severity:none", say("severity-none")),
            ],
        ),
        (
            "circumstances",
            [*figure("alarms", say("alarms")), *figure("breaches", say("breaches")), *_stop(writer, found)],
        ),
        (
            "impact",
            [
                [{"i": writer.of.numbers[one.item]}, f" “{getattr(one.meta, 'impact', '')}”"]
                for one in found.get("impact", [])
            ],
        ),
    ]
    made = [blocks.paragraph(say("factors-lead"))]
    for name, lines in factors:
        made += [{"sub": say(name)}, blocks.points(lines) if lines else blocks.quiet(say("none"))]
    return made


def _duration(writer: Writer) -> list[list[Span]]:
    lasted = pattern.duration(writer.of.entries)
    if lasted is None:
        return []
    start, end = dates.day(lasted.start, writer.language), dates.day(lasted.end - 1, writer.language)
    key = "days-vague" if lasted.vague else "days"
    return [[writer.say(key, days=lasted.days, least=lasted.least, start=start, end=end)]]


def _often(writer: Writer, found: pattern.Figures) -> list[list[Span]]:
    happened = found.get("happened", [])
    lines: list[list[Span]] = []
    if (times := pattern.times(happened)) > len(happened):
        lines.append([writer.say("times", count=times)])
    weeks = {key: hits for key, hits in found.items() if key.startswith("week:")}
    if weeks:
        busiest = max(weeks, key=lambda key: (len(weeks[key]), int(key.removeprefix("week:"))))
        day = dates.day(int(busiest.removeprefix("week:")), writer.language)
        lines.append(writer.counted(writer.say("busiest", day=day), weeks[busiest]))
    return lines


def _stop(writer: Writer, found: pattern.Figures) -> list[list[Span]]:
    stop = pattern.stopped(writer.of.entries)
    if stop is None:
        return []
    day = dates.day(stop.start, writer.language)
    keys = [key for key in ("stop-before", "stop-after", "stop-left") if key in found]
    return [writer.counted(writer.say(key, day=day), found[key]) for key in keys]


def _weeks(writer: Writer) -> list[Block]:
    weeks, left = pattern.weeks(writer.of.entries)
    hours, unknown = pattern.hours(writer.of.entries)
    made: list[Block] = []
    if weeks:
        shown = list(weeks.items())[-MOST_WEEKS:]
        made.append(blocks.bars((dates.day(start, writer.language), len(here)) for start, here in shown))
    if left:
        made.append(blocks.quiet(*writer.counted(writer.say("week-left"), left)))
    stretches = [
        f"{dates.day(a, writer.language)} – {dates.day(b, writer.language)}" for a, b in pattern.gaps(writer.of.entries)
    ]
    if stretches:
        made.append(blocks.quiet(writer.say("gaps", gaps="; ".join(stretches))))
    if hours:
        counts = {at: len(here) for at, here in hours.items()}
        days = [dates.weekday(day, writer.language) for day in range(7)]
        made += [{"sub": writer.say("hours")}, blocks.heat(counts, days)]
    if unknown:
        made.append(blocks.quiet(*writer.counted(writer.say("hour-left"), unknown)))
    return made


def _incidents(writer: Writer) -> list[Block]:
    if not writer.of.entries:
        return []
    head = [writer.say(one) for one in ("number", "what", "when", "recorded", "by")]
    rows = [_incident(writer, one) for one in writer.of.entries if one.item in writer.of.numbers]
    return [
        blocks.paragraph(writer.say("incidents-lead")),
        blocks.table(head, ("auto", "4fr", "2fr", "2fr", "2fr"), rows),
    ]


def _incident(writer: Writer, one: Entry) -> list[blocks.Cell]:
    meta, row = one.meta, writer.of.row_of[one.item]
    what: list[Span] = [{"b": f"{writer.word('kind', kind_of(meta))}: {meta.title}"}]
    tags = [writer.word("conduct", tag) for tag in getattr(meta, "conduct", ())]
    if one.severity is not None:
        tags.append(writer.word("severity", str(one.severity)))
    if not one.counts:
        tags.append(writer.say("not-counted"))
    if tags:
        what.append(f"\n{' · '.join(tags)}")
    if meta.words:
        what.append(f"\n{meta.words}")
    at = getattr(meta, "alarm", None)
    told = at.pressed_at if at is not None else meta.happened
    when = [
        dates.told(told, writer.language),
        *([dates.told(meta.discovered, writer.language)] if meta.discovered else []),
    ]
    recorded = [dates.moment(time, writer.language) for time in (meta.recorded, row.event.received_at)]
    by = [writer.word("source", meta.source), row.added_by]
    return [[{"anchor": writer.of.numbers[one.item]}], what, *("\n".join(cell) for cell in (when, recorded, by))]


def _orders(writer: Writer) -> list[Block]:
    rows: list[list[blocks.Cell]] = []
    for one in writer.of.entries:
        if isinstance(one.meta, metas.Order):
            ban = one.meta.order
            until = f" – {dates.told(ban.until, writer.language)}" if ban.until else ""
            name = " ".join(filter(None, (writer.word("order.kind", ban.kind), ban.number, ban.area)))
            during = writer.links(pattern.breaches(one, writer.of.entries)) or ["–"]
            rows.append(
                [writer.number(one.item), name, f"{dates.told(ban.valid_from, writer.language)}{until}", during]
            )
    head = [writer.say(one) for one in ("number", "order", "valid", "during")]
    return [blocks.table(head, ("auto", "2fr", "2fr", "2fr"), rows)] if rows else []


def _police(writer: Writer) -> list[Block]:
    rows: list[list[blocks.Cell]] = []
    for one in writer.of.entries:
        if isinstance(one.meta, metas.Report):
            said = one.meta.report
            kind = writer.word("report.kind", said.kind)
            rows.append([writer.number(one.item), kind, dates.told(said.at, writer.language), said.number or "–"])
        for told in getattr(one.meta, "told", ()):
            number = told.number or (writer.say("no-number") if told.no_number else "–")
            rows.append(
                [
                    writer.number(one.item),
                    f"{writer.say('called')}: {told.whom}",
                    dates.told(told.at, writer.language),
                    number,
                ]
            )
    head = [writer.say(one) for one in ("number", "report", "when", "police-number")]
    return [blocks.table(head, ("auto", "2fr", "2fr", "2fr"), rows)] if rows else []


def _sources(writer: Writer) -> list[Block]:
    said = pattern.sources(writer.of.entries)
    if not said:
        return []
    known = sorted({source for sources in said.values() for source in sources}, key=list(words.TERMS["source"]).index)
    rows: list[list[blocks.Cell]] = [
        [
            writer.number(one.item),
            one.meta.title,
            *(writer.word("", "yes") if source in sources else "" for source in known),
        ]
        for one, sources in said.items()
    ]
    alone = pattern.figures(writer.of.entries).get("alone", [])
    head = [writer.say("number"), writer.say("what"), *(writer.word("source", source) for source in known)]
    made = [blocks.paragraph(writer.say("sources-lead"))]
    if alone:
        made.append(blocks.paragraph(*writer.counted(writer.say("alone"), alone)))
    return [*made, blocks.table(head, ("auto", "3fr", *("1fr" for _ in known)), rows)]


def _costs(writer: Writer) -> list[Block]:
    costs = [one for one in writer.of.entries if isinstance(one.meta, metas.Cost)]
    if not costs:
        return []
    rows: list[list[blocks.Cell]] = []
    total = 0
    for one in costs:
        if isinstance(one.meta, metas.Cost):
            cost = one.meta.cost
            total += cost.amount_cents if one.counts else 0
            when, receipt = dates.told(cost.at, writer.language), writer.number(cost.receipt)
            rows.append([writer.number(one.item), cost.what, when, receipt, _euros(cost.amount_cents)])
    rows.append(["", [{"b": writer.say("total")}], "", "", [{"b": _euros(total)}]])
    head = [writer.say(one) for one in ("number", "what", "when", "receipt", "amount")]
    return [blocks.paragraph(writer.say("costs-lead")), blocks.table(head, ("auto", "3fr", "2fr", "1fr", "1fr"), rows)]


def _euros(cents: int) -> str:
    return f"€ {cents // _CENTS},{cents % _CENTS:02}"


def _alarms(writer: Writer) -> list[Block]:
    """Return who did what with each alarm, by the events of the bundle."""
    raised: dict[str, str] = {}
    did: dict[tuple[str, str], list[str]] = {}
    for event in writer.of.told:
        body = event.statement.body
        who = f"{writer.of.who(event)}, {dates.moment(event.received_at, writer.language)}"
        if isinstance(body, bodies.AlarmRaise):
            raised.setdefault(body.alarm, dates.moment(body.received_at, writer.language))
        elif isinstance(body, bodies.AlarmClose):
            did.setdefault((body.alarm, "closed"), []).append(f"{who} ({body.reason})")
        elif isinstance(body, bodies.AlarmAct) and catalogue.ACTS[event.statement.type].alarm_state in _TAKEN:
            did.setdefault((body.alarm, "accepted"), []).append(who)
    presses: dict[str, list[Entry]] = {}
    for one in writer.of.entries:
        if one.alarm is not None:
            presses.setdefault(one.alarm, []).append(one)
    rows: list[list[blocks.Cell]] = [
        [
            writer.links(presses.get(alarm, ())) or "–",
            at,
            *("\n".join(did.get((alarm, what), ["–"])) for what in ("accepted", "closed")),
        ]
        for alarm, at in raised.items()
    ]
    head = [writer.say(one) for one in ("number", "pressed", "accepted", "closed")]
    return [blocks.table(head, ("1fr", "2fr", "3fr", "3fr"), rows)] if rows else []


def _translations(writer: Writer) -> list[Block]:
    made: list[Block] = []
    for one in writer.of.entries:
        if isinstance(one.meta, metas.Translation):
            by = one.meta.translation
            number = writer.of.numbers.get(by.item, 0)
            sworn = f" ({writer.say('sworn')})" if by.sworn else ""
            head = writer.say("translated", number=number or "–", language=by.language, by=by.by) + sworn
            made += [blocks.paragraph(*writer.number(one.item), f" {head}"), {"quote": one.meta.words}]
    return made


def _corrections(writer: Writer) -> list[Block]:
    rows: list[list[blocks.Cell]] = []
    for row in writer.of.rows:
        rows += [[writer.number(item_of(row)), what, told] for what, told in _said_later(writer, row)]
    head = [writer.say("number"), writer.say("what"), ""]
    return [blocks.table(head, ("auto", "2fr", "3fr"), rows)] if rows else []


def _said_later(writer: Writer, row: timeline_csv.Row) -> Iterator[tuple[str, blocks.Cell]]:
    def name(column: str) -> str:
        return timeline_csv.AROUND[column][writer.language == "en"]

    mark, meta = row.mark, row.meta
    if mark.amends is not None:
        unconfirmed = "" if mark.confirmed else f" ({name('confirmed')}: {writer.word('', 'no')})"
        yield name("amends"), [*writer.number(mark.amends), unconfirmed]
    if mark.amended_by is not None:
        yield name("amended_by"), writer.number(mark.amended_by)
    if mark.disputed:
        yield name("disputed"), ""
    if isinstance(meta, metas.Alarm) and row.counts_in not in {None, meta.alarm.alarm}:
        yield name("counts_in"), [{"m": row.counts_in}]


def _closed(writer: Writer) -> list[Block]:
    rows: list[list[blocks.Cell]] = []
    for row in writer.of.rows:
        if row.meta is None and row.not_opened is not None:
            why = timeline_csv.NOT_OPENED[row.not_opened][writer.language == "en"]
            at = dates.moment(row.event.received_at, writer.language)
            rows.append([[{"anchor": writer.of.numbers[item_of(row)]}], [{"m": item_of(row)}], at, row.added_by, why])
    head = [writer.say(one) for one in ("number", "items", "pressed", "by", "what")]
    made = [blocks.paragraph(writer.say("closed-lead")), blocks.table(head, ("auto", "3fr", "2fr", "2fr", "3fr"), rows)]
    return made if rows else []


def _exhibits(writer: Writer) -> list[Block]:
    numbers = {item[:8]: number for item, number in writer.of.numbers.items()}
    rows: list[list[blocks.Cell]] = []
    for name, digest in sorted(writer.of.digests.items()):
        if name.startswith((layout.ORIGINALS, layout.DESCRIPTIONS)):
            number = numbers.get(name.rpartition("/")[2][5:13])
            rows.append([["–"] if number is None else [{"i": number}], [{"m": name}], [{"m": digest}]])
    head = [writer.say("number"), writer.say("file"), "SHA-256"]
    return (
        [blocks.paragraph(writer.say("exhibits-lead")), blocks.table(head, ("auto", "3fr", "3fr"), rows)]
        if rows
        else []
    )


def _paste(writer: Writer) -> list[Block]:
    of = writer.of
    values = {"all": len(of.rows), "case": of.export.statement.case, "manifest": of.exported.manifest}
    at = dates.moment(of.export.received_at, writer.language)
    return [{"quote": writer.say("paste-text", **values, exported=at)}]


def _check(writer: Writer) -> list[Block]:
    return [blocks.paragraph(writer.say(one)) for one in ("check-1", "check-2")]


_SECTIONS: Final[dict[str, Callable[[Writer], list[Block]]]] = {
    "factors": _factors,
    "weeks": _weeks,
    "incidents": _incidents,
    "orders": _orders,
    "police": _police,
    "sources": _sources,
    "alarms-title": _alarms,
    "costs": _costs,
    "translations": _translations,
    "corrections": _corrections,
    "closed-items": _closed,
    "exhibits": _exhibits,
    "paste": _paste,
    "check": _check,
}
