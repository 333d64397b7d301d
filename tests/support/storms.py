"""Storms around a press: one device that floods, strangers who post, life signs by the thousand; until cancelled.

`other` is a device of somebody else that is connected; `feed` is a bridge's own address, where anybody can post.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from urllib.parse import quote, urlsplit

from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, Location, PressId, UpTopic
from tests.support.crowd import PUBLISH, CrowdDevice, text

TOGETHER = 100
STRANGERS_A_SECOND = 300
WAITING = 100
"""Strangers at once that no bridge has answered yet."""

SIGNS_A_SECOND = 5000
PAUSE_S = 0.01
HERE = Location(51.9244, 4.4777, 12, 3, "gps")

Storm = Callable[[str, CrowdDevice], Coroutine[None, None, None]]


async def one_device(_feed: str, other: CrowdDevice) -> None:
    """A hundred presses at once."""
    await asyncio.gather(*(other.press(240) for _ in range(TOGETHER)))


async def one_device_for_ever(feed: str, other: CrowdDevice) -> None:
    """A hundred presses at once, and again as soon as they are stored."""
    while True:
        await one_device(feed, other)


async def strangers(feed: str, other: CrowdDevice) -> None:
    """Posts in the name of a device, signed by nobody, at an even pace; a bridge that lets them wait gets no more."""
    address = urlsplit(feed)
    topic = quote(str(UpTopic(other.device, Lane.ALARM)), safe="")
    head = f"POST /press?topic={topic} HTTP/1.1\r\nhost: bridge\r\ncontent-length: 200\r\nconnection: close\r\n\r\n"

    async def post(number: int) -> None:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            try:
                writer.write(head.encode() + number.to_bytes(200, "big"))
                await reader.read()
            finally:
                writer.close()
                await writer.wait_closed()

    begun, sent, going = time.perf_counter(), 0, set[asyncio.Task[None]]()
    try:
        while True:
            due = int((time.perf_counter() - begun) * STRANGERS_A_SECOND)
            for number in range(sent, min(due, sent + WAITING - len(going))):
                task = asyncio.create_task(post(number))
                going.add(task)
                task.add_done_callback(going.discard)
            sent = due
            await asyncio.sleep(PAUSE_S)
    finally:
        await asyncio.gather(*going, return_exceptions=True)


async def heartbeats(_feed: str, other: CrowdDevice) -> None:
    """Heartbeats of one device."""
    await _life_signs(other, Kind.HEARTBEAT, None)


async def positions(_feed: str, other: CrowdDevice) -> None:
    """Positions of a device whose alarm is open."""
    await other.press(240)
    await _life_signs(other, Kind.POSITION, HERE)


async def _life_signs(other: CrowdDevice, kind: Kind, where: Location | None) -> None:
    """Life signs that were signed beforehand, so that signing them does not share her cores."""
    topic = str(UpTopic(other.device, Lane.TELEMETRY))
    packets = []
    for number in range(SIGNS_A_SECOND):
        now_ms = time.time_ns() // 1_000_000
        said = DeviceMessage(other.device, PressId(2, number), 0, now_ms, 1, kind, 90, "storm", where)
        packets.append(text(topic) + message.seal(said, other.who, topic))
    begun, sent = time.perf_counter(), 0
    while True:
        due = int((time.perf_counter() - begun) * SIGNS_A_SECOND)
        for number in range(sent, due):
            other.send(PUBLISH, packets[number % len(packets)])
        sent = due
        await asyncio.sleep(PAUSE_S / 2)


STORMS: dict[str, Storm] = {
    f"one device presses {TOGETHER} times at once": one_device_for_ever,
    f"{STRANGERS_A_SECOND} strangers' posts a second": strangers,
    f"{SIGNS_A_SECOND:,} heartbeats a second": heartbeats,
}


@contextlib.asynccontextmanager
async def raging(storm: Storm, feed: str, other: CrowdDevice) -> AsyncIterator[None]:
    """Let a storm rage meanwhile; the one that ends by itself is waited for, and what it raises is raised."""
    task = asyncio.create_task(storm(feed, other))
    try:
        yield
    finally:
        if storm is not one_device:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
