"""Arrivals: bytes that came in, and what is said to the device that sent them."""

import time
from dataclasses import dataclass

from device_bridge.alarm.alarm import Received
from evidence import ids


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes that a broker, or the fallback over HTTP, handed to the lane."""

    topic: str
    payload: bytes
    received: Received


@dataclass(frozen=True, slots=True)
class Spoken:
    """Signed bytes for a device, and the topic on which it listens."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one arrival: what to tell the device (None for a stranger), and what was wrong with it."""

    answer: Spoken | None
    problem: str | None = None


def received_now(broker: str) -> Received:
    """Stamp an arrival with this machine's clock."""
    at_ms = time.time_ns() // 1_000_000
    return Received(at_ms, ids.now(), broker)
