"""The feed of all bridges, shared by the consoles of this process: one list of alarms, one health, one way to act.

A console sees one alarm however many bridges know it (`server.alarms.merging`). An act goes to the bridge whose report
is shown, and to another when that one does not answer; the bridges tell each other. A console that is too slow to
listen hears the newest of each alarm.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from evidence import ids
from server.alarms import merging
from server.alarms.link import BridgeLink, BridgeUnreachableError, Message, Refusal
from server.settings import Settings

__all__ = ["BridgeFeed", "BridgeUnreachableError", "Message", "Refusal"]

TELL_S: Final = 3.0
"""A bridge believes for ten seconds what it was told of the consoles."""

DARK_S: Final = 90.0
"""A console says every ten seconds that it is awake; browsers let a page in the background do that once a minute."""

STALE: Final = 409


class BridgeFeed:
    """Follows every bridge; all methods belong to one event loop."""

    def __init__(self, settings: Settings, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        token = settings.bridge_feed_token()
        secret = None if token is None else token.get_secret_value()
        self._links = [BridgeLink(url, secret, self._heard) for url in settings.bridge_feeds()]
        self._name = ids.new_id()
        self._consoles: dict[object, ids.KeyId] = {}
        """Open consoles, and whose they are."""
        self._signs: dict[ids.KeyId, float] = {}
        """When the console of a dispatcher with a shift begun was last heard; an open connection alone says nothing."""
        self._listeners: set[_Listener] = set()

    def alarms(self) -> list[dict[str, Any]]:
        """Return what is known of alarms, newest first."""
        names = dict.fromkeys(name for link in self._links for name in link.alarms)
        found = [self._shown(name)[1] for name in names]
        return sorted(found, key=lambda alarm: str(alarm.get("raised_at", "")), reverse=True)

    def health(self) -> dict[str, Any]:
        """Return the health of all bridges together, or that none can be reached."""
        return merging.health([link.health for link in self._links])

    def alarm(self, alarm: str) -> dict[str, Any] | None:
        """Return one alarm."""
        return self._shown(alarm)[1] if any(alarm in link.alarms for link in self._links) else None

    async def listen(self) -> AsyncIterator[Message]:
        """Yield changes as they come; of what changes faster than it is read, the newest."""
        listener = _Listener()
        self._listeners.add(listener)
        try:
            while not listener.is_let_go:
                await listener.wake.wait()
                for message in listener.take():
                    yield message
        finally:
            self._listeners.discard(listener)

    def opened(self, console: object, who: ids.KeyId) -> None:
        """Note that a console is open."""
        self._consoles[console] = who

    def gone(self, console: object) -> None:
        """Note that a console is closed; with their last one here nobody watches on that name."""
        who = self._consoles.pop(console, None)
        if who is not None and who not in self._consoles.values():
            self._signs.pop(who, None)

    def signed(self, who: ids.KeyId, *, on_shift: bool) -> None:
        """Note that a dispatcher's console is awake, and whether they have a shift running."""
        if on_shift:
            self._signs[who] = self._clock_s()
        else:
            self._signs.pop(who, None)

    def awake(self) -> list[ids.KeyId]:
        """Return the dispatchers with a shift running whose console was heard here not long ago."""
        since = self._clock_s() - DARK_S
        return sorted(who for who, at in self._signs.items() if at >= since)

    async def act(self, alarm: str, dsse: bytes, if_match: str | None = None) -> dict[str, Any] | Refusal:
        """Hand a dispatcher's signed act to the bridge that is ahead, or else to the next that answers.

        `if_match` is the revision that the dispatcher saw, as an entity tag. When the bridge that is ahead does not
        answer, an act for an older revision than its last is refused here: the next may not know the newer one yet.

        Raises BridgeUnreachableError; whether the act was carried out is then seen in the feed.
        """
        shown = self.alarm(alarm)
        for place, link in enumerate(self._in_order(alarm)):
            if place and shown is not None and _older(if_match, shown):
                return Refusal(STALE, "stale", shown)
            with contextlib.suppress(BridgeUnreachableError):
                return await link.act(alarm, dsse, _tag_for(if_match, shown, link.alarms.get(alarm)))
        raise BridgeUnreachableError("no bridge gave an answer")

    async def renew(self, alarm: str, who: ids.KeyId) -> Refusal | None:
        """Tell the bridge that is ahead that the console of `who`, who claimed this alarm, is still there.

        Raises BridgeUnreachableError.
        """
        for link in self._in_order(alarm):
            with contextlib.suppress(BridgeUnreachableError):
                return await link.renew(alarm, who)
        raise BridgeUnreachableError("no bridge gave an answer")

    async def devices(self) -> dict[str, dict[str, Any]]:
        """Return how every alarm device stands, by its id. BridgeUnreachableError when no bridge answers."""
        answers = await asyncio.gather(*(link.devices() for link in self._links), return_exceptions=True)
        told = [one for one in answers if not isinstance(one, BaseException)]
        if not told:
            raise BridgeUnreachableError("no bridge gave an answer about devices")
        return merging.devices(told)

    async def device(self, device: ids.DeviceId) -> dict[str, Any]:
        """Return what the bridges know of one device, with its presses; BridgeUnreachableError as for `devices`."""
        answers = await asyncio.gather(*(link.device(device) for link in self._links), return_exceptions=True)
        told = [one for one in answers if not isinstance(one, BaseException)]
        if not told:
            raise BridgeUnreachableError("no bridge gave an answer about a device")
        return merging.device(told)

    async def days(self, since: ids.Time, until: ids.Time) -> dict[str, dict[str, Any]]:
        """Return what became of alarms between two moments, a row by device; raises as `devices`."""
        answers = await asyncio.gather(*(link.days(since, until) for link in self._links), return_exceptions=True)
        told = [one for one in answers if not isinstance(one, BaseException)]
        if not told:
            raise BridgeUnreachableError("no bridge gave an answer about days")
        return merging.days(told)

    async def follow(self) -> None:
        """Follow every bridge for ever, and tell each who watches."""
        await asyncio.gather(self._tell(), *(link.follow() for link in self._links))

    async def _tell(self) -> None:
        while True:
            said = {"server": self._name, "consoles": len(self._consoles), "on_shift": self.awake()}
            await asyncio.gather(*(link.tell_watchers(said) for link in self._links if link.reachable))
            await asyncio.sleep(TELL_S)

    async def close(self) -> None:
        """Let all listeners go and close the connections."""
        for listener in self._listeners:
            listener.let_go()
        for link in self._links:
            await link.close()

    def _shown(self, alarm: str) -> tuple[BridgeLink, dict[str, Any]]:
        knowing = [link for link in self._links if alarm in link.alarms]
        link = knowing[merging.ahead([(one.reachable, one.alarms[alarm]) for one in knowing])]
        others = [one.alarms[alarm] for one in knowing if one is not link and one.reachable]
        return link, merging.with_newest_item(link.alarms[alarm], others)

    def _in_order(self, alarm: str) -> list[BridgeLink]:
        """Return the bridges to ask: the one whose report is shown, then those that answer, then the others."""
        first = self._shown(alarm)[0] if any(alarm in link.alarms for link in self._links) else None
        return sorted(self._links, key=lambda link: (link is not first, not link.reachable))

    def _heard(self, message: Message) -> None:
        if message.name == "alarm":
            message = Message("alarm", self._shown(str(message.data["alarm"]))[1])
        else:
            message = Message("health", self.health())
        for listener in self._listeners:
            listener.put(message)


