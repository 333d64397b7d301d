"""Device messages: what is sealed is read back; whatever else arrives is a MessageError and nothing worse."""

import string

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_bridge.errors import MessageError
from device_bridge.wire import cose, message
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
counts = st.integers(0, message.MAX_UNSIGNED)
messages = st.builds(
    DeviceMessage,
    st.just(DEVICE),
    st.builds(PressId, counts, counts),
    counts,
    st.none() | counts,
    st.integers(0, 2),
    st.sampled_from(list(Kind)),
    st.none() | st.integers(0, 100),
    st.text(string.printable[:95], max_size=32),
    st.none() | locations,
)


@given(messages)
def test_what_a_device_seals_is_read_back_on_its_own_lane_only(sent: DeviceMessage) -> None:
    right, wrong = (TELEMETRY, TOPIC) if sent.kind in message.LIFE_SIGNS else (TOPIC, TELEMETRY)
    payload = message.seal(sent, WHO, right)
    assert len(payload) <= cose.MAX_MESSAGE_BYTES
    if sent.kind is Kind.POSITION and sent.location is None:
        with pytest.raises(MessageError, match="must say where"):
            message.open_device_message(payload, WHO.sign_public, right)
    else:
        assert message.open_device_message(payload, WHO.sign_public, right) == sent
    with pytest.raises(MessageError):
        message.open_device_message(message.seal(sent, WHO, wrong), WHO.sign_public, wrong)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_without_another_error(data: bytes) -> None:
    with pytest.raises(MessageError):
        message.open_device_message(data, WHO.sign_public, TOPIC)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_one_changed_byte_is_refused(at: int, value: int) -> None:
    payload = bytearray(message.seal(PRESS, WHO, TOPIC))
    at %= len(payload)
    if payload[at] == value:
        value ^= 1
    payload[at] = value
    with pytest.raises(MessageError):
        message.open_device_message(bytes(payload), WHO.sign_public, TOPIC)


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
def test_any_value_that_the_device_itself_signs_is_read_or_refused(value: object) -> None:
    payload = cose.sign1(WHO, cbor2.dumps(value)[: cose.MAX_MESSAGE_BYTES], TOPIC)
    with pytest.raises(MessageError):
        message.open_device_message(payload, WHO.sign_public, TOPIC)


@given(st.sampled_from(["v", "id", "boot", "ctr", "up", "wall", "sync", "kind", "bat", "fw", "loc"]), cbor_values)
def test_a_member_of_another_form_is_refused_or_harmless(name: str, value: object) -> None:
    members = cbor2.loads(PRESS.to_payload())
    members[name] = value
    try:
        read = message.parse_payload(cbor2.dumps(members))
    except MessageError:
        return
    assert read.to_payload()


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
            message.open_device_message(payload, WHO.sign_public, topic)


def test_a_device_cannot_speak_for_another() -> None:
    other = str(UpTopic(ids.DeviceId(ids.new_id()), Lane.ALARM))
    with pytest.raises(MessageError, match="another device"):
        message.open_device_message(message.seal(PRESS, WHO, other), WHO.sign_public, other)


def test_a_shard_must_be_the_first_byte_of_the_device() -> None:
    wrong = f"up/{'00' if DEVICE[:2] != '00' else '01'}/{DEVICE}/a"
    with pytest.raises(MessageError):
        message.parse_topic(wrong)


def test_another_key_or_algorithm_is_refused() -> None:
    payload = message.seal(PRESS, keys.Identity.generate(), TOPIC)
    with pytest.raises(MessageError, match="signature"):
        message.open_device_message(payload, WHO.sign_public, TOPIC)
    array = cbor2.loads(message.seal(PRESS, WHO, TOPIC)).value
    none = cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps({1: -7}), *array[1:]]))
    with pytest.raises(MessageError, match="EdDSA"):
        message.open_device_message(none, WHO.sign_public, TOPIC)


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
