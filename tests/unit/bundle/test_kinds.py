"""A press is one alarm in every list that leaves the case: what its device said of its place is called a position."""

import json
from pathlib import Path

from evidence import ids
from evidence.bundle.format import layout
from evidence.bundle.format.kinds import kind_of
from evidence.bundle.opening import opened
from evidence.envelope import parts
from evidence.envelope.meta import Alarm
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.timeline_rows import rows_of


def of_device(kind: str, counter: int) -> Alarm:
    """Return the description of a message of an alarm device, as a bridge seals it."""
    cose, alarm = ids.Base64("gw=="), ids.AlarmId("9b" * 16)
    said = parts.Alarm(alarm, ids.DeviceId("d1" * 16), 3, counter, kind, cose, ids.now(), 0)
    title = "Positie" if kind == "position" else "Alarm"
    at = parts.Position("51.934200", "4.457700", 8)
    return Alarm(source="sensor", recorded=ids.now(), title=title, position=at, alarm=said)


def test_only_a_position_of_an_alarm_device_is_called_one() -> None:
    assert kind_of(of_device("position", 8)) == "position"
    assert [kind_of(of_device(kind, 7)) for kind in ("press", "duress", "tamper")] == ["alarm"] * 3
    assert kind_of(incident()) == "incident"


def test_an_opened_bundle_lists_one_alarm_and_its_positions(tmp_path: Path) -> None:
    book = Organisation(tmp_path)
    items = [book.seal(of_device("press", 7)), *(book.seal(of_device("position", n)) for n in (8, 9, 10))]
    book.grant(*items)
    opened.open_bundle(book.export(*items), book.investigator, tmp_path / "opened")

    kinds = [row["kind"] for row in rows_of(tmp_path / "opened")]
    assert kinds == ["Alarm", *["Positie tijdens alarm / Position during an alarm"] * 3]
    graph = json.loads((tmp_path / "opened" / layout.CASE).read_bytes())["@graph"]
    tags = [node["core:tag"][0] for node in graph if node["@type"] == "investigation:ProvenanceRecord"]
    assert sorted(tags) == ["alarm", "position", "position", "position"]
