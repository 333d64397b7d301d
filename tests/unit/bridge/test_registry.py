"""The bridge's copy of keys: only what the pinned root leads to is believed, and it survives crashes."""

import dataclasses
import resource
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device_bridge.errors import ActError, UnknownDeviceError
from device_bridge.registry import Registry
from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from evidence.statements.statement import Statement
from tests.support.bridge_world import AlarmOrganisation


@pytest.fixture
def organisation(tmp_path: Path) -> AlarmOrganisation:
    return AlarmOrganisation.found(tmp_path)


def registry(organisation: AlarmOrganisation) -> Registry:
    made = Registry(organisation.folder / "registry.jsonl", organisation.root.sign_public)
    made.load()
    return made


def add(to: Registry, made: Iterable[Statement]) -> tuple[ids.DeviceId, ...]:
    envelopes = [one.envelope for one in made]
    return to.add(to.next_index + len(envelopes), envelopes)


def _healthy(known: Registry) -> bool:
    return known.trouble is None


def new_device() -> tuple[ids.DeviceId, keys.Identity]:
    return ids.DeviceId(ids.new_id()), keys.Identity.generate()


def test_devices_desks_and_dispatchers_are_known_and_survive_a_restart(organisation: AlarmOrganisation) -> None:
    device, who = new_device()
    add(registry(organisation), [*organisation.founding(), organisation.enrol(device, who.sign_public)])
    again = registry(organisation)
    assert again.device(device).sign == who.sign_public
    assert again.next_index == 9
    assert again.readers_of_alarm(organisation.case, ids.now()) == (
        organisation.case_keys.xwing_public,
        organisation.desk.xwing_public,
    )
    assert again.dispatcher(organisation.dispatcher.kid)[0].label == "Dispatcher Bakker"
    assert again.refused == 0


def test_a_revoked_device_and_a_retired_dispatcher_are_out(organisation: AlarmOrganisation) -> None:
    device, who = new_device()
    known = registry(organisation)
    add(known, [*organisation.founding(), organisation.enrol(device, who.sign_public)])
    retired = statements.sign(organisation.root, "key.retire", bodies.KeyRetire(organisation.dispatcher.kid))
    assert add(known, [organisation.revoke(device), retired]) == (device,)
    for one in (known, registry(organisation)):
        with pytest.raises(UnknownDeviceError, match="revoked"):
            one.device(device)
        with pytest.raises(ActError):
            one.dispatcher(organisation.dispatcher.kid)


def test_statements_that_the_root_does_not_lead_to_are_left_out(organisation: AlarmOrganisation) -> None:
    stranger = AlarmOrganisation.found(organisation.folder / "stranger")
    device, who = new_device()
    known = registry(organisation)
    add(known, organisation.founding())
    body = bodies.AlarmDeviceEnrol(device, ids.PublicKey(who.sign_public.hex()), "20s", "x")
    forged = [
        stranger.founding()[0],  # another root's log
        stranger.publish(stranger.dispatcher, "dispatcher", "Nobody"),
        statements.sign(stranger.caseworker, "alarm_device.enrol", body, case=organisation.case),
        statements.sign(organisation.dispatcher, "alarm_device.enrol", body, case=organisation.case),
        statements.sign(organisation.caseworker, "alarm_device.enrol", body, case=stranger.case),
    ]
    add(known, forged)
    assert known.refused == len(forged)
    with pytest.raises(UnknownDeviceError):
        known.device(device)
    with pytest.raises(ActError):
        known.dispatcher(stranger.dispatcher.kid)


def test_a_file_that_was_cut_is_completed(organisation: AlarmOrganisation) -> None:
    device, who = new_device()
    known = registry(organisation)
    add(known, organisation.founding())
    add(known, [organisation.enrol(device, who.sign_public)])
    path = organisation.folder / "registry.jsonl"
    whole = path.read_bytes()
    for length in range(whole.index(b"\n") + 1, len(whole), 41):
        path.write_bytes(whole[:length])
        cut = registry(organisation)
        assert cut.next_index == 8, "the cut line is read from the journal again"
    add(registry(organisation), [organisation.enrol(device, who.sign_public)])
    assert registry(organisation).device(device).case == organisation.case


