"""The callout of a NATS broker: which device may connect, kept on its own topics (NATS *auth callout*, ADR-26).

The broker asks on `$SYS.REQ.USER.AUTH` with a JWT; the answer is a JWT signed by the account key that the broker's
configuration names. The decision itself is `device_bridge.mqtt.login.admit`, on the local registry: a dead database
does not keep a device out, and a broker does not let a revoked one in. Live connections of a revoked device are ended.
"""

import asyncio
import base64
import binascii
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import nkeys
import structlog

from device_bridge.errors import MessageError
from device_bridge.loops import Loop
from device_bridge.mqtt.login import Lanes, admit
from device_bridge.registry import Registry
from evidence import ids

if TYPE_CHECKING:  # the thread of a callout imports it, and nothing else of a bridge waits for that
    from nats.aio.client import Client
    from nats.aio.msg import Msg

AUTH_SUBJECT: Final = "$SYS.REQ.USER.AUTH"
REFUSE_AFTER_S: Final = 0.5
"""Every bridge answers every question and the broker takes the first answer, so that a worker that hangs keeps nobody
waiting. *No* is said later than *yes*: a bridge whose copy of the keys, or whose clock, is behind must not decide."""

CONNECTIONS_SUBJECT: Final = "$SYS.REQ.SERVER.PING.CONNZ"
KICK_SUBJECT: Final = "$SYS.REQ.SERVER.{server}.KICK"
ACCOUNT: Final = "GETUIGE"
"""The NATS account that devices and bridges share."""

RECONNECT_S: Final = 0.5
CANCEL_AGAIN_S: Final = 0.2
ANSWER_S: Final = 2.0
"""How long a broker may take to list its connections."""

MQTT_DELIVERIES: Final = ("$MQTT.sub.>", "$MQTT.deliver.>")
"""Subjects on which NATS hands an MQTT client its own QoS 1 messages; no MQTT client can name them itself."""

log = structlog.get_logger()


@dataclass(frozen=True)
class CalloutLogin:
    """Where a broker's NATS port is, and the secrets of the callout there."""

    url: str
    callout_password: str = field(repr=False)
    system_password: str = field(repr=False)
    issuer_seed: bytes = field(repr=False)


class AuthCallout:
    """Answers one broker's questions from a thread of its own, as long as the bridge runs."""

    def __init__(self, login: CalloutLogin, registry: Registry) -> None:
        self.ready = threading.Event()
        """Set while the broker has our subscription: devices can log in."""
        self.admitted = 0
        self.refused = 0
        self._login = login
        self._registry = registry
        self._issuer = nkeys.from_seed(login.issuer_seed)
        self._events = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._system: Client | None = None
        self._clients: list[Client] = []
        self._refusals: set[asyncio.Future[None]] = set()
        self.loop = Loop(f"callout {login.url}", self._turn, self._events.close)

    @property
    def trouble(self) -> str | None:
        """The broker's address, while no device can log in there."""
        return None if self.ready.is_set() else self._login.url.rpartition("/")[2]

    def start(self) -> None:
        """Connect, and keep trying."""
        self.loop.start()

    def stop(self) -> None:
        """Say goodbye and end the thread."""
        with contextlib.suppress(RuntimeError):  # its loop is closed already
            self._events.call_soon_threadsafe(self._stop.set)
        self.loop.stop()

    def kick(self, device: ids.DeviceId) -> None:
        """End the live connections of a device that was revoked (from any thread; returns at once)."""
        asyncio.run_coroutine_threadsafe(self._kick(device), self._events)

    def _turn(self) -> float:
        asyncio.set_event_loop(self._events)
        try:
            self._events.run_until_complete(self._serve_until_stopped())
        finally:
            self.ready.clear()
        return RECONNECT_S

    async def _serve_until_stopped(self) -> None:
        serving, stopped = asyncio.ensure_future(self._serve()), asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        try:
            await _end({serving})
            with contextlib.suppress(asyncio.CancelledError):
                await serving
        finally:
            await self._let_go()

    async def _let_go(self) -> None:
        """End what the clients left: an attempt to connect, and the socket that it had already."""
        await _end(asyncio.all_tasks() - {asyncio.current_task()})
        for client in self._clients:
            if client._transport is not None:  # noqa: SLF001 - its own `close` waits for what never was a connection
                client._transport.close()  # type: ignore[no-untyped-call] # noqa: SLF001
        self._clients.clear()
        await asyncio.sleep(0)  # a socket is closed in the next turn, and this may be the last one

    async def _serve(self) -> None:
        """Answer until the client gives up: then it is made anew."""
        gone = asyncio.Event()
        client = None
        try:
            client = await self._connect("callout", self._login.callout_password, gone, self.ready)
            self._system = await self._connect("system", self._login.system_password, gone, threading.Event())
            await client.subscribe(AUTH_SUBJECT, cb=self._answer)
            await client.flush()
            self.ready.set()
            await gone.wait()
        finally:
            for connection in (client, self._system):
                if connection is not None:
                    await connection.close()

    async def _connect(self, user: str, password: str, gone: asyncio.Event, ready: threading.Event) -> "Client":
        """Connect, however long the broker is away.

        `ready` follows its connection, which subscribes anew by itself; `gone` is set when it never comes back.
        """
        from nats.aio.client import Client

        client = Client()
        self._clients.append(client)
        await client.connect(
            self._login.url,
            user=user,
            password=password,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_S,  # type: ignore[arg-type] # fractions of a second are as good
            connect_timeout=ANSWER_S,  # type: ignore[arg-type] # as above
            allow_reconnect=True,
            error_cb=_note_error,
            disconnected_cb=partial(_note, ready.clear),
            reconnected_cb=partial(_note, ready.set),
            closed_cb=partial(_note, gone.set),
        )
        return client

    async def _answer(self, message: "Msg") -> None:
        try:
            question = read_question(message.data)
            response = self._decide(question)
            if "error" in response:
                later = asyncio.ensure_future(self._refuse(message, question, response))
                self._refusals.add(later)  # a task that nobody holds may be collected before it ran
                later.add_done_callback(self._refusals.discard)
                return
            claims = {"sub": question.user_key, "aud": question.server, "nats": response}
            await message.respond(sign_jwt(claims, self._issuer).encode())
        except Exception as error:  # noqa: BLE001 - one odd question must not leave every device outside
            log.error("callout-failed", error=type(error).__name__)  # noqa: TRY400 - a traceback shows the token

    async def _refuse(self, message: "Msg", question: "Question", response: dict[str, Any]) -> None:
        from nats.errors import Error as NatsError

        await asyncio.sleep(REFUSE_AFTER_S)
        claims = {"sub": question.user_key, "aud": question.server, "nats": response}
        with contextlib.suppress(NatsError):  # the broker closes the door by itself
            await message.respond(sign_jwt(claims, self._issuer).encode())

    def _decide(self, question: "Question") -> dict[str, Any]:
        response: dict[str, Any] = {"type": "authorization_response", "version": 2}
        try:
            lanes = admit(question.user, question.token, question.client_id, self._registry, time.time())
        except MessageError as error:
            self.refused += 1
            log.info("device-refused", reason=str(error))
            return {**response, "error": "refused"}
        self.admitted += 1
        return {**response, "jwt": sign_jwt(user_claims(question.user_key, lanes), self._issuer)}

    async def _kick(self, device: ids.DeviceId) -> None:
        from nats.errors import Error as NatsError

        if self._system is None:
            return
        try:
            reply = await self._system.request(
                CONNECTIONS_SUBJECT, json.dumps({"user": device, "auth": True}).encode(), timeout=ANSWER_S
            )
            listing = json.loads(reply.data)
            for connection in listing["data"]["connections"]:
                subject = KICK_SUBJECT.format(server=listing["server"]["id"])
                await self._system.request(subject, json.dumps({"cid": connection["cid"]}).encode(), timeout=ANSWER_S)
        except (NatsError, KeyError, ValueError) as error:
            log.warning("kick-failed", error=type(error).__name__)


