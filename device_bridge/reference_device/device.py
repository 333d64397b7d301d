"""The reference device: what a panic button does, on real MQTT. It talks to any Getuige.

It sends each press to every broker it knows and repeats the identical bytes until a downlink, signed by the bridge
key that it has pinned, says *stored*. A broker's own acknowledgement means nothing to it. When nobody has said
*stored* after five seconds, or every bridge has said that it is away, it posts the same bytes over HTTP as well, and
makes its connections anew. A bridge that refuses the bytes says why; the device goes on, less often.
"""

import random
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog

from device_bridge.errors import MessageError, SettingsError
from device_bridge.mqtt.connection import BrokerAddress, Connection, Delivered, Login
from device_bridge.mqtt.login import client_id_of, make_token
from device_bridge.reference_device.memory import DeviceMemory, Progress
from device_bridge.reference_device.position_schedule import ALARMING, Followed
from device_bridge.wire import codes, cose, message
from device_bridge.wire.message import LIFE_SIGNS, Downlink, Kind, Lane, Location, PressId, Refusal, Told, Why

FIRST_REPEAT_S: Final = 0.4
"""Pause before the first repeat: a broker that was killed may have taken the press, or the word *stored*, with it."""

REPEAT_S: Final = 1.0
"""Pause between further repeats of the identical bytes while nobody has said *stored*."""

REFUSED_REPEAT_S: Final = 10.0
"""Pause between repeats of what a bridge refused: its word may be out of date, so the device does not give up."""

FALLBACK_AFTER_S: Final = 5.0
"""Without *stored* for this long, the same bytes are also posted over HTTP, and the connections made anew."""

RENEW_S: Final = 15.0
"""Pause between further attempts with new connections: a slow network must have time to make one."""

