"""One connection to the bridge's feed, shared by all consoles of this process.

Silence is never calm: when the bridge cannot be reached, or says nothing for too long, everybody who listens hears
within seconds that what they see is not live. A console that is too slow to listen is dropped, and reconnects.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx
import structlog

from evidence import canonical, ids
from server.errors import ServerError
from server.settings import Settings

CONNECT_TIMEOUT_S: Final = 2.0
"""The bridge is on this machine or the next one."""

SILENCE_S: Final = 5.0
"""The bridge sends a heartbeat every two seconds; after two and a half of them it is not there any more."""

RETRY_S: Final = 1.0
ANSWER_TIMEOUT_S: Final = 5.0
"""For an act: the bridge commits in milliseconds, and a dispatcher must not be left waiting."""

MAX_WAITING: Final = 256
"""Messages that a slow console may be behind."""

MAX_LINE_CHARS: Final = 16 * 1024 * 1024
"""One line of the feed: a snapshot of a few hundred alarms with their sealed items."""

_log = structlog.get_logger(__name__)


class BridgeUnreachableError(ServerError):
    """The bridge gave no answer."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event for consoles: `alarm` or `health`."""

    name: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the bridge answered to an act that it does not accept."""

    status: int
    reason: str
    alarm: dict[str, Any] | None = None
    """The alarm as it is now, when that is why."""


class BridgeFeed:
    """Follows the bridge; all methods belong to one event loop."""

    def __init__(self, settings: Settings) -> None:
        token = settings.bridge_feed_token()
        headers = {} if token is None else {"authorization": f"Bearer {token.get_secret_value()}"}
        timeout = httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S, read=SILENCE_S)
        self._client = httpx.AsyncClient(
            base_url=settings.bridge_feed_url, headers=headers, timeout=timeout, trust_env=False
        )
        self._alarms: dict[str, dict[str, Any]] = {}
        self._health: dict[str, Any] = _unreachable("connecting")
        self._listeners: set[asyncio.Queue[Message | None]] = set()

    def alarms(self) -> list[dict[str, Any]]:
        """Return what is known of alarms, newest first."""
        return sorted(self._alarms.values(), key=lambda alarm: str(alarm.get("raised_at", "")), reverse=True)

    def health(self) -> dict[str, Any]:
        """Return the bridge's health, or that it cannot be reached."""
        return self._health

    def alarm(self, alarm: str) -> dict[str, Any] | None:
        """Return one alarm."""
        return self._alarms.get(alarm)

    async def listen(self) -> AsyncIterator[Message | None]:
        """Yield changes as they come; ends when this listener falls too far behind."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue(MAX_WAITING + 1)
        self._listeners.add(queue)
        try:
            while (message := await queue.get()) is not None:
                yield message
        finally:
            self._listeners.discard(queue)

    async def act(self, alarm: str, dsse: bytes, if_match: str | None = None) -> dict[str, Any] | Refusal:
        """Hand a dispatcher's signed act to the bridge, which commits before it answers.

        `if_match` is the revision that the dispatcher saw, as an entity tag.

        Raises BridgeUnreachableError; whether the act was carried out is then seen in the feed.
        """
        headers = {"content-type": "application/json", **({"if-match": if_match} if if_match else {})}
        document = await self._post(f"/alarms/{alarm}/acts", dsse, headers)
        if not isinstance(document, Refusal):
            self._take(Message("alarm", document))
        return document

    async def renew(self, alarm: str, who: ids.KeyId) -> Refusal | None:
        """Tell the bridge that the console of `who`, who claimed this alarm, is still there.

        Raises BridgeUnreachableError.
        """
        body, headers = canonical.encode({"kid": who}), {"content-type": "application/json"}
        answer = await self._post(f"/alarms/{alarm}/lease", body, headers)
        return answer if isinstance(answer, Refusal) else None

    async def devices(self) -> dict[str, dict[str, Any]]:
        """Return how every alarm device stands, by its id. Raises BridgeUnreachableError."""
        try:
            answer = await self._client.get("/devices")
            answer.raise_for_status()
            return {str(one["device"]): dict(one) for one in answer.json()["devices"]}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise BridgeUnreachableError("the bridge gave no answer about devices") from error

    async def device(self, device: str) -> dict[str, Any]:
        """Return what the bridge knows of one alarm device: state, silences, presses. Raises BridgeUnreachableError."""
        try:
            answer = await self._client.get(f"/devices/{device}")
            answer.raise_for_status()
            return dict(answer.json())
        except (httpx.HTTPError, ValueError, TypeError) as error:
            raise BridgeUnreachableError("the bridge gave no answer about the device") from error

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any] | Refusal:
        try:
            answer = await self._client.post(path, content=body, headers=headers)
            document = {} if answer.status_code == HTTPStatus.NO_CONTENT else answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise BridgeUnreachableError("the bridge gave no answer") from error
        if not isinstance(document, dict):
            raise BridgeUnreachableError("the bridge's answer makes no sense")
        if answer.is_success:
            return document
        present = document.get("alarm")
        if not isinstance(present, dict) or "alarm" not in present:
            present = None
        else:
            self._take(Message("alarm", present))  # the screens that were behind catch up
        return Refusal(answer.status_code, str(document.get("reason", "refused")), present)

    async def follow(self) -> None:
        """Follow the bridge for ever; every failure becomes health that says so."""
        while True:
            try:
                await self._follow_once()
                why = "the bridge closed its feed"
            except Exception as error:  # noqa: BLE001 - whatever the bridge says, the window must not stay dark
                why = f"the bridge cannot be reached ({type(error).__name__})"
            if self._health.get("troubles") != [why]:
                _log.warning("no feed from the bridge", error=why)
            self._take(Message("health", _unreachable(why)))
            await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Let all listeners go and close the connections."""
        for queue in self._listeners:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)
        await self._client.aclose()

    async def _follow_once(self) -> None:
        async with self._client.stream("GET", "/feed") as answer:
            answer.raise_for_status()
            name, data = "", ""
            async for line in answer.aiter_lines():
                key, _, value = line.partition(":")
                if key == "event":
                    name = value.strip()
                elif key == "data" and len(data) < MAX_LINE_CHARS:
                    data += value.strip()
                elif not line and data:
                    self._hear(name, json.loads(data))
                    name, data = "", ""

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        if name == "snapshot":
            self._alarms = {alarm["alarm"]: alarm for alarm in data["alarms"]}
            for alarm in self.alarms()[::-1]:
                self._take(Message("alarm", alarm))
            self._take(Message("health", data["health"]))
        elif name in {"alarm", "health"}:
            self._take(Message(name, data))

    def _take(self, message: Message) -> None:
        if message.name == "alarm":
            self._alarms[str(message.data["alarm"])] = message.data
        else:
            self._health = message.data
        for queue in list(self._listeners):
            if queue.qsize() >= MAX_WAITING:
                self._listeners.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(message)


def _unreachable(why: str) -> dict[str, Any]:
    return {"ok": False, "reachable": False, "troubles": [why], "at": ids.now()}
