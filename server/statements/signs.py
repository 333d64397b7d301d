"""Signs that something is not right with a device: what a refused or odd statement shows, and the journal cannot hold.

A key that signs two statements with one number is in two hands (or an old backup of the phone is in use): no statement
says so, and her caseworker must hear of it. One small file for each key and kind, so that nobody fills a disk by being
refused. They are no evidence: whoever reads them asks her, and looks at the phone.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import structlog

from evidence import canonical, files, ids, schema
from evidence.errors import EvidenceError
from evidence.statements.statement import Statement

Kind = Literal["number-taken", "seen-contradicts", "seen-beyond", "closed-to-readers"]
"""`number-taken`: two statements of one key have one number. `seen-contradicts`: it names a head that this server's own
signed head of that size contradicts. `seen-beyond`: it names a head beyond this log, which may have been restored.
`closed-to-readers`: what it sealed is wrapped to nobody on her list: kept to herself, or it has not heard of the
list."""

WRITE_AGAIN: Final = timedelta(minutes=1)
"""The same sign is written down once in this time, however often it is given."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign: of which key and case, when first and last, and the number or size that it is about."""

    v: Literal[1]
    kind: Kind
    by: ids.KeyId
    case: ids.CaseId
    first: ids.Time
    last: ids.Time
    about: int


@dataclass(frozen=True)
class Signs:
    """The folder of signs. Reading and writing may be from any thread; both block."""

    folder: Path

    def note(self, kind: Kind, statement: Statement, about: int, now: ids.Time) -> None:
        """Write down a sign that a statement, whose signature holds, gives. What cannot be written is only logged."""
        if statement.case is None:
            return
        path = self.folder / f"{kind}-{statement.by}.json"
        known = _read(path)
        if known is not None and ids.moment_of(now) - ids.moment_of(known.last) < WRITE_AGAIN:
            return
        _log.warning("a sign that something is not right with a device", sign=kind)
        fresh = Sign(1, kind, statement.by, statement.case, now, now, about)
        try:
            files.make_folder(self.folder)
            kept = fresh if known is None else replace(known, last=now, about=about)
            files.replace(path, canonical.encode(schema.encode(kept)))
        except (EvidenceError, OSError) as error:
            _log.error("the sign was not kept", error=type(error).__name__)

    def of(self, case: ids.CaseId) -> list[Sign]:
        """Return the signs of a case's devices, newest last."""
        found = (_read(path) for path in self.folder.glob("*.json"))
        return sorted((one for one in found if one is not None and one.case == case), key=lambda one: one.last)


def _read(path: Path) -> Sign | None:
    try:
        return schema.decode(Sign, canonical.decode_exact(path.read_bytes()))
    except (FileNotFoundError, EvidenceError):
        return None
