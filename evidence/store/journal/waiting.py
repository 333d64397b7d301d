"""Statements that wait for the writer of the journal, and how those who wait hear what became of them.

To wake a thread costs about as much as to check a signature, and an event loop is woken through a socket. So the
statements of one turn of a loop are handed over together, and the loop hears of a whole commit at once.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from evidence.store.errors import BusyError, UnreadyError
from evidence.store.ports import Offered, Outcome

MAX_QUEUED: Final = 4096
"""At 5,000 statements a second this is under a second of waiting; beyond it, saying "busy" is kinder."""

Answer = Sequence[Outcome] | Exception
"""What became of statements that were handed over together, up to the first refusal; or why nothing is known of any."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Statements that were handed over together, in order, and the future of whoever waits: a thread, or a loop."""

    offered: Sequence[Offered]
    future: "Future[Sequence[Outcome]] | asyncio.Future[Sequence[Outcome]]"


class Queue:
    """What waits for the writer: taken in order, and bounded."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._waiting: deque[Waiting] = deque()
        self._count = 0
        self._gathered: dict[asyncio.AbstractEventLoop, list[Waiting]] = {}
        self._ended: str | None = None
        self._closing = False

    def put(self, offered: Sequence[Offered]) -> Future[Sequence[Outcome]]:
        """Queue statements of a thread; BusyError or UnreadyError at once."""
        future: Future[Sequence[Outcome]] = Future()
        future.set_running_or_notify_cancel()  # what was handed over is written, whoever still waits
        with self._ready:
            self._make_room(len(offered))
            self._waiting.append(Waiting(offered, future))
            self._ready.notify()
        return future

    def put_soon(self, offered: Sequence[Offered]) -> asyncio.Future[Sequence[Outcome]]:
        """Queue statements of the running event loop at the end of its turn; BusyError or UnreadyError at once."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Sequence[Outcome]] = loop.create_future()
        with self._ready:
            self._make_room(len(offered))
            gathered = self._gathered.setdefault(loop, [])
            gathered.append(Waiting(offered, future))
        if len(gathered) == 1:
            loop.call_soon(self._hand_over, loop)
        return future

    def _make_room(self, count: int) -> None:
        if self._ended is not None:
            raise UnreadyError(f"the journal takes nothing: {self._ended}")
        if self._count + count > MAX_QUEUED:
            raise BusyError("too many statements are waiting to be written")
        self._count += count

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._ready:
            self._waiting.extend(self._gathered.pop(loop))
            self._ready.notify()
            ended = self._ended
        if ended is not None:  # the writer stopped since this turn began
            self.turn_away(ended)

    def take(self, most: int) -> list[Waiting]:
        """Wait for statements; return what there is, with the last some more than `most`. Empty: it was closed."""
        taken: list[Waiting] = []
        with self._ready:
            self._ready.wait_for(lambda: self._waiting or self._closing)
            count = 0
            while self._waiting and count < most:
                taken.append(self._waiting.popleft())
                count += len(taken[-1].offered)
            self._count -= count
        return taken

    def close(self) -> None:
        """Let `take` return what is there, and nothing more after that."""
        with self._ready:
            self._closing = True
            self._ready.notify()

    @property
    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self._closing

    def end(self, why: str) -> None:
        """Refuse whatever is queued, and what comes."""
        with self._ready:
            self._ended = why
        self.turn_away(why)

    def turn_away(self, why: str) -> None:
        """Refuse what is queued now."""
        with self._ready:
            turned = list(self._waiting)
            self._waiting.clear()
            self._count -= sum(len(one.offered) for one in turned)
        tell((one, UnreadyError(f"the journal takes nothing: {why}")) for one in turned)


def tell(answers: Iterable[tuple[Waiting, Answer]]) -> None:
    """Tell everybody who waits; each event loop is woken once."""
    of_loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Sequence[Outcome]], Answer]]] = {}
    for waiting, answer in answers:
        if isinstance(waiting.future, Future):
            _settle(waiting.future, answer)
        else:
            of_loops.setdefault(waiting.future.get_loop(), []).append((waiting.future, answer))
    for loop, told in of_loops.items():
        with suppress(RuntimeError):  # it was closed: nobody is left there to hear it
            loop.call_soon_threadsafe(_settle_all, told)


def _settle_all(told: Sequence[tuple[asyncio.Future[Sequence[Outcome]], Answer]]) -> None:
    for future, answer in told:
        if not future.done():  # whoever waited may have gone
            _settle(future, answer)


def _settle(future: "Future[Sequence[Outcome]] | asyncio.Future[Sequence[Outcome]]", answer: Answer) -> None:
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