KEEP_ALIVE_S: Final = 20
"""MQTT's own; a press that nobody answers does not wait for it."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = (1.0, 2.0), 32.0
"""Pause before a device tries a broker again: drawn from the first two, then doubled each time up to the last, so that
ten thousand devices do not come back in one second."""

HTTP_TIMEOUT_S: Final = 4.0
HEARTBEAT_S: Final = 60
TICK_S: Final = 0.5
"""How soon a shorter interval, asked for by a downlink, is followed."""

FIRMWARE: Final = "getuige-reference-2"

OnTold = Callable[[PressId, Told, float], None]
"""Called with the press, what was said about it, and the milliseconds since the button went down."""

OnRefused = Callable[[PressId, Why, float], None]
"""Called with the press, why a bridge takes nothing of it, and the milliseconds since the button went down."""

log = structlog.get_logger()


def refuse_check_in(wait_s: int, note: str | None) -> None:
    """Raise SettingsError for a check-in that no bridge would read as one."""
    if wait_s != 0 and not message.MIN_WAIT_S <= wait_s <= message.MAX_WAIT_S:
        raise SettingsError(f"a check-in waits for {message.MIN_WAIT_S} to {message.MAX_WAIT_S} seconds")
    if note is not None and (len(note) > message.MAX_NOTE_CHARACTERS or not note.isprintable()):
        raise SettingsError(f"a note is one line of at most {message.MAX_NOTE_CHARACTERS} characters")


class ReferenceDevice:
    """One device, switched on by `start`. Its methods are safe to call from any thread."""

    def __init__(
        self,
        memory: DeviceMemory,
        on_told: OnTold | None = None,
        locate: Callable[[], Location | None] = lambda: None,
        battery: Callable[[], int | None] = lambda: None,
        on_refused: OnRefused | None = None,
    ) -> None:
        """Make a device that is off; `locate` says where it is (None: no fix), `battery` how full it is, per cent."""
        self.heartbeat_s = HEARTBEAT_S
        self.refused_downlinks = 0
        """Downlinks whose signature is not the pinned bridge's."""
        self.heard = 0
        """Downlinks of the pinned bridge, old ones too."""
        self._memory = memory
        self._who = memory.identity
        self._started = time.monotonic()
        self._on_told = on_told
        self._on_refused = on_refused
        self._locate = locate
        self._battery = battery
        self._followed = Followed(memory.state.closed_ms)
        self._clock_offset_ms: int | None = None
        self._newest_ms = memory.state.closed_ms
        """The bridge's clock in the newest word about an open press of this start."""
        self._nowhere = False
        """Whether the newest press went out without a place, and none was said since."""
        self._open: dict[PressId, Progress] = {}
        self._listening: dict[tuple[str, str], bool] = {}
        self._unstored: dict[PressId, tuple[str, bytes]] = {}
        self._renewing = threading.Lock()
        self._renewed: dict[str, float] = {}
        """When each connection was last made anew on purpose (monotonic seconds)."""
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._down = message.down_topic(memory.device)
        self._connections = [self._connection(url, index) for index, url in enumerate(memory.state.brokers)]
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Switch on: count the boot, connect to every broker, begin to send heartbeats."""
        self._memory.boot()
        for connection in self._connections:
            connection.start()
        self._heart.start()

    def stop(self) -> None:
        """Switch off."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        with self._renewing:
            for connection in self._connections:
                connection.stop()
        self._heart.join()

    def connected(self) -> int:
        """Return how many brokers have taken our subscription."""
        return sum(connection.connected.is_set() for connection in self._connections)

    def press(self, kind: Kind = Kind.PRESS, location: Location | None = None, pin: str | None = None) -> PressId:
        """Push the button. Returns at once; repeating and falling back go on until *stored*.

        `pin` is what was typed with a cancel. The device cannot tell which code it is, or whether it is one.
        """
        if kind in LIFE_SIGNS or kind is Kind.CHECK_IN:
            raise SettingsError("this is not a press")
        press = self._memory.next_press()
        self._send(press, self._message(kind, press, location, pin), follows=kind)
        return press

    def check_in(
        self,
        wait_s: int,
        location: Location | None = None,
        pin: str | None = None,
        note: str | None = None,
        tell: bytes | None = None,
    ) -> PressId:
        """Promise to check in again within `wait_s` seconds, else an alarm is opened; 0 ends the promise.

        `pin` is what was typed: without her code nothing is put off or ended. `note` says where she goes, `tell` which
        people of her own are told as well, sealed to the bridge's box.
        """
        refuse_check_in(wait_s, note)
        press = self._memory.next_press()
        said = replace(self._message(Kind.CHECK_IN, press, location, pin), wait_s=wait_s, note=note, tell=tell)
        with self._changed:
            self._followed.promised(time.monotonic() + wait_s if wait_s else None, typed=pin is not None)
        self._send(press, said, follows=None if pin is None else Kind.CANCEL)
        return press

    def _send(self, press: PressId, said: message.DeviceMessage, follows: Kind | None) -> None:
        """Send until it is stored. `follows`: after a push of this kind the device says where it is."""
        topic = str(message.UpTopic(self._memory.device, Lane.ALARM))
        payload = message.seal(said, self._who, topic)
        with self._changed:
            self._open[press] = Progress(press, time.monotonic())
            self._unstored[press] = (topic, payload)
            if follows is not None:
                self._followed.pushed(press, follows)
            if follows in ALARMING:
                self._nowhere = said.location is None
        for connection in self._connections:
            connection.publish(topic, payload)
        threading.Thread(target=self._repeat, args=(press, topic, payload), name="repeat", daemon=True).start()

    def wait(self, press: PressId, told: Told, timeout_s: float) -> float | None:
        """Wait until `told` was said about `press`; return the milliseconds since the push, None on time-out."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while told not in self._open[press].told_ms:
                left = deadline - time.monotonic()
                if left <= 0 or self._stop.is_set() or not self._changed.wait(left):
                    return self._open[press].told_ms.get(told)
            return self._open[press].told_ms[told]

    def nobody_listens(self) -> bool:
        """Whether every bridge that ever spoke to us has said, on every broker, that it is away."""
        return bool(self._listening) and not any(self._listening.values())

    @property
    def alarmed(self) -> bool:
        """Whether an alarm of this device may be open, as far as it knows."""
        with self._changed:
            return self._followed.is_any(time.monotonic())

    def heartbeat(self, where: Location | None = None) -> None:
        """Say that we live, once, on every broker; while an alarm is open also where we are."""
        where = where or (self._locate() if self.alarmed else None)
        self._nowhere = self._nowhere and where is None
        kind = Kind.HEARTBEAT if where is None else Kind.POSITION
        press = self._memory.next_press()
        topic = str(message.UpTopic(self._memory.device, Lane.TELEMETRY))
        payload = message.seal(self._message(kind, press, where), self._who, topic)
        for connection in self._connections:
            connection.publish(topic, payload, qos=0)

    def _connection(self, url: str, index: int) -> Connection:
        address = BrokerAddress.parse(url, "abcdefgh"[index], self._memory.authority_file, self._memory.shown)
        device = self._memory.device
        connection = Connection(
            address,
            client_id_of(device),
            self._heard,
            filters=((self._down, 1), ("svc/bridge/+", 1)),
            login=Login(device, lambda: make_token(device, self._who)),
            durable=False,
            on_up=self._send_unstored,
        )
        first_s = random.uniform(*FIRST_PAUSE_S)  # noqa: S311 - spreads devices, protects nothing
        connection.at_pace(KEEP_ALIVE_S, first_s, LONGEST_PAUSE_S)
        return connection

    def _send_unstored(self, connection: Connection) -> None:
        """A press that was made while a broker was away goes out the moment that it is back."""
        with self._changed:
            waiting = list(self._unstored.values())
        for topic, payload in waiting:
            connection.publish(topic, payload)

    def _message(
        self, kind: Kind, press: PressId, location: Location | None, pin: str | None = None
    ) -> message.DeviceMessage:
        device = self._memory.device
        code = None if pin is None else codes.code_of(codes.pin_key(self._memory.code_salt, pin), device, press)
        now_ms = time.time_ns() // 1_000_000
        return message.DeviceMessage(
            device=self._memory.device,
            press=press,
            uptime_ms=int((time.monotonic() - self._started) * 1000),
            wall_ms=now_ms + (self._clock_offset_ms or 0),
            sync=1 if self._clock_offset_ms is None else 2,
            kind=kind,
            battery=self._battery(),
            firmware=FIRMWARE,
            location=location,
            code=code,
        )

    def _repeat(self, press: PressId, topic: str, payload: bytes) -> None:
        started, pause_s = time.monotonic(), FIRST_REPEAT_S
        while self.wait(press, Told.STORED, pause_s) is None and not self._stop.is_set():
            first, pause_s = pause_s == FIRST_REPEAT_S, REFUSED_REPEAT_S if self._open[press].refused else REPEAT_S
            for connection in self._connections:
                if not connection.publish(topic, payload) and first:
                    self._renew(connection)
            late = time.monotonic() - started >= FALLBACK_AFTER_S
            if late:  # one at a time: the other may be about to bring the word
                self._renew(min(self._connections, key=lambda one: self._renewed.get(one.address.name, 0.0)))
            if (late or self.nobody_listens()) and self._memory.state.press_url:
                self._post(self._memory.state.press_url, topic, payload)

    def _renew(self, connection: Connection) -> None:
        """Make a connection anew, unless that was done a moment ago: other presses may be waiting for it too."""
        name = connection.address.name
        with self._renewing:
            if time.monotonic() - self._renewed.get(name, -RENEW_S) >= RENEW_S and not self._stop.is_set():
                self._renewed[name] = time.monotonic()
                connection.renew()

    def _post(self, url: str, topic: str, payload: bytes) -> None:
        target = f"{url}?{urllib.parse.urlencode({'topic': topic})}"
        request = urllib.request.Request(target, data=payload, method="POST")  # noqa: S310 - the scheme is checked when the device is made
        request.add_header("Content-Type", "application/cose")
        try:
            with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S) as answer:  # noqa: S310 - as above
                self._listen(answer.read(cose.MAX_MESSAGE_BYTES))
        except (OSError, urllib.error.URLError, MessageError) as error:
            log.info("fallback-failed", error=type(error).__name__)

    def _heard(self, connection: Connection, delivered: Delivered) -> None:
        connection.acknowledge(delivered)
        with suppress(MessageError):
            if delivered.topic == self._down:
                self._listen(delivered.payload)
            else:
                notice = message.open_notice(delivered.payload, self._memory.bridge_public, delivered.topic)
                self._listening[connection.address.name, notice.bridge] = notice.online

    def _listen(self, payload: bytes) -> None:
        """Believe a downlink only when the pinned bridge signed it for this device."""
        try:
            said = message.open_told(payload, self._memory.bridge_public, self._down)
        except MessageError:
            self.refused_downlinks += 1
            raise
        if isinstance(said, Refusal):
            self._refused(said)
        else:
            self._told(said)
        self.heard += 1

    def _told(self, said: Downlink) -> None:
        with self._changed:
            self._set_clock(said)
            if self._followed.hear(said, time.monotonic()):
                self._memory.remember_closing(self._followed.closed_ms)
            progress = self._open.get(said.press)
            if progress is None or said.state in progress.told_ms:
                return
            elapsed_ms = (time.monotonic() - progress.started) * 1000
            progress.told_ms[said.state] = elapsed_ms
            self._unstored.pop(said.press, None)
            self._changed.notify_all()
        if self._on_told is not None:
            self._on_told(said.press, said.state, elapsed_ms)

    def _set_clock(self, said: Downlink) -> None:
        """Set the clock by an answer to an open press of this start, and by no older word: a broker may repeat one."""
        progress = self._open.get(said.press)
        if progress is None or Told.CLOSED in progress.told_ms or said.time_ms <= self._newest_ms:
            return
        self._newest_ms = said.time_ms
        self._clock_offset_ms = said.time_ms - time.time_ns() // 1_000_000
        self.heartbeat_s = max(1, said.heartbeat_s)

    def _refused(self, said: Refusal) -> None:
        """Note that a bridge takes nothing of a press, which whoever holds the device should see."""
        with self._changed:
            for press, (_topic, payload) in self._unstored.items():
                if message.name_of_refused(payload) == said.of:
                    progress = self._open[press]
                    break
            else:
                return
            first, progress.refused = progress.refused is None, said.why
            elapsed_ms = (time.monotonic() - progress.started) * 1000
        if first and self._on_refused is not None:
            self._on_refused(press, said.why, elapsed_ms)

    def _beat(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(TICK_S):
            # Indoors the first fix may take a while; then it is said at once.
            fix = self._locate() if self._nowhere and self.alarmed else None
            if fix is not None or time.monotonic() - last >= self.heartbeat_s:
                last = time.monotonic()
                self.heartbeat(fix)
