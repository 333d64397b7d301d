"""Device messages: what is sealed is read back; whatever else arrives is a MessageError and nothing worse."""

import dataclasses
import math
import string
from dataclasses import replace

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_bridge.errors import MessageError
from device_bridge.wire import cose, message, reading, values
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, Told, UpTopic
from evidence import ids, keys

WHO = keys.Identity.generate()
DEVICE = ids.DeviceId(ids.new_id())
TOPIC = str(UpTopic(DEVICE, Lane.ALARM))
TELEMETRY = str(UpTopic(DEVICE, Lane.TELEMETRY))
PRESS = DeviceMessage(
    DEVICE, PressId(3, 7), 12_000, 1_790_000_000_000, 1, Kind.PRESS, 81, "1.0", Location(51.9244, 4.4777, 9, 2, "gps")
)

locations = st.builds(
    Location,
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.integers(0, message.MAX_ACCURACY_M),
    st.integers(0, message.MAX_LOCATION_AGE_S),
    st.text(string.ascii_letters, max_size=16),
)
counts = st.integers(0, values.MAX_UNSIGNED)
messages = st.builds(
    DeviceMessage,
    st.just(DEVICE),
    st.builds(PressId, counts, counts),
    counts,
    st.none() | counts,
    st.integers(0, 2),
    st.sampled_from([kind for kind in Kind if kind is not Kind.CHECK_IN]),
    st.none() | st.integers(0, 100),
    st.text(string.printable[:95], max_size=32),
    st.none() | locations,
)
check_ins = st.builds(
    replace,
    messages,
    kind=st.just(Kind.CHECK_IN),
    wait_s=st.just(0) | st.integers(message.MIN_WAIT_S, message.MAX_WAIT_S),
    note=st.none() | st.text(string.printable[:95], max_size=message.MAX_NOTE_CHARACTERS),
    code=st.none() | st.binary(min_size=message.CODE_BYTES, max_size=message.CODE_BYTES),
)


@given(messages | check_ins)
def test_what_a_device_seals_is_read_back_on_its_own_lane_only(sent: DeviceMessage) -> None:
    life_sign = sent.kind in message.LIFE_SIGNS
    right, wrong = (TELEMETRY, TOPIC) if life_sign else (TOPIC, TELEMETRY)
    payload = message.seal(sent, WHO, right)
    assert len(payload) <= cose.MAX_MESSAGE_BYTES
    nowhere = sent.kind is Kind.POSITION and sent.location is None
    expected = replace(sent, kind=Kind.HEARTBEAT) if life_sign and sent.location is None else sent
    assert reading.open_device_message(payload, WHO.sign_public, right) == expected, "a place is what makes a position"
    assert not nowhere or expected.kind is Kind.HEARTBEAT
    elsewhere = message.seal(sent, WHO, wrong)
    if life_sign:
        read = reading.open_device_message(elsewhere, WHO.sign_public, wrong)
        assert (read.kind, read.odd) == (Kind.PRESS, True), "whatever is said on the lane of alarms is a press"
    else:
        with pytest.raises(MessageError):
            reading.open_device_message(elsewhere, WHO.sign_public, wrong)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_without_another_error(data: bytes) -> None:
    with pytest.raises(MessageError):
        reading.open_device_message(data, WHO.sign_public, TOPIC)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_one_changed_byte_is_refused(at: int, value: int) -> None:
    payload = bytearray(message.seal(PRESS, WHO, TOPIC))
    at %= len(payload)
    if payload[at] == value:
        value ^= 1
    payload[at] = value
    with pytest.raises(MessageError):
        reading.open_device_message(bytes(payload), WHO.sign_public, TOPIC)


cbor_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats()
    | st.binary(max_size=40)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=12,
)


@given(cbor_values)
def test_any_value_that_the_device_itself_signs_is_a_press_and_no_life_sign(value: object) -> None:
    said = cbor2.dumps(value)[:800]
    read = reading.open_device_message(cose.sign1(WHO, said, TOPIC), WHO.sign_public, TOPIC)
    assert (read.device, read.kind, read.odd) == (DEVICE, Kind.PRESS, True)
    with pytest.raises(MessageError):
        reading.open_device_message(cose.sign1(WHO, said, TELEMETRY), WHO.sign_public, TELEMETRY)


