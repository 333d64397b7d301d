"""The shares of what waits to be stored: a device's first press goes first, its repeats and everybody's floods after.

A device that is lent, or whoever knows her topic, may send as much as he likes: it costs others nothing, because

- the first bytes in ten seconds of a device in use, by one way in, go before everything else;
- the same bytes wait once, however often a broker hands them out (NATS does so every two seconds while nothing can be
  stored); only their acknowledgements are added;
- further bytes, and those of strangers, wait in queues that have an end. What finds one full is not acknowledged: a
  device's comes again by itself, and a stranger's is thrown away.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from device_bridge.lane.arrivals import Arrival, Taken

FIRST_AGAIN_S: Final = 10.0
"""After this long without a word a device's next is a first one again."""

MAX_OF_DEVICE: Final = 50
"""Different bytes of one device that wait; a finger on a button for half a minute."""

MAX_STRANGE: Final = 500
"""Messages of strangers that wait to be looked at; two a device would be many."""

MAX_ASKING: Final = 8
"""Acknowledgements kept for one message; whoever asked before is asked again by his broker."""

MAX_DEVICES: Final = 100_000

FIRST_BATCH: Final = 500
REST_BATCH: Final = 20
"""Messages in one commit when no first press waits: the next first press waits for so few at most."""

Share = Literal["first", "rest", "strange"]


@dataclass
class Held:
    """Bytes that wait to be stored, and who is to be told."""

    arrival: Arrival
    done: list[Callable[[Taken], None]]
    share: Share
    owner: str = ""
    since: float = field(default_factory=time.monotonic)


class Shares:
    """Not safe by itself: the lane holds a lock."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._waiting: dict[Share, OrderedDict[tuple[str, bytes], Held]] = {
            "first": OrderedDict(),
            "rest": OrderedDict(),
            "strange": OrderedDict(),
        }
        self._of_owner: dict[str, int] = {}
        self._last: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, arrival: Arrival, done: Callable[[Taken], None], *, known: bool) -> bool:
        """Let an arrival wait; False when there is no room for it. `known`: it bears the name of a device in use."""
        key = (arrival.topic, arrival.payload)
        for queue in self._waiting.values():
            if (same := queue.get(key)) is not None:
                same.done = [*same.done, done][-MAX_ASKING:]
                return True
        if not known:
            return self._add(key, Held(arrival, [done], "strange", since=self._clock_s()))
        owner = f"{arrival.topic} {'http' if arrival.received.broker == 'http' else 'mqtt'}"
        share: Share = "first" if self._is_first(owner) else "rest"
        return self._add(key, Held(arrival, [done], share, owner, self._clock_s()))

    def _add(self, key: tuple[str, bytes], waiting: Held) -> bool:
        share = waiting.share
        if share == "strange" and len(self._waiting[share]) >= MAX_STRANGE:
            return False
        if waiting.owner:
            if share == "rest" and self._of_owner.get(waiting.owner, 0) >= MAX_OF_DEVICE:
                return False
            self._of_owner[waiting.owner] = self._of_owner.get(waiting.owner, 0) + 1
        self._waiting[share][key] = waiting
        return True

    def _is_first(self, owner: str) -> bool:
        now = self._clock_s()
        last = self._last.get(owner)
        self._last[owner] = now
        self._last.move_to_end(owner)
        if len(self._last) > MAX_DEVICES:
            self._last.popitem(last=False)
        return last is None or now - last >= FIRST_AGAIN_S

    def take(self) -> list[Held]:
        """Return what is to be stored next, in one commit: every first press, and a few of the others."""
        batch = self._pop("first", FIRST_BATCH)
        batch += self._pop("rest", REST_BATCH)
        return batch + self._pop("strange", REST_BATCH - min(REST_BATCH - 1, len(batch)))

    def give_back(self, batch: list[Held]) -> None:
        """Let what was taken and could not be stored wait again, before all that came after it."""
        for waiting in reversed(batch):
            key, queue = (waiting.arrival.topic, waiting.arrival.payload), self._waiting[waiting.share]
            if waiting.owner:
                self._of_owner[waiting.owner] = self._of_owner.get(waiting.owner, 0) + 1
            queue[key] = waiting
            queue.move_to_end(key, last=False)

    def _pop(self, share: Share, limit: int) -> list[Held]:
        queue = self._waiting[share]
        found = [queue.popitem(last=False)[1] for _ in range(min(limit, len(queue)))]
        for one in found:
            if one.owner:
                left = self._of_owner.pop(one.owner) - 1
                if left:
                    self._of_owner[one.owner] = left
        return found

    def oldest_s(self) -> float:
        """Return for how long the oldest press of a device in use has waited."""
        heads = [next(iter(self._waiting[share].values()), None) for share in ("first", "rest")]
        return max((self._clock_s() - one.since for one in heads if one is not None), default=0.0)
