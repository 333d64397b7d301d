"""The standing lists as a phone knows them: signed by the vault that its invitation pinned, and by nothing else.

A phone keeps key names and keys, and no name of anybody: whoever holds it learns not who reads. It is told no
certificate either; her vault checked those, and the list names each key by its hash.

State rules:
- A list counts when the pinned vault signed it, for this case, and its number is not below the newest one known.
- Two lists of one number with different bytes are kept and said; the one that was known first goes on.
- It is in force from its `since` until its `until`, by this phone's clock; it has also ended when a witnessed head is
  younger than its `until`. A server that holds a newer list back gains that much and no more.
- A reader whose key is not here, is another one, or cannot be wrapped to is left out. The item is sealed all the same.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from evidence import canonical, ids, keys
from evidence.envelope.meta import Meta
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, reader_lists
from evidence.statements import statement as statements
from evidence.statements.statement import Statement
from server.clients import memory
from server.clients.case_keys import CASE_KEYS
from server.clients.errors import ClientError, DistrustError
from server.clients.http import Api
from server.clients.standing_list import Recipients, is_hers_alone, usable

LISTS: Final = "lists.json"
"""The newest lists that were heard of, whole, and the X-Wing keys of whom they name."""

TWO_LISTS: Final = "two-lists.json"
"""Two lists of one number that differ: her vault signed both, or somebody has its key."""

LEFT_OUT: Final = "left-out.json"
"""Readers on the list to whom the last item could not be sealed, by the names of their keys."""

NOT_BELIEVED: Final = "list-not-believed.json"
"""Why the last answer about lists was not believed."""


@dataclass(frozen=True)
class PhoneLists:
    """The lists in a phone's folder. `vault` is the pinned Ed25519 key of her vault; empty before it is enrolled."""

    folder: Path
    case: ids.CaseId
    vault: bytes = field(repr=False)
    least: int
    """The number of the newest list when the phone was invited."""

    def ask(self, api: Api) -> None:
        """Ask who gets what is added from now on. What does not come changes nothing; what is not believed is noted."""
        try:
            self.hear(api.get(f"{CASE_KEYS}/{self.case}"))
        except DistrustError as error:
            memory.write_json(self.folder / NOT_BELIEVED, {"why": str(error), "at": ids.now()})
        except ClientError:
            pass  # not reachable, or refused: it is asked again
        else:
            memory.remove(self.folder / NOT_BELIEVED)

    def scan(self, said: Statement) -> bool:
        """Take a list from the screen of her vault; return whether it is the newest that this phone knows.

        Raises:
            DistrustError: as for `hear`.
        """
        self.hear({"lists": [canonical.b64(said.envelope.to_bytes())], "readers": {}})
        return any(one.id == said.id for one in self._known()[-1:])

    def readers(self, meta: Meta, witnessed: ids.Time | None) -> tuple[bytes, ...]:
        """Return the X-Wing keys to seal an item to beside the case's; who had to be left out is noted."""
        whom = self.recipients(meta, ids.now(), witnessed)
        if whom.left_out:
            memory.write_json(self.folder / LEFT_OUT, {"readers": list(whom.left_out)})
        elif self.left_out:
            memory.remove(self.folder / LEFT_OUT)
        return whom.keys

    def hear(self, answer: Mapping[str, Any]) -> None:
        """Take what the server shows of lists and keys; the newest number that was known never goes down.

        Raises:
            DistrustError: one of them was not signed by the pinned vault for this case; what was known goes on.
        """
        try:
            shown = [self._verified(canonical.unb64(one)) for one in answer["lists"]]
            told = {ids.KeyId(ids.hex_text(kid, 16)): ids.Base64(key) for kid, key in answer["readers"].items()}
        except (EvidenceError, KeyError, TypeError, AttributeError) as error:
            raise DistrustError(f"What the server shows of who may read cannot be believed: {error}.") from error
        known = {_body(one).number: one for one in self._known()}
        newest = max(known, default=self.least)
        for one in sorted(shown, key=lambda found: _body(found).number):
            number = _body(one).number
            if number in known and known[number].id != one.id:
                self._keep_both(known[number], one)
            elif number >= newest:
                known[number] = one
        kept = [known[number] for number in sorted(known)][-_KEPT:]
        self._write(kept, {**self._keys(), **told})

    def recipients(self, meta: Meta, now: ids.Time, witnessed: ids.Time | None) -> Recipients:
        """Return whom an item of this description goes to beside the case, and who is left out."""
        current = reader_lists.in_force([_body(one) for one in self._known()], now)
        if current is None or is_hers_alone(meta) or (witnessed is not None and witnessed >= current.until):
            return Recipients((), ())
        told = self._keys()
        rows = [row for row in current.readers if row.kinds is None or meta.kind in row.kinds]
        found = {row.reader: _key(told.get(row.reader), row.xwing) for row in rows}
        if current.rescue is not None:
            name = keys.opening_kid(canonical.unb64(current.rescue))
            found[name] = usable(current.rescue)
        fit = tuple(key for key in found.values() if key is not None)
        return Recipients(fit, tuple(kid for kid, key in found.items() if key is None))

    @property
    def left_out(self) -> bool:
        """Whether the last item could not be sealed to a reader on the list."""
        return (self.folder / LEFT_OUT).exists()

    @property
    def not_believed(self) -> bool:
        """Whether what the server last showed was not signed by her vault."""
        return (self.folder / NOT_BELIEVED).exists()

    @property
    def two(self) -> bool:
        """Whether two lists of one number were seen."""
        return (self.folder / TWO_LISTS).exists()

    def _verified(self, data: bytes) -> Statement:
        """Return a list that the pinned vault signed; the lead may have signed it too, whom a phone does not know."""
        said = statements.parse(data)
        if not statements.is_signed_by(said, self.vault) or said.case != self.case or said.type != "list.set":
            raise FormatError("a list is signed by another key than the vault that was pinned, or is of another case")
        return said

    def _keep_both(self, known: Statement, other: Statement) -> None:
        both = [canonical.b64(one.envelope.to_bytes()) for one in (known, other)]
        memory.write_json(self.folder / TWO_LISTS, {"known": both[0], "other": both[1]})

    def _known(self) -> Sequence[Statement]:
        path = self.folder / LISTS
        kept = memory.read_json(path)["lists"] if path.exists() else ()
        return [statements.parse(canonical.unb64(one)) for one in kept]

    def _keys(self) -> Mapping[ids.KeyId, ids.Base64]:
        path = self.folder / LISTS
        return memory.read_json(path)["readers"] if path.exists() else {}

    def _write(self, lists: Sequence[Statement], told: Mapping[ids.KeyId, ids.Base64]) -> None:
        named = {row.reader for one in lists for row in _body(one).readers}
        value = {
            "lists": [canonical.b64(one.envelope.to_bytes()) for one in lists],
            "readers": {kid: key for kid, key in sorted(told.items()) if kid in named},
        }
        path = self.folder / LISTS
        if not (path.exists() and memory.read_json(path) == value):
            memory.write_json(path, value)


_KEPT: Final = 8
"""Lists that are kept: the one in force, and those that begin later."""


def _body(said: Statement) -> bodies.ListSet:
    if not isinstance(said.body, bodies.ListSet):
        raise DistrustError("A standing list on this phone is something else.")
    return said.body


def _key(told: ids.Base64 | None, sha256: ids.Sha256) -> bytes | None:
    """Return a reader's key when it is the one that the list names, and something can be wrapped to it."""
    raw = usable(told or ids.Base64(""))
    return raw if raw is not None and hashlib.sha256(raw).hexdigest() == sha256 else None
