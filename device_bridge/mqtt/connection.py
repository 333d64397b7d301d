"""The bridge's two connections to each broker: one for alarms, acknowledged by hand, and one for telemetry.

Brokers restart their message numbers, and acknowledging an old number would acknowledge a new message that was never
stored. So each connection has an epoch, and an acknowledgement of a former epoch is dropped: the broker sends
that message again, and the spool knows it (docs/adr/0003-alarm-path.md).
"""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion

from device_bridge.errors import SettingsError

ALARM_FILTER: Final = "up/+/+/a"
TELEMETRY_FILTER: Final = "up/+/+/t"
SHARDS: Final = 256

KEEP_ALIVE_S: Final = 5
"""A broker that vanished without a word is noticed within one and a half of these."""


CONNECT_TIMEOUT_S: Final = 2.0
RECONNECT_S: Final = (1, 2)
"""Pause between attempts, at first and at most, doubled each time: a broker that is killed is back within a second."""

PLAIN_PORT, TLS_PORT = 1883, 8883

log = structlog.get_logger()


@dataclass(frozen=True)
class BrokerAddress:
    """Where a broker listens, as `mqtt://host:port` or `mqtts://host:port`; its short name for people."""

    name: str
    host: str
    port: int
    tls: bool = False
    ca_file: Path | None = None
    shown: tuple[Path, Path] | None = None
    """Certificate and key (PEM) that we show a broker which asks for them; mosquitto does."""

    @staticmethod
    def parse(
        url: str, name: str, ca_file: Path | None = None, shown: tuple[Path, Path] | None = None
    ) -> "BrokerAddress":
        """Read an address; SettingsError when it is none. Passwords never stand in addresses."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise SettingsError(f"{url!r} is not a broker address such as mqtt://127.0.0.1:1883") from error
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.username or parts.password:
            raise SettingsError(f"{url!r} is not a broker address such as mqtt://127.0.0.1:1883")
        tls = parts.scheme == "mqtts"
        return BrokerAddress(name, parts.hostname, port or (TLS_PORT if tls else PLAIN_PORT), tls, ca_file, shown)


@dataclass(frozen=True)
class Login:
    """A user and its password at a broker; the password is asked for at each connection."""

    user: str
    password: Callable[[], str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message with what is needed to acknowledge it: its number, and the epoch of the connection."""

    topic: str
    payload: bytes
    retain: bool
    qos: int
    mid: int
    epoch: int


class HandedClient(paho.Client):
    """A client that can be handed a finished socket, because making one may block."""

    handed: socket.socket | None = None

    def _create_socket(self) -> socket.socket:
        made, self.handed = self.handed, None
        return super()._create_socket() if made is None else made  # type: ignore[return-value] # a socket, or TLS on one