NAMES = ["v", "id", "boot", "ctr", "up", "wall", "sync", "kind", "bat", "fw", "loc"]


@given(st.sampled_from(NAMES), cbor_values)
def test_a_member_of_another_form_costs_itself_and_nothing_else(name: str, value: object) -> None:
    members = cbor2.loads(PRESS.to_payload())
    fields = {"boot": "press", "ctr": "press", "up": "uptime_ms", "wall": "wall_ms", "bat": "battery", "fw": "firmware"}
    members[name] = value
    read = reading.read_press(cbor2.dumps(members), DEVICE)
    assert cbor2.loads(read.to_payload())
    own = {fields.get(name, {"loc": "location", "id": "device"}.get(name, name)), "odd"}
    rest = [one.name for one in dataclasses.fields(DeviceMessage) if one.name not in own]
    assert all(getattr(read, one) == getattr(PRESS, one) for one in rest)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_member_costs_itself_and_an_unknown_one_nothing(name: str) -> None:
    members = cbor2.loads(PRESS.to_payload())
    assert reading.read_press(cbor2.dumps({**members, "ext": {"a": 1}}), DEVICE) == PRESS, "of a newer firmware"
    del members[name]
    assert reading.read_press(cbor2.dumps(members), DEVICE).odd


@pytest.mark.parametrize(
    ("loc", "expected"),
    [
        ([51.9, 4.4, -1, None, "gps"], Location(51.9, 4.4, None, None, "gps")),
        ([51.9, 4.4], Location(51.9, 4.4, None, None, "")),
        ([51.9, 4.4, 9, 2, "gps", "x"], Location(51.9, 4.4, 9, 2, "gps")),
        ([math.nan, 4.4, 9, 2, "gps"], None),
        ([91, 4.4, 9, 2, "gps"], None),
        ([51.9], None),
        ("51.9 4.4", None),
    ],
)
def test_a_place_with_odd_particulars_is_a_place_all_the_same(loc: object, expected: Location | None) -> None:
    members = {**cbor2.loads(PRESS.to_payload()), "loc": loc}
    read = reading.read_press(cbor2.dumps(members), DEVICE)
    assert (read.location, read.odd, read.battery) == (expected, True, 81)


def test_a_fraction_of_a_metre_makes_a_place_no_better() -> None:
    members = {**cbor2.loads(PRESS.to_payload()), "loc": [51.9, 4.4, 9.5, 2.1, "gps"]}
    read = reading.read_press(cbor2.dumps(members), DEVICE)
    assert (read.location, read.odd) == (Location(51.9, 4.4, 10, 3, "gps"), False)


def test_a_life_sign_counts_when_it_says_whose_it_is_and_bears_a_number() -> None:
    beat = replace(PRESS, kind=Kind.POSITION)
    members = cbor2.loads(beat.to_payload())
    read = reading.read_life_sign(cbor2.dumps({**members, "bat": 101, "loc": [91, 4, 1, 1, ""]}), DEVICE)
    assert (read.kind, read.battery, read.press) == (Kind.HEARTBEAT, None, beat.press), "the device lives"
    for name, value in (("ctr", None), ("boot", -1), ("id", bytes(16)), ("kind", "press"), ("kind", 1)):
        with pytest.raises(MessageError):
            reading.read_life_sign(cbor2.dumps({**members, name: value}), DEVICE)


def test_what_stands_beside_the_signature_is_not_believed_and_costs_no_press() -> None:
    protected, _, payload, signature = cbor2.loads(message.seal(PRESS, WHO, TOPIC)).value
    beside = cbor2.dumps([protected, {4: b"kid"}, payload, signature])
    assert reading.open_device_message(beside, WHO.sign_public, TOPIC) == PRESS


@pytest.mark.parametrize(
    "payload",
    [
        bytes.fromhex("c5821a05f5e10001"),  # 2 to the power of a hundred million
        bytes.fromhex("d81c81d81d00"),  # a list that contains itself
        bytes.fromhex("9f01ff"),  # of unknown length
        bytes.fromhex("a2616101616102"),  # one key twice
        b"\x81" * 900,  # very deep
        b"\xbb" + b"\xff" * 8,  # a map of 2**64 members
    ],
)
def test_cbor_that_would_cost_memory_or_has_two_readings_is_refused(payload: bytes) -> None:
    with pytest.raises(MessageError):
        cose.decode(payload, untag=True)


