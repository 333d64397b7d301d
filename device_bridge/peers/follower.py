"""The follower of the other bridges of this installation: hears what they stored, and takes it in here.

One thread for each other bridge asks for its news, in order, and goes on where it was: how far it came is committed
together with what it heard. A press is taken as if a broker had brought it (equal bytes are one press), an act's
statement is queued for the journal, an alarm is merged (`device_bridge.alarm.merging`). Presses wait for none of this,
and nothing here needs the database.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import httpx
import structlog

from device_bridge.alarm.alarm import Alarm
from device_bridge.errors import BridgeError, SpoolError
from device_bridge.intake.presses import Intake
from device_bridge.loops import Loop
from device_bridge.peers.joining import Joining
from device_bridge.spool import presses, replication
from device_bridge.spool.connection import Spool
from device_bridge.spool.notifier import Board
from device_bridge.spool.writing import Writing
from evidence import canonical, ids, keys, schema
from evidence.errors import FormatError
from evidence.statements import statement as statements

FIRST_WAIT_S: Final = 1.0
"""How long a start waits for what happened meanwhile: then presses are taken whether it came or not."""

ASKED_S: Final = 0.2
"""How long a close waits for what other bridges have of the alarm: a dispatcher does not notice it."""

ANSWER_S: Final = 5.0
CONNECT_S: Final = 1.0
FIRST_PAUSE_S: Final = 0.2
LAST_PAUSE_S: Final = 2.0
"""A bridge that was killed is back within seconds; asking costs one refused connection."""

TAKEN_AT_ONCE: Final = 4
"""Pieces of news in one transaction: each new press costs some 2 ms of the lock that presses of our own wait for."""

SILENT_AFTER_S: Final = 10.0
CLOCK_LIMIT_S: Final = 5.0
"""Further apart, clocks order acts wrongly and escalate early; network time keeps them within milliseconds."""

PRUNE_EVERY_S: Final = 3600.0

log = structlog.get_logger()


class Follower:
    """Follows one other bridge at `url`. `tell` tells a device what is to be told about its alarm."""

    def __init__(
        self,
        url: str,
        token: str,
        spool: Spool,
        bridge: keys.BridgeIdentity,
        intake: Intake,
        joining: Joining,
        board: Board,
        tell: Callable[[Alarm], None],
    ) -> None:
        self.caught_up = threading.Event()
        """Set when everything was heard once, or the other bridge did not answer."""
        self.name = url
        self._url = url
        self._spool = spool
        self._bridge = bridge
        self._intake = intake
        self._joining = joining
        self._board = board
        self._tell = tell
        self._of: str | None = None
        self._heard_at = time.monotonic()
        self._failure: str | None = None
        self._clock_s = 0.0
        self._knows = False
        self._pause_s = FIRST_PAUSE_S
        self._pruned = time.monotonic()
        timeout = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
        self._client = httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=timeout, trust_env=False)
        self.loop = Loop(f"peer {url}", self._turn)

    def start(self) -> None:
        """Begin to follow."""
        self.loop.start()

    def stop(self) -> None:
        """End; the next start goes on where this one was."""
        self.loop.stop()
        self._client.close()

    @property
    def silent_s(self) -> float:
        """For how long the other bridge was not heard, in seconds; it is asked all the time."""
        return time.monotonic() - self._heard_at

    @property
    def trouble(self) -> str | None:
        """Say that the other bridge was not heard for a while, or that its clock is another than ours."""
        if self.silent_s > SILENT_AFTER_S and self._failure is not None:
            return f"bridge {self.name} is not heard: {self._failure}"
        if abs(self._clock_s) > CLOCK_LIMIT_S:
            return f"the clock of bridge {self.name} differs by {self._clock_s:.0f} s"
        return None

    def _turn(self) -> float:
        try:
            if self.hear() < replication.PAGE_ROWS:
                if self._knows:
                    self._know()
                self.caught_up.set()
            self._failure, self._heard_at, self._pause_s = None, time.monotonic(), FIRST_PAUSE_S
            if time.monotonic() - self._pruned > PRUNE_EVERY_S:
                self._pruned = time.monotonic()
                with self._spool.write() as spool:
                    replication.prune(spool)
        except Exception as error:  # noqa: BLE001 - another bridge's fault must never end our listening to it
            text = str(error) if isinstance(error, BridgeError) else type(error).__name__
            if text != self._failure:
                log.warning("peer-not-heard", peer=self._url, error=text)
            self._failure = text
            self.caught_up.set()
            self.loop.pause(self._pause_s)
            self._pause_s = min(LAST_PAUSE_S, self._pause_s * 2)
        return 0.0

    def _know(self) -> None:
        """Another bridge told of every alarm that there was: this spool can name the next."""
        if self._spool.read().blind():
            with self._spool.write() as spool:
                spool.know()

    def hear(self) -> int:
        """Ask once and take in what is new; return how many pieces of news that were (a page or more: ask again).

        Raises what httpx raises, PeerError, and SpoolError.
        """
        reading = self._spool.read()
        after = (
            replication.last_heard(reading, self._url)
            if self._of is None
            else replication.heard(reading, self._url, self._of)
        )
        answer = self._client.get(f"{self._url}/news", params={"after": after, "of": self._of or ""})
        answer.raise_for_status()
        page = replication.opened(answer.content, self._bridge, after)
        self._clock_s = (ids.moment_of(page.at) - ids.moment_of(ids.now())).total_seconds()
        self.name, self._knows = page.bridge, page.knows
        if self._of != page.spool:
            fresh = replication.heard(reading, self._url, page.spool) != after
            self._of = page.spool
            if fresh:  # another spool than the one that was heard last: from its beginning
                return replication.PAGE_ROWS
        self._foresee(page.items)
        for start in range(0, len(page.items), TAKEN_AT_ONCE):
            self._take(page.items[start : start + TAKEN_AT_ONCE])
        return len(page.items)

    def ask_now(self, timeout_s: float) -> None:
        """Ask once what there is now, without waiting for news to come; raises what `hear` raises."""
        if self._of is None:
            return
        after = replication.heard(self._spool.read(), self._url, self._of)
        answer = self._client.get(f"{self._url}/news", params={"after": after, "of": ""}, timeout=timeout_s)
        answer.raise_for_status()
        page = replication.opened(answer.content, self._bridge, after)
        if page.items and page.spool == self._of:
            self._take(page.items)

    def _foresee(self, items: Sequence[replication.Item]) -> None:
        """Note what all closings of a page cover before any of it is taken in.

        A bridge that is behind has everything in one alarm. Closing by closing it would move what is left to the next
        alarm, again and again, and fall behind further.
        """
        closed = []
        for item in (one for one in items if one.kind == "alarm"):
            with suppress(FormatError):  # it is counted where it is taken in
                alarm = replication.alarm_of(item)
                closed += [] if alarm is None or alarm.is_open else [alarm]
        if len(closed) > 1:
            with self._spool.write() as spool:
                for one in closed:
                    spool.cover(one)

    def _take(self, items: Sequence[replication.Item]) -> None:
        changed: set[ids.AlarmId] = set()
        told: list[Alarm] = []
        with self._spool.write() as spool:
            for item in items:
                try:
                    with spool.isolated():
                        changed.update(self._take_one(spool, item, told))
                except SpoolError:
                    raise  # the disk's fault, not the news': it is asked for again
                except Exception as error:  # noqa: BLE001 - whatever a piece of news breaks, those behind it are heard
                    spool.count("relayed.unread")
                    log.error("news-not-read", peer=self._url, kind=item.kind, error=type(error).__name__)  # noqa: TRY400 - no traceback with data
            changed.update(self._joining.fold_orphans(spool, told))
            replication.note_heard(spool, self._url, self._of or "", items[-1].n)
        for alarm in told:
            self._tell(alarm)
        self._board.announce(changed)

    def _take_one(self, spool: Writing, item: replication.Item, told: list[Alarm]) -> list[ids.AlarmId]:
        match item.kind:
            case "press":
                return self._take_press(spool, item)
            case "act":
                act = schema.decode(replication.RelayedAct, canonical.decode_exact(canonical.unb64(item.body)))
                dsse = canonical.unb64(act.dsse)
                spool.queue_statement(statements.parse(dsse).id, act.alarm, dsse)
            case "window":
                until_ms = int(canonical.unb64(item.body))
                if not spool.test_window_open(ids.DeviceId(item.key), until_ms - 1):
                    spool.open_test_window(ids.DeviceId(item.key), until_ms)
            case "alarm":
                theirs = replication.alarm_of(item)
                return [] if theirs is None else self._joining.join(spool, theirs, told)
        return []

    def _take_press(self, spool: Writing, item: replication.Item) -> list[ids.AlarmId]:
        if not item.body:
            return []
        seen, relayed = presses.seen(spool, ids.Sha256(item.key)), replication.press_of(item)
        if seen is not None and seen.alarm is not None:
            if relayed.alarm not in (None, seen.alarm):
                presses.note_elsewhere(spool, relayed.pressed.identity, relayed.alarm)
            return []
        if seen is not None and (relayed.alarm is None or not relayed.pressed.is_promise):
            return []
        step = self._intake.take_relayed(spool, relayed)
        spool.count("relayed.press")
        return [] if step is None or step.belongs is None else [step.belongs]


class Peers:
    """Every other bridge that this one follows, as one part of the process."""

    def __init__(self, followers: Sequence[Follower]) -> None:
        self.followers = tuple(followers)

    @property
    def trouble(self) -> str | None:
        """What is wrong with any of them."""
        return next((one.trouble for one in self.followers if one.trouble), None)

    def ask_now(self, timeout_s: float = ASKED_S) -> None:
        """Ask every other bridge once for what was not heard yet; nobody is waited for longer than `timeout_s`."""
        asking = [threading.Thread(target=_asked, args=(one, timeout_s), daemon=True) for one in self.followers]
        deadline = time.monotonic() + timeout_s
        for one in asking:
            one.start()
        for one in asking:
            one.join(max(0.0, deadline - time.monotonic()))

    def start(self) -> None:
        """Begin to follow; wait for a moment at most until what happened meanwhile is known here."""
        for one in self.followers:
            one.start()
        deadline = time.monotonic() + FIRST_WAIT_S
        for one in self.followers:
            one.caught_up.wait(max(0.0, deadline - time.monotonic()))

    def stop(self) -> None:
        """End."""
        for one in self.followers:
            one.stop()


def _asked(follower: Follower, timeout_s: float) -> None:
    try:
        follower.ask_now(timeout_s)
    except Exception as error:  # noqa: BLE001 - the loop that follows it says what is wrong with it
        log.info("peer-not-asked", peer=follower.name, error=type(error).__name__)
