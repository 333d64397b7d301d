"""Whoever opens a bundle reads in which alarm a press counts, and in which it first stood."""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path

from evidence import ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.envelope import parts
from evidence.envelope.meta import Alarm
from evidence.statements import bodies
from tests.support.organisation import Organisation

FIRST, ORPHAN, OTHER, NEXT = (ids.AlarmId(digit * 32) for digit in "1234")
ZERO = ids.Sha256("0" * 64)


@dataclass
class Desk:
    """An organisation with one button; what is pressed is sealed and said."""

    book: Organisation
    button: ids.DeviceId = field(default_factory=lambda: ids.DeviceId(ids.new_id()))
    items: dict[tuple[str, int], ids.ItemId] = field(default_factory=dict)

    def __post_init__(self) -> None:
        book, key = self.book, keys.Identity.generate().sign_public.hex()
        enrol = bodies.AlarmDeviceEnrol(self.button, ids.PublicKey(key), "20s", "covenant 12")
        book.act(book.caseworker, "alarm_device.enrol", enrol, case=book.case)

    def sealed(self, alarm: ids.AlarmId, counter: int, kind: str = "press") -> ids.ItemId:
        told = parts.Alarm(alarm, self.button, 1, counter, kind, ids.Base64("gw=="), ids.now(), 0)
        self.items[kind, counter] = self.book.seal(
            Alarm(source="sensor", recorded=ids.now(), title="Alarm", alarm=told)
        )
        return self.items[kind, counter]

    def said(self, alarm: ids.AlarmId, counter: int, moved_from: ids.AlarmId | None = None) -> None:
        """Say that a press raised an alarm, or joined one that there is."""
        book, press, identity = self.book, bodies.Press(1, counter), ids.Sha256(f"{counter:064x}")
        if alarm in book.standing.alarms:
            more = bodies.AlarmRepeat(alarm, press, identity, ZERO, ids.now(), None, moved_from)
            book.act(book.bridge, "alarm.repeat", more, case=book.case)
            return
        item = self.items.get(("press", counter)) or ids.ItemId(ids.new_id())
        raised = (item, identity, ZERO, ids.now(), "a", (), moved_from)
        book.act(
            book.bridge, "alarm.raise", bodies.AlarmRaise(alarm, self.button, press, "press", *raised), case=book.case
        )

    def folded(self, alarm: ids.AlarmId, into: ids.AlarmId) -> None:
        self.book.act(self.book.bridge, "alarm.fold", bodies.AlarmFold(alarm, into), case=self.book.case)

    def read(self, folder: Path) -> dict[tuple[str, int], tuple[str, str]]:
        """Open a bundle of everything; return for each message where it first stood and where it counts."""
        book, items = self.book, list(self.items.values())
        book.grant(*items)
        opened.open_bundle(book.export(*items), book.investigator, folder)
        report = verify(folder, trust.load(book.trust, folder))
        assert report.failed == ()
        assert "derived-made-again" in {claim.code for claim in report.claims}
        with (folder / layout.TIMELINE).open(newline="") as file:
            names, *lines = csv.reader(file)
        short = [name.rpartition("[")[2].rstrip("]") for name in names]
        rows = [dict(zip(short, line, strict=True)) for line in lines]
        self.check_case(folder, {row["item"]: row["counts_in"] for row in rows})
        return {(row["alarm.kind"], int(row["alarm.counter"])): (row["alarm.alarm"], row["counts_in"]) for row in rows}

    def check_case(self, folder: Path, counts: dict[str, str]) -> None:
        """Hold `case.jsonld` to the table."""
        graph = json.loads((folder / layout.CASE).read_bytes())["@graph"]
        records = {node["@id"]: node for node in graph if node["@type"] == "investigation:ProvenanceRecord"}
        said = {
            records[node["core:object"][0]["@id"]]["investigation:exhibitNumber"]: node["core:statement"]
            for node in graph
            if node["@type"] == "core:Annotation"
        }
        assert {
            item: [line.partition("[")[2] for line in lines if "[counts_in]" in line] for item, lines in said.items()
        } == {item: [f"counts_in]: {alarm}"] for item, alarm in counts.items()}


def test_presses_of_an_alarm_that_was_folded_count_in_the_one_that_stays(tmp_path: Path) -> None:
    """A folded one may be folded once more; a position goes along."""
    desk = Desk(Organisation(tmp_path / "book"))
    desk.sealed(FIRST, 1)
    desk.sealed(ORPHAN, 2)
    desk.sealed(ORPHAN, 3, "position")
    desk.sealed(OTHER, 4)
    desk.said(ORPHAN, 2)
    desk.said(OTHER, 4)
    desk.folded(ORPHAN, OTHER)
    desk.said(FIRST, 1)
    desk.folded(OTHER, FIRST)
    assert desk.read(tmp_path / "opened") == {
        ("press", 1): (FIRST, FIRST),
        ("press", 2): (ORPHAN, FIRST),
        ("position", 3): (ORPHAN, FIRST),
        ("press", 4): (OTHER, FIRST),
    }


def test_a_press_that_was_moved_counts_where_it_was_moved_to_whoever_told_the_journal_first(tmp_path: Path) -> None:
    desk = Desk(Organisation(tmp_path / "book"))
    desk.sealed(FIRST, 1)
    desk.sealed(FIRST, 2)  # sealed by the bridge that had it in the first
    desk.sealed(NEXT, 3)
    desk.said(FIRST, 1)
    desk.said(NEXT, 2, moved_from=FIRST)
    desk.said(FIRST, 2)
    desk.said(NEXT, 3)
    desk.said(OTHER, 5)
    assert desk.read(tmp_path / "opened") == {
        ("press", 1): (FIRST, FIRST),
        ("press", 2): (FIRST, NEXT),
        ("press", 3): (NEXT, NEXT),
    }
