"""The numbers of a vault: what it says is numbered as a phone's statements are, on whichever computer it is opened.

The last number comes from the server, and a server's word alone moves nothing: it has to show the statement that has
the number, signed by this very key. This computer remembers the last number that it saw, beside the locked key, so that
a server that forgets one of her statements is found out here. On another computer only a receipt would show it.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evidence import canonical, files, ids, schema
from evidence.errors import EvidenceError
from evidence.statements.statement import FIRST_PREV, Chain
from server.clients import memory, receipts
from server.clients.errors import DistrustError
from server.clients.pins import Certificate, Pins

if TYPE_CHECKING:
    from server.clients.timeline import Moment


MOST_NAMED: Final = 9
"""Numbers that are named of one key: whoever looks needs to know that some are lacking, and where it begins."""


@dataclass(frozen=True)
class Numbers:
    """The last number of a vault that this computer saw, in a file beside its locked key."""

    file: Path

    @staticmethod
    def beside(key: Path) -> "Numbers":
        """Return the numbers of the locked key in `key`."""
        return Numbers(key.with_name(f"{key.name}.last"))

    def known(self) -> Chain | None:
        """Return the last number, with the id of its statement; None when this computer saw none."""
        return schema.decode(Chain, memory.read_json(self.file)) if self.file.exists() else None

    @property
    def receipts(self) -> Path:
        """The folder with the receipt of each number that this computer saw: an export that knows less is found out."""
        return self.file.with_suffix(".receipts")

    def keep(self, last: Chain) -> None:
        """Remember a number."""
        memory.write_json(self.file, schema.encode(last))

    def keep_receipt(self, seq: int, receipt: Mapping[str, Any]) -> None:
        """Keep the server's receipt for a number, as a file."""
        files.replace(memory.make_folder(self.receipts) / f"{seq:06}.json", canonical.encode(dict(receipt)))


def not_shown(moments: "Iterable[Moment]", own: ids.KeyId, known: Chain | None) -> Mapping[ids.KeyId, list[int]]:
    """Return the first numbers that events of a case lack, by the key that numbered them: erased, or held back.

    `known` is the last number of the key `own` that this computer remembers. Behind the highest number that is shown of
    another key nothing is known: a server that holds back the newest of those is found out by receipts only.
    """
    shown: dict[ids.KeyId, set[int]] = {}
    for one in moments:
        if one.statement is not None and one.statement.chain is not None:
            shown.setdefault(one.statement.by, set()).add(one.statement.chain.seq)
    if known is not None:
        shown.setdefault(own, set())
    most = {kid: max(numbers, default=-1) for kid, numbers in shown.items()}
    if known is not None:
        most[own] = max(most[own], known.seq)
    lacking = {kid: _first_lacking(shown[kid], most[kid]) for kid in shown}
    return {kid: numbers for kid, numbers in lacking.items() if numbers}


def _first_lacking(shown: set[int], most: int) -> list[int]:
    lacking = (number for number in itertools.count() if number not in shown)
    return list(itertools.islice(lacking, min(MOST_NAMED, most + 1 - len(shown))))


def following(last: Chain | None) -> Chain:
    """Return number and predecessor of the statement after `last`."""
    return Chain(0, FIRST_PREV) if last is None else Chain(last.seq + 1, last.prev)


def last_of(
    answer: Mapping[str, Any],
    case: ids.CaseId,
    author: bytes,
    anchors: tuple[Pins, Mapping[ids.KeyId, Certificate]],
    known: Chain | None,
) -> Chain | None:
    """Return the last number of a vault that the server's answer shows; None when it said nothing yet.

    `author` is its Ed25519 key (32 bytes), `known` what this computer remembers. Of a statement that was erased the
    server shows the number alone.

    Raises:
        DistrustError: the statement is not hers, or what this computer remembers came later.
    """
    try:
        found = (
            None if answer["seq"] is None else Chain(answer["seq"], ids.Sha256(ids.hex_text(answer["statement"], 32)))
        )
        if answer["stored"] is not None:
            _, said = receipts.check_stored(*anchors, answer["stored"], author)
            if found is None or said.case != case or said.chain is None or Chain(said.chain.seq, said.id) != found:
                raise DistrustError("The server shows another statement of your key than the one that it names.")
    except (KeyError, TypeError, EvidenceError) as error:
        raise DistrustError(f"The server does not show the last statement of your key: {error}.") from error
    if known is not None and (found is None or found.seq < known.seq or (found.seq == known.seq and found != known)):
        raise DistrustError(
            f"This computer knows statement {known.seq} of your key, and the server shows another or an older one as "
            "the last. Nothing was signed. Show this to your caseworker."
        )
    return found
