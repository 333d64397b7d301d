"""A crowd of devices in one process: real MQTT 3.1.1, sockets, keys and signatures; asyncio instead of threads.

Each logs in as the reference device does, listens on its own topic, sends heartbeats, and can press. Only what a button
does beyond that (two brokers, HTTP, a memory on disk) is left out, so that ten thousand fit into one process.
"""

import asyncio
import random
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from device_bridge.errors import MessageError
from device_bridge.mqtt.login import client_id_of, make_token
from device_bridge.wire import message
from device_bridge.wire.message import DeviceMessage, Kind, Lane, PressId, Told, UpTopic
from evidence import ids, keys

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x30, 0x40, 0x82, 0x90
CLEAN_SESSION, USER_AND_PASSWORD, REFUSED = 0x02, 0xC0, 0x80
KEEP_ALIVE_S = 0
"""None: the crowd says that it lives by heartbeats, and its sockets are on this machine."""

REPEAT_S = 1.0

TRIES = 5
"""Of a device, with pauses that grow, before a crowd is not let in."""

AT_ONCE = 100
"""Devices that connect at the same time: a crowd after a power cut is worse, but brokers then make it wait as well."""


@dataclass
class CrowdDevice(asyncio.Protocol):
    """One device: its keys, its connection, and the presses that it waits to hear of."""

    bridge_public: bytes
    durable: bool
    login: bool
    device: ids.DeviceId = field(default_factory=lambda: ids.DeviceId(ids.new_id()))
    who: keys.Identity = field(default_factory=keys.Identity.generate)
    counter: int = 0
    repeats: int = 0
    lost: bool = False

    def __post_init__(self) -> None:
        self._down = message.down_topic(self.device)
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._told: dict[PressId, asyncio.Future[float]] = {}
        self._pressed: dict[PressId, float] = {}

    async def connect(self, host: str, port: int) -> None:
        """Log in and subscribe; raises ConnectionError when the broker does not want us. It may be tried again."""
        self._ready, self._buffer, self.lost = asyncio.get_running_loop().create_future(), b"", False
        await asyncio.get_running_loop().create_connection(lambda: self, host, port)
        await self._ready

    def heartbeat(self) -> None:
        """Say that we live."""
        self._publish(Lane.TELEMETRY, Kind.HEARTBEAT, qos=0)

    async def press(self, timeout_s: float) -> float:
        """Push the button, repeat the identical bytes each second, and return the seconds until *stored*.

        TimeoutError when nobody says so in time.
        """
        press = PressId(1, self.counter + 1)
        heard = self._told[press] = asyncio.get_running_loop().create_future()
        self._pressed[press] = time.perf_counter()
        packet = self._publish(Lane.ALARM, Kind.PRESS, qos=1)
        async with asyncio.timeout(timeout_s):
            while not (await asyncio.wait([heard], timeout=REPEAT_S))[0]:
                self.repeats += 1
                self.send(PUBLISH | 1 << 1, packet)
            took_s: float = await heard
            return took_s

    @property
    def stored(self) -> set[PressId]:
        """The presses that it heard *stored* of."""
        return {press for press, heard in self._told.items() if heard.done() and heard.exception() is None}

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def _publish(self, lane: Lane, kind: Kind, qos: int) -> bytes:
        self.counter += 1
        topic = str(UpTopic(self.device, lane))
        now_ms = time.time_ns() // 1_000_000
        said = DeviceMessage(self.device, PressId(1, self.counter), 0, now_ms, 1, kind, 90, "crowd", None)
        number = struct.pack(">H", self.counter & 0xFFFF or 1) if qos else b""
        packet = text(topic) + number + message.seal(said, self.who, topic)
        self.send(PUBLISH | qos << 1, packet)
        return packet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there: log in."""
        assert isinstance(transport, asyncio.Transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport
        flags = (0 if self.durable else CLEAN_SESSION) | (USER_AND_PASSWORD if self.login else 0)
        token = text(self.device) + text(make_token(self.device, self.who)) if self.login else b""
        head = text("MQTT") + bytes([4, flags]) + struct.pack(">H", KEEP_ALIVE_S)
        self.send(CONNECT, head + text(client_id_of(self.device)) + token)

    def connection_lost(self, exc: Exception | None) -> None:
        """The broker hung up, or we did."""
        self.lost = True
        cause = exc or ConnectionError("the broker hung up")
        if not self._ready.done():
            self._ready.set_exception(cause)
        for heard in self._told.values():
            if not heard.done():
                heard.set_exception(cause)

    def data_received(self, data: bytes) -> None:
        """Read whole packets."""
        self._buffer += data
        while (packet := _first_packet(self._buffer)) is not None:
            kind, body, size = packet
            self._buffer = self._buffer[size:]
            self._heard(kind, body)

    def _heard(self, kind: int, body: bytes) -> None:
        if kind == CONNACK:
            if body[1]:
                self._ready.set_exception(ConnectionError(f"refused with code {body[1]}"))
                return
            self.send(SUBSCRIBE, b"\0\1" + text(self._down) + b"\1" + text("svc/bridge/+") + b"\1")
        elif kind == SUBACK:
            if any(code & REFUSED for code in body[2:]):
                self._ready.set_exception(ConnectionError("the broker refused a subscription"))
            else:
                self._ready.set_result(None)
        elif kind & 0xF0 == PUBLISH:
            self._delivered(kind, body)

    def _delivered(self, kind: int, body: bytes) -> None:
        length = struct.unpack(">H", body[:2])[0]
        topic, rest = body[2 : 2 + length].decode(), body[2 + length :]
        if kind >> 1 & 3:
            self.send(PUBACK, rest[:2])
            rest = rest[2:]
        if topic != self._down:
            return
        try:
            said = message.open_downlink(rest, self.bridge_public, topic)
        except MessageError:
            return
        heard = self._told.get(said.press)
        if said.state is Told.STORED and heard is not None and not heard.done():
            heard.set_result(time.perf_counter() - self._pressed[said.press])

    def send(self, kind: int, body: bytes) -> None:
        """Send one packet."""
        if self._transport is not None:
            self._transport.write(bytes([kind]) + _length(len(body)) + body)


async def connect_all(crowd: Sequence[CrowdDevice], host: str, port: int) -> tuple[float, int]:
    """Connect everyone, so many at a time; return the seconds that it took, and how often a broker hung up.

    Whom it lets wait for two seconds NATS puts out, and devices come again: a busy machine is no fault.
    """
    begun, gate, again = time.perf_counter(), asyncio.Semaphore(AT_ONCE), 0

    async def one(device: CrowdDevice) -> None:
        nonlocal again
        for tries in range(TRIES):
            async with gate:
                try:
                    await device.connect(host, port)
                except ConnectionError:
                    device.close()
                    if tries == TRIES - 1:
                        raise
                else:
                    return
            again += 1
            await asyncio.sleep(random.uniform(0.5, 1.5) * 2**tries)

    await asyncio.gather(*(one(device) for device in crowd))
    return time.perf_counter() - begun, again


async def beat(crowd: Sequence[CrowdDevice], every_s: float, stop: asyncio.Event) -> int:
    """Let everyone say that they live every `every_s`, spread evenly; return how often anybody did."""
    count, begun = 0, time.perf_counter()
    while not stop.is_set():
        due = int((time.perf_counter() - begun) * len(crowd) / every_s)
        for number in range(count, due):
            crowd[number % len(crowd)].heartbeat()
        count = due
        await asyncio.sleep(0.01)
    return count


def text(value: str) -> bytes:
    """Return a text as MQTT writes it."""
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, digit = size >> 7, size & 0x7F
        out.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(out)


def _first_packet(data: bytes) -> tuple[int, bytes, int] | None:
    """Return type byte, body and whole size of the first packet; None when it is not whole yet."""
    size = 0
    for index in range(1, 5):
        if index >= len(data):
            return None
        size |= (data[index] & 0x7F) << 7 * (index - 1)
        if not data[index] & 0x80:
            end = index + 1 + size
            return (data[0], data[index + 1 : end], end) if len(data) >= end else None
    raise ConnectionError("not an MQTT packet")
