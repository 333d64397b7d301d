"""Every member of every kind has all that it needs: whoever adds one, and forgets a place where it belongs, fails here.

For each: words in two languages, a column of the timeline, an annotation for forensic tools, somebody who writes it, an
odd example with every type of JSON, and a vector in which it says something.
"""

from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

import pytest

from device_bridge.alarm import sealing
from device_bridge.wire.message import DeviceMessage, Kind, Location, PressId
from evidence import ids, keys, schema
from evidence.bundle.format.kinds import words_of
from evidence.bundle.opening import timeline_csv
from evidence.envelope import container, opening, words, wraps
from evidence.envelope import meta as metas
from server.cli import records
from server.clients import attachments, digests, forms
from server.clients.timeline import Moment, Opened
from tests.support import odd_items
from tests.support.incidents import incident
from tests.vectors import make_kind

CASES = Path(__file__).parents[2] / "cases"
EACH = pytest.mark.parametrize("kind", metas.KINDS)

NO_WORDS: Final = {
    "v": "the version of the format",
    "alarm.cose": "a device's signed bytes",
    "card.suspect.picture.data": "the bytes of a picture",
}
"""Members that are for programs, and why: no words, no column, no annotation."""

OF_ITSELF: Final = {"v", "kind", "source", "recorded"}
"""Said by whoever writes, without being asked."""

NOT_SAID_BY_A_DEVICE: Final = {"discovered", "only_mine"}
"""What a person says, and nobody asks a device."""

BY_THE_BRIDGE: Final = {"alarm": Kind.PRESS, "position": Kind.POSITION, "check-in": Kind.CHECK_IN}
"""Kinds that a bridge writes, each of what message."""


def paths(kind: type, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and type of every member, also inside records and lists."""
    for name, hint in get_type_hints(kind).items():
        inner = schema.without_none(hint)
        yield f"{above}{name}", inner
        one = get_args(inner)[0] if get_origin(inner) is tuple else inner
        if is_dataclass(one):
            yield from paths(one, f"{above}{name}.")  # type: ignore[arg-type] # a class


def in_list(kind: str, path: str) -> str | None:
    """Return the list of records that a member is in."""
    names = path.split(".")
    lists = {one for one, hint in paths(metas.KINDS[kind]) if get_origin(hint) is tuple}
    return next((found for place in range(1, len(names)) if (found := ".".join(names[:place])) in lists), None)


def values(plain: Any, path: str) -> list[Any]:  # noqa: ANN401 - JSON
    """Return what a description says at a path, once for each record of a list."""
    found = [plain]
    for name in path.split("."):
        inside = [one for each in found for one in (each if isinstance(each, list) else [each])]
        found = [one.get(name) for one in inside if isinstance(one, dict)]
    return found


@EACH
def test_it_has_words_and_a_vector_in_which_it_says_something(kind: str) -> None:
    whole = make_kind.whole(kind)
    for path, _ in paths(metas.KINDS[kind]):
        assert path in words.MEMBERS or path in NO_WORDS, path
        said = values(whole, path)
        assert said, path
        assert all(one not in (None, "", []) for one in said), path


@EACH
def test_it_has_a_column_and_an_annotation(kind: str) -> None:
    columns = {column.rpartition("[")[2].removesuffix("]") for column in timeline_csv.columns()}
    said = words_of(metas.read(make_kind.whole(kind)))
    for path, hint in paths(metas.KINDS[kind]):
        if path in NO_WORDS or is_dataclass(hint):
            continue
        shown = in_list(kind, path) or path
        assert shown in columns, path
        assert said[shown], path
        if shown != path:
            assert words.both(words.MEMBERS[path]) in said[shown], path


@EACH
def test_it_has_odd_examples(kind: str) -> None:
    first = odd_items.CLASSES[metas.KINDS[kind]]
    odd = {one.name.partition(" is ")[0] for one in odd_items.ODD}
    of_every = {*get_type_hints(metas.Described)}
    for name in get_type_hints(metas.KINDS[kind]).keys() - {"kind"}:
        assert f"type: {'incident' if name in of_every else first}.{name}" in odd, name


@EACH
def test_somebody_writes_it(kind: str) -> None:
    written = _written(kind) | OF_ITSELF
    for path, hint in paths(metas.KINDS[kind]):
        assert path in written or is_dataclass(hint), path


def _written(kind: str) -> set[str]:
    """Return the members that whoever writes this kind can say."""
    if kind in BY_THE_BRIDGE:
        sealed = _of_the_bridge(BY_THE_BRIDGE[kind])
        assert sealed.kind == kind
        return _says(sealed) | NOT_SAID_BY_A_DEVICE
    if kind == "digest":
        return _says(_digest()) | {*get_type_hints(metas.Described)}
    assert kind in records.HELP or metas.KINDS[kind] is metas.KINDS[records.FILE], "no command writes it"
    asked = forms.members(kind)
    found = {one.path for one in asked} | {inner.path for one in asked for inner in one.inside}
    if metas.KINDS[kind] is metas.Media:
        taken = attachments.told_of(CASES / "gps-lower.jpg", "image/jpeg", {})
        found |= {path for path in _says(taken) if path.startswith("camera.")}
        found |= {"camera.position.accuracy_m"}  # where a camera says it: tests/unit/clients/test_camera.py
        found |= {path for path, _ in paths(metas.KINDS[kind]) if path.startswith("file.")}  # measured as it is sealed
    if kind == "card":
        found |= {"card.suspect.picture.mime", "card.suspect.picture.data"}  # by `--picture`, from a file
    return found


def _says(meta: metas.Meta) -> set[str]:
    """Return the members that say something."""
    plain = schema.encode_whole(meta)
    return {path for path, _ in paths(type(meta)) if any(one not in (None, []) for one in values(plain, path))}


def _of_the_bridge(kind: Kind) -> metas.Meta:
    """Return what a bridge seals of a message in which a device says all that it can."""
    reader, case = keys.Identity.generate(), ids.CaseId(ids.new_id())
    where = Location(51.9244, 4.4777, 12, 4, "gnss")
    message = DeviceMessage(
        ids.DeviceId(ids.new_id()), PressId(3, 17), 1, 1_780_000_000_000, 1, kind, 80, "1.0", where, note="Naar huis."
    )
    bridge, alarm = keys.BridgeIdentity.generate(), ids.AlarmId(ids.new_id())
    item, _ = sealing.seal_press(
        bridge, (reader.xwing_public,), case, alarm, message, ids.now(), b"x", ids.Sha256("ab" * 32)
    )
    prefix = container.parse_prefix(item.container)
    (wrap,) = prefix.head.wraps
    return opening.open_meta(prefix, wraps.unwrap(wrap.wrap, case, item.item, reader))


def _digest() -> metas.Meta:
    """Return the digest of a case with an incident and an order."""
    said = {"order.kind": "huisverbod", "order.valid_from": "2026-11-21", "order.until": "2026-12-01"}
    described = (incident(), forms.describe("order", "caseworker", said), _of_the_bridge(Kind.PRESS))
    return digests.of(
        [Moment(place, ids.now(), None, "x", opened=Opened(meta, b"")) for place, meta in enumerate(described)]
    )


def test_a_digest_counts_what_opened_and_a_press_once() -> None:
    found = _digest()
    assert isinstance(found, metas.Digest)
    assert (found.digest.read_to, found.digest.items, found.digest.alarms) == (2, 3, 1)
    assert found.digest.orders_until == "2026-12-01"
