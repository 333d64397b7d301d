"""The standing readers of cases, as a bridge knows them: who gets an alarm beside the case and the desks.

An alarm is sealed and sent whatever is wrong with a list: a row that does not hold is left out, and said.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from evidence import canonical, ids
from evidence.statements import bodies, reader_lists

ALARM: Final = "alarm"
"""The kind of all that a bridge seals, where a row of a list names kinds."""


@dataclass(frozen=True)
class Professional:
    """A key that the root certified."""

    body: bodies.KeyPublish
    retired: bool = False


@dataclass
class StandingReaders:
    """The lists of each case in the order of the journal, and who is excluded."""

    lists: dict[ids.CaseId, tuple[bodies.ListSet, ...]] = field(default_factory=dict)
    excluded: dict[ids.CaseId, frozenset[ids.KeyId]] = field(default_factory=dict)

    def take(self, case: ids.CaseId, body: bodies.ListSet) -> None:
        """Add a list, unless one with its number or a higher one is known."""
        before = self.lists.get(case, ())
        if not before or before[-1].number < body.number:
            self.lists[case] = (*before, body)

    def of(
        self, case: ids.CaseId, team: ids.TeamId, known: Mapping[ids.KeyId, Professional], now: ids.Time
    ) -> tuple[list[ids.Base64], int]:
        """Return the X-Wing keys that the list in force gives alarms to, and how many rows of it do not hold.

        The rescue key of the case is one of them.
        """
        current = reader_lists.in_force(self.lists.get(case, ()), now)
        rows = () if current is None else current.readers
        wanted = [row for row in rows if row.kinds is None or ALARM in row.kinds]
        found = [self._key(case, team, row, known.get(row.reader)) for row in wanted]
        fit = [one for one in found if one is not None]
        left_out = len(found) - len(fit)
        if current is not None and current.rescue is not None:
            fit.append(current.rescue)  # it is nobody's row: a list without readers has one as well
        return fit, left_out

    def _key(
        self, case: ids.CaseId, team: ids.TeamId, row: bodies.StandingReader, known: Professional | None
    ) -> ids.Base64 | None:
        if known is None or known.retired or known.body.role != "caseworker" or known.body.team != team:
            return None
        key = known.body.xwing
        if key is None or row.reader in self.excluded.get(case, frozenset()):
            return None
        return key if hashlib.sha256(canonical.unb64(key)).hexdigest() == row.xwing else None