class Connection:
    """One MQTT 3.1.1 connection that is made again whenever it breaks. Callbacks come on its network thread.

    With `durable`, the broker keeps the session and its queue while we are away; QoS 1 messages must then be given
    to `acknowledge`, after they were stored. Instead of `start` it may be given to a loop that drives it
    (`device_bridge.mqtt.driving`), on whose thread all its methods are called then.
    """

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        on_message: Callable[["Connection", Delivered], None],
        *,
        filters: tuple[tuple[str, int], ...],
        login: Login | None = None,
        durable: bool = True,
        will: tuple[str, bytes] | None = None,
        on_up: Callable[["Connection"], None] | None = None,
    ) -> None:
        self.address = address
        self.connected = threading.Event()
        """Set while the broker has taken our subscriptions."""
        self.faults = 0
        """Exceptions that a callback of ours raised; each is logged, none ends the loop."""
        self._on_message = on_message
        self._on_up = on_up
        self._filters = filters
        self._login = login
        self._keep_alive_s = KEEP_ALIVE_S
        self._epoch = 0
        self._lock = threading.RLock()  # acknowledging may find out that the connection is gone
        self._client = self._make_client(client_id, durable=durable)
        if will is not None:
            self._client.will_set(will[0], will[1], qos=0, retain=True)

    @property
    def client(self) -> paho.Client:
        """The MQTT client, for the loop that drives it (`device_bridge.mqtt.driving`)."""
        return self._client

    def begin(self, made: socket.socket) -> None:
        """Speak over a socket that was made for this connection; for one that is driven."""
        self._client.handed = made
        self._client.connect(self.address.host, self.address.port, keepalive=self._keep_alive_s)

    def drop(self) -> None:
        """End the connection as it is, without a word; for one that is driven."""
        self._client._sock_close()  # noqa: SLF001 - paho has no public name for it
        self._disconnected()

    def start(self) -> None:
        """Begin to connect, and keep connecting until `stop`."""
        self._client.connect_async(self.address.host, self.address.port, keepalive=self._keep_alive_s)
        self._client.loop_start()

    def at_pace(self, keep_alive_s: int, first_pause_s: float, longest_pause_s: float) -> None:
        """Set how soon a silent broker counts as gone, and how long to wait between attempts, doubled each time."""
        self._keep_alive_s = keep_alive_s
        pauses: tuple[Any, Any] = (first_pause_s, longest_pause_s)  # paho waits fractions of a second too
        self._client.reconnect_delay_set(*pauses)

    def renew(self) -> None:
        """Begin anew at once, whether or not the connection looks well; may take a second. Not for callbacks."""
        self._client.loop_stop()
        self._client._reset_sockets(sockpair_only=True)  # noqa: SLF001 - `loop_start` makes a new pair and forgets this
        self._client.connect_async(self.address.host, self.address.port, keepalive=self._keep_alive_s)
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye and end the network thread."""
        self._client.disconnect()
        self._client.loop_stop()
        self.connected.clear()

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Hand bytes to the network thread; False when there is no connection (the caller has other ways)."""
        if not self._client.is_connected():
            return False
        return self._client.publish(topic, payload, qos=qos, retain=retain).rc == paho.MQTT_ERR_SUCCESS

    def acknowledge(self, delivered: Delivered) -> None:
        """Acknowledge a stored message, unless it came over a connection that is gone."""
        if delivered.qos == 0:
            return
        with self._lock:
            if delivered.epoch == self._epoch:
                self._client.ack(delivered.mid, delivered.qos)

    def _make_client(self, client_id: str, *, durable: bool) -> HandedClient:
        client = HandedClient(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=not durable,
            protocol=paho.MQTTv311,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.reconnect_delay_set(*RECONNECT_S)
        client.max_inflight_messages_set(0)
        client.on_pre_connect = self._guarded(self._pre_connect)
        client.on_socket_open = self._guarded(_send_at_once)
        client.on_connect = self._guarded(self._connected)
        client.on_subscribe = self._guarded(self._subscribed)
        client.on_disconnect = self._guarded(self._disconnected)
        client.on_message = self._guarded(self._message)
        if self.address.tls:
            client.tls_set_context(tls_of(self.address))
        return client

    def _guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        """An exception in a callback would end paho's loop, and with it every later press."""

        def call(*arguments: Any) -> None:  # noqa: ANN401 - paho's callbacks have many shapes
            try:
                callback(*arguments)
            except Exception as error:  # noqa: BLE001 - nothing may end the loop
                self.faults += 1
                log.error("mqtt-callback-failed", broker=self.address.name, error=type(error).__name__)  # noqa: TRY400

        return call

    def _pre_connect(self, client: paho.Client, _data: object) -> None:
        if self._login is not None:
            client.username_pw_set(self._login.user, self._login.password())

    def _connected(self, client: paho.Client, _data: object, _flags: object, reason: Any, _props: object) -> None:  # noqa: ANN401 - paho's own type
        if reason.is_failure:
            log.warning("broker-refused", broker=self.address.name, reason=str(reason))
            return
        with self._lock:
            self._epoch += 1
        if self._filters:
            client.subscribe(list(self._filters))
        else:
            self._up()

    def _subscribed(self, _client: paho.Client, _data: object, _mid: int, reasons: Any, _props: object) -> None:  # noqa: ANN401 - as above
        if any(reason.is_failure for reason in reasons):
            log.error("broker-refused-subscription", broker=self.address.name)
            return
        self._up()

    def _up(self) -> None:
        self.connected.set()
        if self._on_up is not None:
            self._on_up(self)

    def _disconnected(self, *_: object) -> None:
        with self._lock:
            self._epoch += 1
        self.connected.clear()

    def _message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # poison all the same: it is put in quarantine and acknowledged
        delivered = Delivered(topic, bytes(message.payload), message.retain, message.qos, message.mid, self._epoch)
        self._on_message(self, delivered)


def tls_of(address: BrokerAddress) -> ssl.SSLContext:
    """Return what checks the broker's certificate and shows ours; SettingsError when a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=address.ca_file and str(address.ca_file))
        if address.shown is not None:
            context.load_cert_chain(*address.shown)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"certificates for broker {address.name} cannot be used: {error}") from error
    return context


def telemetry_filters(shards: range) -> tuple[tuple[str, int], ...]:
    """Return the filters of the heartbeats of these shards (first bytes of device ids), QoS 0."""
    if len(shards) == SHARDS:
        return ((TELEMETRY_FILTER, 0),)
    return tuple((f"up/{shard:02x}/+/t", 0) for shard in shards)


def other_telemetry_filters(shards: range) -> tuple[tuple[str, int], ...]:
    """Return the filters of the heartbeats of all shards but these; none when these are all."""
    return tuple((f"up/{shard:02x}/+/t", 0) for shard in range(SHARDS) if shard not in shards)


def _send_at_once(_client: paho.Client, _data: object, sock: socket.socket) -> None:
    """Nagle's algorithm costs 40 to 90 ms on a small message that follows another."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
