"""The page for other makers of devices (docs/formats/device.md) and the code say the same bytes."""

import re
from dataclasses import replace
from pathlib import Path

from device_bridge.alarm.life import CANCEL_FLAGS
from device_bridge.wire import codes, cose, message, reading
from device_bridge.wire.message import (
    DeviceMessage,
    Downlink,
    Kind,
    Lane,
    Location,
    PressId,
    Refusal,
    Told,
    UpTopic,
    Why,
)
from evidence import ids, keys

PAGE = Path(__file__).parents[3] / "docs" / "formats" / "device.md"
SEED = bytes(range(32))
WHO = keys.Identity(SEED, SEED)
DEVICE = ids.DeviceId("a0" + "11" * 15)


def blocks() -> list[bytes]:
    """Return the byte strings of the page's test vector, in order."""
    vector = PAGE.read_text(encoding="utf-8").partition("## Test vector")[2]
    return [bytes.fromhex(re.sub(r"\s", "", block)) for block in re.findall(r"```\n([0-9a-f\n]+)```", vector)]


def test_the_vector_is_what_the_code_makes_and_reads() -> None:
    pressed, stored, following, promised, refused = blocks()
    topic = str(UpTopic(DEVICE, Lane.ALARM))
    location = Location(51.9244, 4.4777, 9, 2, "gps")
    said = DeviceMessage(DEVICE, PressId(3, 7), 12000, 1790000000000, 1, Kind.PRESS, 81, "1.0", location)
    assert message.seal(said, WHO, topic) == pressed
    assert reading.open_device_message(pressed, WHO.sign_public, topic) == said
    told = Downlink(PressId(3, 7), Told.STORED, 1790000000250, 10)
    down = message.down_topic(DEVICE)
    assert cose.sign1(WHO, told.to_payload(), down) == stored
    assert message.open_downlink(stored, WHO.sign_public, down) == told
    refusal = Refusal(message.name_of_refused(pressed[:9]), Why.UNREADABLE, 1790000000250)
    assert cose.sign1(WHO, refusal.to_payload(), down) == refused
    assert message.open_told(refused, WHO.sign_public, down) == refusal
    lane = str(UpTopic(DEVICE, Lane.TELEMETRY))
    moved = replace(
        said, press=PressId(3, 8), uptime_ms=22000, wall_ms=1790000010000, sync=2, kind=Kind.POSITION, battery=80
    )
    moved = replace(moved, location=Location(51.9251, 4.4791, 12, 0, "gps"))
    assert message.seal(moved, WHO, lane) == following
    assert reading.open_device_message(following, WHO.sign_public, lane) == moved
    leaving = replace(moved, press=PressId(3, 9), uptime_ms=60000, wall_ms=1790000048000, kind=Kind.CHECK_IN)
    leaving = replace(leaving, location=None, wait_s=2700, note="naar huis")
    assert message.seal(leaving, WHO, topic) == promised
    assert reading.open_device_message(promised, WHO.sign_public, topic) == leaving


def test_the_code_on_the_page_is_what_the_code_makes() -> None:
    key = codes.pin_key(bytes(range(32, 64)), "1379")
    assert f"`{codes.code_of(key, DEVICE, PressId(3, 8)).hex()}`" in PAGE.read_text(encoding="utf-8")


def test_every_kind_state_and_cap_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for word in (*Kind, *Told, *Why):
        assert f"`{word}`" in page
    for flag, _ in CANCEL_FLAGS.values():
        assert f"`{flag}`" in page
    assert f"{cose.MAX_MESSAGE_BYTES:,} bytes" in page
    assert cose.PROTECTED.hex() in page
    assert f"{message.MIN_WAIT_S} to {message.MAX_WAIT_S:,}; 0 ends" in page