class _Listener:
    """What one console has not read yet: the newest of each alarm and of the health, however often they changed."""

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.is_let_go = False
        self._waiting: dict[str, Message] = {}

    def put(self, message: Message) -> None:
        name = str(message.data["alarm"]) if message.name == "alarm" else message.name
        self._waiting[name] = message
        self.wake.set()

    def take(self) -> list[Message]:
        waiting, self._waiting = list(self._waiting.values()), {}
        self.wake.clear()
        return waiting

    def let_go(self) -> None:
        self.is_let_go = True
        self.wake.set()


def _seen(if_match: str | None) -> int | None:
    number = (if_match or "").strip('"')
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= len(str(2**31)) else None


def _older(if_match: str | None, shown: dict[str, Any]) -> bool:
    seen, present = _seen(if_match), shown.get("revision")
    return seen is not None and isinstance(present, int) and seen < present


def _tag_for(if_match: str | None, shown: dict[str, Any] | None, known: dict[str, Any] | None) -> str | None:
    """Return the entity tag for a bridge that has not counted as far, but knows no press that was not seen."""
    seen = _seen(if_match)
    if seen is None or shown is None or known is None:
        return if_match
    behind = known.get("revision")
    if isinstance(behind, int) and behind < seen and merging.covers(shown, known):
        return f'"{behind}"'
    return if_match