@dataclass(frozen=True)
class Question:
    """What a broker asks: may this user come in with this token?"""

    user: str
    token: str = field(repr=False)
    client_id: str
    user_key: str
    server: str


def read_question(data: bytes) -> Question:
    """Read the broker's request JWT (it came over the callout's own authenticated account); MessageError if odd."""
    try:
        body = data.split(b".")[1]
        request = json.loads(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4)))["nats"]
        options = request["connect_opts"]
        return Question(
            user=str(options.get("user", "")),
            token=str(options.get("pass", "")),
            client_id=str(request["client_info"].get("mqtt_id", "")),
            user_key=str(request["user_nkey"]),
            server=str(request["server_id"]["id"]),
        )
    except (IndexError, KeyError, TypeError, AttributeError, binascii.Error, ValueError) as error:
        raise MessageError("not a question that a broker asks") from error


def user_claims(user_key: str, lanes: Lanes) -> dict[str, Any]:
    """Return the NATS user claims that confine one device to its lanes, over MQTT only."""
    return {
        "sub": user_key,
        "aud": ACCOUNT,
        "name": lanes.device,
        "nats": {
            "type": "user",
            "version": 2,
            "pub": {"allow": [_subject(topic) for topic in lanes.publish]},
            "sub": {"allow": [*(_subject(topic) for topic in lanes.subscribe), *MQTT_DELIVERIES]},
            "subs": -1,
            "data": -1,
            "payload": -1,
            "allowed_connection_types": ["MQTT"],
        },
    }


def sign_jwt(claims: dict[str, Any], issuer: nkeys.KeyPair) -> str:
    """Return a NATS JWT (`ed25519-nkey`) over `claims`, issued now."""
    body = {**claims, "iat": int(time.time()), "iss": issuer.public_key.decode()}
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    body["jti"] = _text(digest)
    header = _text(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode())
    signed = f"{header}.{_text(json.dumps(body).encode())}"
    return f"{signed}.{_text(issuer.sign(signed.encode()))}"


def new_issuer_seed(random_bytes: Callable[[int], bytes]) -> bytes:
    """Return the seed of a new NATS account key."""
    return bytes(nkeys.encode_seed(random_bytes(32), nkeys.PREFIX_BYTE_ACCOUNT))


def issuer_public(seed: bytes) -> str:
    """Return the public account key that the broker's configuration names."""
    return str(nkeys.from_seed(seed).public_key.decode())


def _subject(topic: str) -> str:
    """MQTT topic or filter → NATS subject (our topics hold no dot)."""
    return topic.replace("/", ".").replace("+", "*")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def _note(what: Callable[[], None]) -> None:
    what()


async def _note_error(error: Exception) -> None:
    log.warning("callout-connection", error=type(error).__name__)


async def _end(tasks: "Iterable[asyncio.Future[Any] | None]") -> None:
    """Cancel tasks until they have ended: `asyncio.wait_for`, in which the client waits, may swallow a cancellation."""
    left = {task for task in tasks if task is not None and not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