def test_bytes_for_one_topic_mean_nothing_on_another() -> None:
    other = str(UpTopic(ids.DeviceId(ids.new_id()), Lane.ALARM))
    payload = message.seal(PRESS, WHO, TOPIC)
    for topic in (other, str(UpTopic(DEVICE, Lane.TELEMETRY)), "dn/" + DEVICE, "", "up/" * 9):
        with pytest.raises(MessageError):
            reading.open_device_message(payload, WHO.sign_public, topic)


def test_a_device_cannot_speak_for_another() -> None:
    other = UpTopic(ids.DeviceId(ids.new_id()), Lane.ALARM)
    read = reading.open_device_message(message.seal(PRESS, WHO, str(other)), WHO.sign_public, str(other))
    assert (read.device, read.odd) == (other.device, True), "it is the press of whose key signed it for this topic"


def test_a_shard_must_be_the_first_byte_of_the_device() -> None:
    wrong = f"up/{'00' if DEVICE[:2] != '00' else '01'}/{DEVICE}/a"
    with pytest.raises(MessageError):
        message.parse_topic(wrong)


def test_another_key_or_algorithm_is_refused() -> None:
    payload = message.seal(PRESS, keys.Identity.generate(), TOPIC)
    with pytest.raises(MessageError, match="signature"):
        reading.open_device_message(payload, WHO.sign_public, TOPIC)
    array = cbor2.loads(message.seal(PRESS, WHO, TOPIC)).value
    none = cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps({1: -7}), *array[1:]]))
    with pytest.raises(MessageError, match="EdDSA"):
        reading.open_device_message(none, WHO.sign_public, TOPIC)


def test_a_downlink_is_believed_only_from_the_pinned_bridge() -> None:
    topic = message.down_topic(DEVICE)
    said = message.Downlink(PressId(3, 7), Told.STORED, 1_790_000_000_000, 10)
    payload = cose.sign1(WHO, said.to_payload(), topic)
    assert message.open_downlink(payload, WHO.sign_public, topic) == said
    with pytest.raises(MessageError):
        message.open_downlink(payload, keys.Identity.generate().sign_public, topic)
    with pytest.raises(MessageError):
        message.open_downlink(payload, WHO.sign_public, message.down_topic(ids.DeviceId(ids.new_id())))


def test_a_bridge_notice_holds_for_its_own_topic_only() -> None:
    name = message.BridgeName("1")
    notice = message.ServiceNotice(name, online=True, time_ms=5)
    payload = cose.sign1(WHO, notice.to_payload(), message.service_topic(name))
    assert message.open_notice(payload, WHO.sign_public, message.service_topic(name)) == notice
    other = message.service_topic(message.BridgeName("2"))
    moved = cose.sign1(WHO, notice.to_payload(), other)
    with pytest.raises(MessageError):
        message.open_notice(moved, WHO.sign_public, other)


@pytest.mark.parametrize(
    "odd",
    [{"wait": 59}, {"wait": message.MAX_WAIT_S + 1}, {"wait": "45m"}, {"wait": None}, {}, {"boot": -1}, {"ctr": "7"}],
    ids=repr,
)
def test_a_check_in_whose_deadline_or_number_cannot_be_read_is_a_press(odd: dict[str, object]) -> None:
    members = cbor2.loads(replace(PRESS, kind=Kind.CHECK_IN, code=bytes(32)).to_payload())
    said = cbor2.dumps({**members, **({"wait": 600} if odd and "wait" not in odd else {}), **odd})
    read = reading.read_press(said, DEVICE)
    assert (read.kind, read.odd, read.wait_s, read.code) == (Kind.PRESS, True, None, None)


@pytest.mark.parametrize(
    "odd", [{"note": "n" * 201}, {"note": 3}, {"bat": 101}, {"code": b"short"}, {"v": 2}], ids=repr
)
def test_what_else_is_odd_in_a_check_in_costs_itself_and_not_the_promise(odd: dict[str, object]) -> None:
    members = cbor2.loads(replace(PRESS, kind=Kind.CHECK_IN, wait_s=600, note="naar huis").to_payload())
    read = reading.read_press(cbor2.dumps({**members, **odd}), DEVICE)
    assert (read.kind, read.wait_s, read.odd) == (Kind.CHECK_IN, 600, True)
