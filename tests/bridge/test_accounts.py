"""Accounts are given by the centre: each hears of a device under its own, and of one without an account not at all."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from device_bridge.errors import RouteError, SettingsError
from device_bridge.planning import plan_of
from device_bridge.routes import dc09_frames
from device_bridge.routes.console import ConsoleRoute
from device_bridge.routes.dc09 import Dc09Route
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.line import Line
from device_bridge.routes.receivers import AlarmCentre
from device_bridge.settings import BridgeSettings
from evidence import ids, keyfile, keys
from evidence.statements import bodies
from evidence.statements import statement as statements
from server.doctor import checks as doctor
from server.settings import Settings
from tests.support.alarm_centre import framed, receiver
from tests.support.bridge_world import World, account_of, world
from tests.support.escalating import KEY, named, push, restart_with
from tests.support.lane_threads import reading_of
from tests.support.waiting import until


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


def acknowledge(frame: str) -> bytes:
    sequence = frame[frame.index('"', 10) + 1 :][:4]
    return framed(f'"ACK"{sequence}L0#00000000[]')


def test_a_centre_hears_of_a_press_under_the_account_that_it_gave(made: World) -> None:
    memory = made.new_device()
    keyfile.load_or_create(made.settings.secrets / "alarm-centre-c.key", lambda: KEY.hex().encode())
    with receiver(acknowledge) as (port, heard):
        restart_with(made, alarm_centres=(f"c=127.0.0.1:{port}#0042",))
        push(made, memory)
        until(lambda: any("SIA-DCS" in frame for frame in heard), "the centre is told")
        reported = next(frame for frame in heard if "SIA-DCS" in frame)
        assert f"L0#{account_of(memory.device)}[" in reported
        assert memory.device[:8].upper() not in reported
        assert any("NULL" in frame and "L0#0042[" in frame for frame in heard), "the line has an account of its own"


def test_a_device_without_an_account_is_named_before_it_is_pressed_and_made_up_by_nobody(made: World) -> None:
    keyfile.load_or_create(made.settings.secrets / "alarm-centre-other.key", lambda: KEY.hex().encode())
    with receiver(acknowledge) as (port, heard):
        restart_with(made, alarm_centres=(f"other=127.0.0.1:{port}",))
        assert "no-account" not in named(made.bridge)
        memory = made.new_device()
        assert "no-account" in named(made.bridge)
        (cause,) = [one for one in made.bridge.feed._view.health()["causes"] if one["code"] == "no-account"]
        assert cause["nl"] == (
            "Een centrale gaf knoppen geen aansluitnummer (other: 1): een druk daarop komt daar niet aan."
        )
        assert cause["en"].startswith("a centre gave devices no account (other: 1)")
        push(made, memory)
        reading = reading_of(made.bridge)
        until(lambda: [r for a in reading.newest_alarms(1) for r in a.routes if r.code == "no-account"], "it says so")
        assert not any("SIA-DCS" in frame for frame in heard)
        route = next(one for one in made.bridge._plan.routes if one.name == "dc09-other")
        assert "no account" not in (route.watch.trouble or ""), "the centre itself is well"


def test_no_account_is_ever_cut_from_a_device() -> None:
    what = Dispatch(ids.AlarmId("a" * 32), ids.DeviceId("b" * 32), "press", ids.now(), None)
    with pytest.raises(RouteError, match="no account at c") as refused:
        Dc09Route("dc09-c", Line("127.0.0.1", 1, "x"), dc09_frames.Line(None), centre="c").send(what)
    assert refused.value.permanent


def test_an_account_of_a_device_that_was_revoked_is_still_known_here(made: World) -> None:
    memory, people = made.new_device(), made.organisation
    people.append(people.revoke(memory.device))
    until(lambda: made.bridge.registry.device_count == 0, "it is out")
    assert made.bridge.registry.accounts(memory.device)["c"] == account_of(memory.device)


def test_an_account_is_in_the_enrolment_and_read_back(made: World) -> None:
    given = (bodies.CentreAccount("c", "4711"), bodies.CentreAccount("d", "ABC"))
    body = bodies.AlarmDeviceEnrol(ids.DeviceId("c" * 32), ids.PublicKey("d" * 64), "3min", "x", accounts=given)
    said = statements.sign(made.organisation.caseworker, "alarm_device.enrol", body, case=made.organisation.case)
    assert statements.from_envelope(said.envelope).body == body
    bare = statements.sign(
        made.organisation.caseworker, "alarm_device.enrol", replace(body, accounts=None), case=made.organisation.case
    )
    assert b"accounts" not in bare.envelope.body


@pytest.mark.parametrize("text", ["c=127.0.0.1:1#12", "c=127.0.0.1:1#12345678901234567", "c=127.0.0.1:1#12G4"])
def test_an_account_of_a_line_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="3 to 16 digits"):
        AlarmCentre.parse(text)


def test_a_centre_without_a_key_is_reached_inside_tls_or_wireguard_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def routes(where: str) -> list[str]:
        settings = BridgeSettings(data=tmp_path, alarm_centres=(where,))
        plan = plan_of(settings, keys.BridgeIdentity.generate(), ConsoleRoute(lambda: 1))
        return [one.name for one in plan.routes[1:]]

    with pytest.raises(SettingsError, match=r"needs tls: .* or wg:"):
        routes("c=127.0.0.1:9000")
    assert routes("c=tls:127.0.0.1:9000") == routes("c=wg:127.0.0.1:9000") == ["dc09-c"]
    monkeypatch.setenv("GETUIGE_BRIDGE_ALARM_CENTRES", "c=wg:127.0.0.1:9000")
    assert "c is told alarms without a key" in doctor.check_bridges(Settings.model_validate({"data": tmp_path})).seen
    keyfile.load_or_create(tmp_path / "secrets" / "alarm-centre-c.key", lambda: KEY.hex().encode())
    assert "without a key" not in doctor.check_bridges(Settings.model_validate({"data": tmp_path})).seen
    assert routes("c=127.0.0.1:9000") == ["dc09-c"]


def test_a_care_centre_knows_accounts_in_digits_only_and_the_doctor_says_what_is_not_certain(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = made.organisation
    restart_with(made, care_centres=("c=sip:alarm@127.0.0.1:1",))
    made.new_device()
    assert "no-account" not in named(made.bridge)
    letters = (bodies.CentreAccount("c", "C0FFEE"),)
    body = bodies.AlarmDeviceEnrol(ids.DeviceId("c" * 32), ids.PublicKey("d" * 64), "3min", "x", accounts=letters)
    people.append(statements.sign(people.caseworker, "alarm_device.enrol", body, case=people.case))
    until(lambda: "no-account" in named(made.bridge), "it is named before it is pressed")
    monkeypatch.setenv("GETUIGE_BRIDGE_SECOND_CARE_CENTRES", "c=sip:alarm@127.0.0.1:1")
    seen = doctor.check_bridges(Settings.model_validate({"data": made.settings.data})).seen
    assert "SCAIP to c is not certain: try it with the centre first" in seen
