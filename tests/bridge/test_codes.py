"""Cancel and duress codes: the right one only asks, the duress one raises, a wrong one is shown.

The bridge, its feed, its journal and its devices are real; the codes reach the bridge as they do in earnest, sealed in
the enrolment.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from device_bridge.cli import commands
from device_bridge.errors import MessageError, SettingsError
from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire import codes, message, reading
from device_bridge.wire.codes import Codes, Verdict
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, Told, UpTopic
from evidence import canonical, ids, keys
from evidence.statements import bodies
from tests.support.bridge_world import World, world
from tests.support.lane_threads import reading_of
from tests.support.waiting import never, patience, until

CANCEL, DURESS = "1379", "2468"
SALT = bytes(32)
DEVICE = ids.DeviceId(ids.new_id())
SECOND = PressId(1, 2)


def cancel(device: ids.DeviceId, press: PressId, code: bytes | None) -> DeviceMessage:
    return DeviceMessage(device, press, 0, None, 0, Kind.CANCEL, 50, "t", None, code)


def typed(pin: str, press: PressId = SECOND, device: ids.DeviceId = DEVICE, salt: bytes = SALT) -> bytes:
    return codes.code_of(codes.pin_key(salt, pin), device, press)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (typed(CANCEL), Verdict.RIGHT),
        (typed(DURESS), Verdict.DURESS),
        (typed("1378"), Verdict.WRONG),
        (typed(CANCEL, PressId(1, 3)), Verdict.WRONG),
        (typed(CANCEL, device=ids.DeviceId("0" * 32)), Verdict.WRONG),
        (typed(CANCEL, salt=bytes(31) + b"\1"), Verdict.WRONG),
        (None, Verdict.NONE),
    ],
    # The codes are of a random device: in the names of tests they would differ in each process.
    ids=[
        "right",
        "duress",
        "other-pin",
        "other-press",
        "other-device",
        "other-salt",
        "none",
    ],
)
def test_a_code_counts_for_one_message_of_one_device(code: bytes | None, verdict: Verdict) -> None:
    chosen = codes.choose(SALT, CANCEL, DURESS)
    assert codes.judge(chosen, cancel(DEVICE, PressId(1, 2), code)) is verdict


@given(st.binary(min_size=32, max_size=32))
def test_without_keys_no_code_is_right(code: bytes) -> None:
    assert codes.judge(None, cancel(DEVICE, PressId(1, 2), code)) is Verdict.WRONG


@pytest.mark.parametrize(
    "pair", [("123", "456"), ("1234", "1235"), ("1234", "12345"), ("12a4", "5678"), ("", ""), ("1" * 13, "2" * 13)]
)
def test_codes_that_a_slip_would_confuse_are_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(SettingsError):
        codes.choose(SALT, *pair)


def test_sealed_codes_open_for_their_device_and_bridge_only() -> None:
    bridge, stranger = keys.BridgeIdentity.generate(), keys.BridgeIdentity.generate()
    chosen = codes.choose(SALT, CANCEL, DURESS)
    sealed = chosen.seal(DEVICE, bridge.box_public)
    assert Codes.open(sealed, DEVICE, bridge) == chosen
    for data, device, who in (
        (sealed, DEVICE, stranger),
        (sealed, ids.DeviceId("0" * 32), bridge),
        (b"", DEVICE, bridge),
        (keys.seal_box(bridge.box_public, b"short"), DEVICE, bridge),
    ):
        with pytest.raises(MessageError):
            Codes.open(data, device, who)


@pytest.mark.parametrize("kind", [Kind.PRESS, Kind.DURESS, Kind.TAMPER, Kind.TEST])
def test_only_a_cancel_carries_a_code(kind: Kind) -> None:
    other = DeviceMessage(DEVICE, PressId(1, 2), 0, None, 0, kind, 50, "t", None, typed(CANCEL))
    assert reading.read_press(other.to_payload(), DEVICE).code is None
    kept = cancel(DEVICE, PressId(1, 2), typed(CANCEL))
    assert reading.read_press(kept.to_payload(), DEVICE) == kept


@pytest.mark.parametrize("code", [b"", bytes(31), bytes(33)])
def test_what_is_no_code_is_a_wrong_one(code: bytes) -> None:
    odd = reading.read_press(cancel(DEVICE, PressId(1, 2), code).to_payload(), DEVICE)
    assert odd.odd
    assert codes.judge(codes.choose(SALT, CANCEL, DURESS), odd) is Verdict.WRONG


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, count=0) as started:
        yield started


class Button:
    """A device without a radio: its messages go over HTTP."""

    def __init__(self, made: World, memory: DeviceMemory) -> None:
        self.made, self.memory, self.counter = made, memory, 0

    def send(self, kind: Kind, pin: str | None = None) -> tuple[bytes, dict[str, Any]]:
        """Return the signed answer and the newest alarm as consoles see it."""
        self.counter += 1
        press, topic = PressId(1, self.counter), str(UpTopic(self.memory.device, Lane.ALARM))
        code = None if pin is None else typed(pin, press, self.memory.device, self.memory.code_salt)
        said = DeviceMessage(self.memory.device, press, 0, None, 0, kind, 50, "t", None, code)
        body = message.seal(said, self.memory.identity, topic)
        answer = httpx.post(self.made.press_url, params={"topic": topic}, content=body)
        self.made.bridge.taking.take()
        answer.raise_for_status()
        alarms = self.made.bridge.feed._view.alarms()
        return answer.content, alarms[0] if alarms else {}


def last_asked(alarm: dict[str, Any]) -> str:
    """Return what its history says of the newest cancel; what routes did meanwhile stands beside it."""
    return [str(one["what"]) for one in alarm["history"] if one["what"].startswith("cancel asked")][-1]


def test_the_operator_sees_which_code_asked_and_only_the_operator_closes(made: World) -> None:
    button = Button(made, made.new_device(pins=(CANCEL, DURESS)))
    button.send(Kind.PRESS)
    _, asked = button.send(Kind.CANCEL)
    assert (asked["flags"], asked["closed"]) == (["cancel-asked", "clock-unsure"], None)
    _, right = button.send(Kind.CANCEL, CANCEL)
    assert "cancel-right-code" in right["flags"]
    assert last_asked(right) == "cancel asked with the right code"
    assert (right["state"], right["closed"], right["kind"]) == ("raised", None, "press")
    assert made.bridge.watch.look(10**14) == 1, "a cancel does not stop the search for a human"
    for _ in range(codes.MAX_WRONG_CODES):
        assert "cancel-wrong-code" in button.send(Kind.CANCEL, "9999")[1]["flags"]
    _, tried = button.send(Kind.CANCEL, CANCEL)
    assert last_asked(tried) == "cancel asked with a wrong code", "somebody was trying"
    until(lambda: reading_of(made.bridge).waiting_statements_count() == 0, "forwarded")
    journal = [one.body for one in made.organisation.journal() if isinstance(one.body, bodies.AlarmRepeat)]
    assert [one.flags for one in journal][:3] == [("cancel-asked",), ("cancel-right-code",), ("cancel-wrong-code",)]


def test_the_duress_code_raises_the_priority_and_looks_like_any_cancel(made: World) -> None:
    button = Button(made, made.new_device(pins=(CANCEL, DURESS)))
    _, first = button.send(Kind.PRESS)
    quiet, _ = button.send(Kind.CANCEL, CANCEL)
    forced, raised = button.send(Kind.CANCEL, DURESS)
    assert (raised["alarm"], raised["kind"], raised["closed"]) == (first["alarm"], "duress", None)
    assert {"duress", "duress-code"} <= set(raised["flags"])
    down = message.down_topic(button.memory.device)
    heard = [message.open_downlink(one, button.memory.bridge_public, down) for one in (quiet, forced)]
    assert [(one.state, one.heartbeat_s) for one in heard] == [(Told.STORED, 10)] * 2
    assert len(quiet) == len(forced)


def test_a_device_without_codes_and_codes_for_another_bridge_never_cancel(made: World) -> None:
    plain = Button(made, made.new_device())
    plain.send(Kind.PRESS)
    assert "cancel-wrong-code" in plain.send(Kind.CANCEL, CANCEL)[1]["flags"]
    memory = DeviceMemory.create(made.organisation.folder / "other", bridge_key="ab" * 32, brokers=())
    sealed = codes.choose(memory.code_salt, CANCEL, DURESS).seal(
        memory.device, keys.BridgeIdentity.generate().box_public
    )
    made.organisation.append(made.organisation.enrol(memory.device, memory.identity.sign_public, sealed))
    until(lambda: made.bridge.registry.device_count == 2, "the bridge learns of it")
    other = Button(made, memory)
    other.send(Kind.PRESS)
    assert "cancel-wrong-code" in other.send(Kind.CANCEL, CANCEL)[1]["flags"]


@pytest.mark.need("nats-server")
def test_a_duress_code_with_nothing_open_raises_in_silence(tmp_path: Path) -> None:
    with world(tmp_path, count=1) as made:
        memory = made.new_device(pins=(CANCEL, DURESS))
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.CANCEL, pin=CANCEL), Told.STORED, patience(10)) is not None
            assert made.bridge.feed._view.alarms() == [], "a cancel of nothing is nothing"
            forced = device.press(Kind.CANCEL, pin=DURESS)
            assert device.wait(forced, Told.STORED, patience(10)) is not None
            (alarm,) = made.bridge.feed._view.alarms()
            assert (alarm["kind"], alarm["state"]) == ("duress", "raised")
            people = made.organisation
            made.bridge.watch.look(10**14)
            made.bridge.acts.carry_out(alarm["alarm"], people.act(people.dispatcher, "accept", alarm["alarm"]))
            device.heartbeat()
            never(lambda: set(device._open[forced].told_ms) - {Told.STORED}, "the device must not give her away", 1)
            openly = device.press()
            assert device.wait(openly, Told.STORED, patience(10)) is not None
    secrets = {CANCEL.encode(), DURESS.encode(), codes.pin_key(memory.code_salt, CANCEL)}
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size < 10**7)
    assert memory.device.encode() in kept
    assert not [one for one in secrets if one in kept and len(one) > 4], "the keys stand nowhere in clear"


def test_codes_are_chosen_at_the_command_line_and_never_shown(tmp_path: Path) -> None:
    bridge = keys.BridgeIdentity.generate()
    memory = DeviceMemory.create(tmp_path / "button", bridge_key="ab" * 32, brokers=())
    command = ["device", "codes", str(tmp_path / "button"), "--bridge-box", bridge.box_public.hex(), "--json"]
    shown = CliRunner().invoke(commands, command, input=f"{CANCEL}\n{DURESS}\n")
    assert shown.exit_code == 0, shown.output
    sealed = canonical.unb64(json.loads(shown.output.splitlines()[-1])["codes"])
    assert Codes.open(sealed, memory.device, bridge) == codes.choose(memory.code_salt, CANCEL, DURESS)
    assert CANCEL not in shown.output
    assert CliRunner().invoke(commands, command, input="1\n2\n").exit_code != 0
