"""Reads as events: each is in the journal before the first byte flows, and she can see it."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, Literal

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements.event import Recorded
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement
from evidence.store.journal.journal import SqlJournal
from server.api import append_own
from server.problems import ProblemError, general

ONE_READING_S: Final = 60.0
"""A player fetches one film in dozens of ranges: within a minute they are one reading."""

MAX_REMEMBERED: Final = 4096
"""Readings remembered for that; one that is forgotten is only written down once more."""

Part = Literal["meta", "content"]
StillAllowed = Callable[[Standing], bool]


class Reads:
    """Writes `read` statements."""

    def __init__(
        self, journal: SqlJournal, identity: keys.SigningKey, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._journal = journal
        self._identity = identity
        self._clock = clock
        self._recent: OrderedDict[tuple[ids.KeyId, ids.ItemId], float] = OrderedDict()

    async def note(
        self,
        reader: ids.KeyId,
        case: ids.CaseId,
        items: Sequence[ids.ItemId],
        part: Part,
        still_allowed: StillAllowed,
    ) -> Recorded | None:
        """Append the event, unless there is nothing to read; durable when it returns.

        Whether the reader may is judged once more in the very transaction that writes the event, so that a revocation
        is never overtaken. Raises ProblemError NOT_FOUND when it was.
        """
        if not items:
            return None

        def requires(standing: Standing, _statement: Statement) -> None:
            if not still_allowed(standing):
                raise ProblemError(general.NOT_FOUND)

        body = bodies.Read(reader, tuple(items), part)
        return await append_own(self._journal, self._identity, "read", body, case, requires)

    async def note_content(
        self, reader: ids.KeyId, case: ids.CaseId, item: ids.ItemId, still_allowed: StillAllowed
    ) -> None:
        """Append the event of fetching one item's bytes; ranges of the same reading share one."""
        now = self._clock()
        last = self._recent.get((reader, item))
        if last is not None and now - last < ONE_READING_S:
            return
        await self.note(reader, case, [item], "content", still_allowed)
        self._recent.pop((reader, item), None)
        self._recent[reader, item] = now
        while len(self._recent) > MAX_REMEMBERED:
            self._recent.popitem(last=False)