def test_a_changed_line_costs_what_stands_in_it_and_health_says_so(organisation: AlarmOrganisation) -> None:
    devices = [new_device() for _ in range(3)]
    known = registry(organisation)
    add(known, organisation.founding())
    enrolments = [organisation.enrol(device, who.sign_public) for device, who in devices]
    for one in enrolments:
        add(known, [one])
    path = organisation.folder / "registry.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    signature = lines[2].index(b'"sig":"') + 10
    other = b"A" if lines[2][signature] != ord("A") else b"B"
    for changed in (lines[2][:signature] + other + lines[2][signature + 1 :], b'{"next":"x"}\n', b"\x00\xff\n"):
        path.write_bytes(b"".join([*lines[:2], changed, *lines[3:]]))
        again = registry(organisation)
        assert {one.device for one in again.devices()} == {devices[0][0], devices[2][0]}
        assert again.next_index == 8 + 1, "from the changed line on the journal is read again"
        assert again.trouble is not None
        again.add(8 + 3, [one.envelope for one in enrolments[1:]])
        assert again.device_count == len(devices)
        assert _healthy(again)
        assert registry(organisation).device_count == 3
        path.write_bytes(b"".join(lines))


def test_whoever_retired_behind_a_damaged_line_had_signed_what_stood_in_it(organisation: AlarmOrganisation) -> None:
    device, who = new_device()
    known = registry(organisation)
    add(known, organisation.founding())
    enrolled = organisation.enrol(device, who.sign_public)
    retired = statements.sign(organisation.root, "key.retire", bodies.KeyRetire(organisation.caseworker.kid))
    add(known, [enrolled])
    add(known, [retired])
    path = organisation.folder / "registry.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"{}\n" + lines[2])
    again = registry(organisation)
    assert again.device_count == 0
    for one in (enrolled, retired):
        again.add(again.next_index + 1, [one.envelope])
    assert _healthy(again)
    for either in (again, registry(organisation)):
        assert either.device(device).sign == who.sign_public
    late, other = new_device()
    again.add(again.next_index + 1, [organisation.enrol(late, other.sign_public).envelope])
    assert again.device_count == 1, "from then on the retired key counts for nothing"


def test_an_odd_statement_keeps_no_other_device_from_being_learnt(organisation: AlarmOrganisation) -> None:
    known = registry(organisation)
    add(known, organisation.founding())
    (first, good), (second, odd) = new_device(), new_device()
    foreign = dataclasses.replace(organisation, caseworker=keys.Identity.generate())
    forged = foreign.enrol(second, odd.sign_public).envelope
    known.add(known.next_index + 2, [forged, organisation.enrol(first, good.sign_public).envelope])
    assert [one.device for one in known.devices()] == [first]
    assert known.trouble is not None
    assert "1 statement(s) about keys and devices could not be read or verified" in known.trouble


@contextmanager
def full_disk(path: Path, room: int) -> Iterator[None]:
    """Let the system refuse every byte behind `room` more bytes of the file, in the middle of a write if need be."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


@pytest.mark.parametrize("room", [0, 1, 300])
def test_a_full_disk_tears_no_line_and_a_revoked_device_stays_revoked(
    organisation: AlarmOrganisation, room: int
) -> None:
    path = organisation.folder / "registry.jsonl"
    known, (lost, who), (late, other) = registry(organisation), new_device(), new_device()
    add(known, [*organisation.founding(), organisation.enrol(lost, who.sign_public)])
    with full_disk(path, room):
        assert add(known, [organisation.revoke(lost)]) == (lost,), "it is put out at once, whatever the disk says"
        assert known.trouble is not None
        assert "cannot be written down: File too large" in known.trouble
        started = registry(organisation)
        assert started.next_index == 9, "a start meanwhile reads the revocation from the journal again"
        known.write_down()
        assert known.trouble is not None
    add(known, [organisation.enrol(late, other.sign_public)])
    assert _healthy(known)
    again = registry(organisation)
    assert (again.next_index, again.trouble) == (11, None)
    assert [one.device for one in again.devices()] == [late]
    with pytest.raises(UnknownDeviceError, match="revoked"):
        again.device(lost)


def test_what_the_disk_did_not_take_is_written_when_it_can_be_though_nothing_new_comes(
    organisation: AlarmOrganisation,
) -> None:
    known, (device, who) = registry(organisation), new_device()
    add(known, organisation.founding())
    with full_disk(organisation.folder / "registry.jsonl", 100):
        add(known, [organisation.enrol(device, who.sign_public)])
        retired = statements.sign(organisation.root, "key.retire", bodies.KeyRetire(organisation.caseworker.kid))
        add(known, [retired])
    known.write_down()
    assert _healthy(known)
    again = registry(organisation)
    assert again.device(device).sign == who.sign_public, "enrolled before who enrolled it retired"
    assert again.next_index == 10
