"""One connection to one bridge: what it tells of alarms and of itself, and what it answers to acts.

Silence is never calm: when the bridge cannot be reached, or says nothing for too long, that is its health.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx
import structlog

from evidence import canonical, ids
from server.errors import ServerError

CONNECT_TIMEOUT_S: Final = 2.0
"""The bridge is on this machine or the next one."""

SILENCE_S: Final = 5.0
"""The bridge sends a heartbeat every two seconds; after two and a half of them it is not there any more."""

RETRY_S: Final = 1.0
ANSWER_TIMEOUT_S: Final = 5.0
"""For an act: the bridge commits in milliseconds, and a dispatcher must not be left waiting."""

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


class BridgeLink:
    """Follows one bridge; all methods belong to one event loop. `heard` is called with whatever changed."""

    def __init__(self, url: str, token: str | None, heard: Callable[[Message], None]) -> None:
        self.url = url
        self.alarms: dict[str, dict[str, Any]] = {}
        """What it last told of each alarm; kept while it cannot be reached."""
        self.health: dict[str, Any] = unreachable("connecting")
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        timeout = httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S, read=SILENCE_S)
        self._client = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout, trust_env=False)
        self._heard = heard

    @property
    def reachable(self) -> bool:
        """Whether what it told is live."""
        return self.health.get("reachable") is not False

    async def act(self, alarm: str, dsse: bytes, if_match: str | None = None) -> dict[str, Any] | Refusal:
        """Hand a dispatcher's signed act to the bridge, which commits before it answers.

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

    async def tell_watchers(self, said: dict[str, Any]) -> None:
        """Tell the bridge how many consoles are open; one that does not hear it says that nobody watches."""
        with contextlib.suppress(BridgeUnreachableError):
            await self._post("/watchers", canonical.encode(said), {"content-type": "application/json"})

    async def devices(self) -> dict[str, dict[str, Any]]:
        """Return how the alarm devices that it watches stand, by their id. Raises BridgeUnreachableError."""
        try:
            answer = await self._client.get("/devices")
            answer.raise_for_status()
            return {str(one["device"]): dict(one) for one in answer.json()["devices"]}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise BridgeUnreachableError("the bridge gave no answer about devices") from error

    async def device(self, device: ids.DeviceId) -> dict[str, Any]:
        """Return what it knows of one device, with its presses; {} when it does not watch it. Raises as `devices`."""
        try:
            answer = await self._client.get(f"/devices/{device}")
            if answer.status_code == HTTPStatus.NOT_FOUND:
                return {}
            answer.raise_for_status()
            return dict(answer.json())
        except (httpx.HTTPError, ValueError, TypeError) as error:
            raise BridgeUnreachableError("the bridge gave no answer about a device") from error

    async def days(self, since: ids.Time, until: ids.Time) -> dict[str, dict[str, Any]]:
        """Return what became of alarms between two moments, a row by device. Raises as `devices`."""
        try:
            answer = await self._client.get("/days", params={"since": since, "until": until})
            answer.raise_for_status()
            return {str(one["device"]): dict(one) for one in answer.json()["devices"]}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise BridgeUnreachableError("the bridge gave no answer about days") from error

    async def follow(self) -> None:
        """Follow the bridge for ever; every failure becomes health that says so."""
        while True:
            try:
                await self._follow_once()
                why = "the bridge closed its feed"
            except Exception as error:  # noqa: BLE001 - whatever the bridge says, the window must not stay dark
                why = f"the bridge cannot be reached ({type(error).__name__})"
            if self.health.get("troubles") != [why]:
                _log.warning("no feed from the bridge", bridge=self.url, error=why)
            self._take(Message("health", unreachable(why)))
            await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

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

    async def _follow_once(self) -> None:
        async with self._client.stream("GET", "/feed") as answer:
            answer.raise_for_status()
            name = ""
            async for line in _lines(answer.aiter_text()):
                key, _, value = line.partition(":")
                if key == "event":
                    name = value.strip()
                elif key == "data":
                    self._hear(name, json.loads(value))

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        if name == "snapshot":
            known, self.alarms = self.alarms, {}
            for alarm in sorted(data["alarms"], key=lambda one: str(one.get("raised_at", ""))):
                self.alarms[str(alarm["alarm"])] = alarm
            for alarm in self.alarms.values():
                if (
                    known.get(str(alarm["alarm"])) != alarm
                ):  # a bridge that comes back tells what every console has already
                    self._heard(Message("alarm", alarm))
            self._take(Message("health", data["health"]))
        elif name in {"alarm", "health"}:
            self._take(Message(name, data))

    def _take(self, message: Message) -> None:
        if message.name == "alarm":
            self.alarms[str(message.data["alarm"])] = message.data
        else:
            self.health = message.data
        self._heard(message)


async def _lines(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield whole lines; ServerError for one without an end: it would fill this machine's memory."""
    rest = ""
    async for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        for line in whole:
            yield line
        if len(rest) > MAX_LINE_CHARS:
            raise ServerError("the bridge's feed has a line without an end")


def unreachable(why: str) -> dict[str, Any]:
    """Return the health of a bridge that does not answer."""
    return {"ok": False, "reachable": False, "troubles": [why], "at": ids.now()}
