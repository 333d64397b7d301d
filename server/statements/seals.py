"""Before an `item.seal` is accepted: is the file here, and does it say the same as the statement?

The server cannot read the item; it compares sizes, hashes and the signed head, which are in the clear.
"""

from asyncio import Future
from collections.abc import Sequence
from typing import Any

from evidence import ids
from evidence.envelope import container
from evidence.envelope.container import MAX_HEAD_BYTES, MAX_META_BYTES, TamperedError, Wrap
from evidence.statements import bodies, reader_lists
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement
from evidence.store.ports import BlobStore
from server.items.access import openers_of
from server.problems import ProblemError, domains
from server.uploads.contents import Contents
from server.uploads.folder import Hold, UploadFolder


class Sealing:
    """The hold on a complete file while a statement that seals it is checked and written: nothing removes it meanwhile.

    For every other statement it does nothing.
    """

    def __init__(self, folder: UploadFolder, statement: Statement) -> None:
        self._folder = folder
        self._statement = statement
        self._hold: Hold | None = None

    def begin(self) -> None:
        """Take the hold, if the file is on this disk; whether it is, is checked next. Blocks."""
        if isinstance(body := self._statement.body, bodies.ItemSeal):
            self._hold = self._folder.hold_blob(body.container.sha256, alone=False)

    def end(self, writing: "Future[Any]") -> None:
        """Keep the hold until the writer has judged the statement, whoever still waits for it."""
        hold, self._hold = self._hold, None
        if hold is not None:
            writing.add_done_callback(lambda _: hold.release())

    def let_go(self) -> None:
        """Release what was not handed to the writer."""
        if self._hold is not None:
            self._hold.release()
            self._hold = None


def reaches_no_reader(standing: Standing, statement: Statement, wraps: Sequence[Wrap], now: ids.Time) -> bool:
    """Whether what her phone or vault seals is wrapped to nobody of those who get everything by the list in force.

    She may keep it to herself, it may not have heard of the list, or somebody makes her: her lead asks her.
    """
    case = statement.case
    if case is None or standing.role_of(statement.by) not in {"phone", "vault"}:
        return False
    known = reader_lists.in_force(standing.lists.get(case, ()), now)
    readers = [kid for kid in reader_lists.of_everything(known) if standing.on_team(kid, case)]
    names = {name for kid in readers for name in openers_of(standing, kid)}
    return bool(names) and names.isdisjoint(wrap.to for wrap in wraps)


def check_seal(
    blobs: BlobStore, contents: Contents, statement: Statement, body: bodies.ItemSeal, public: bytes
) -> tuple[Wrap, ...]:
    """Compare the stored container with the statement about it; `public` is the author's Ed25519 key. Blocks.

    Returns the wraps in its head. The hashes are of what arrived: a file that nobody touched since is not read again.

    Raises ProblemError BLOB_MISSING when the file is not complete here, and the domain's errors when they differ.
    """
    if blobs.size(body.container.sha256) != body.container.size:
        raise ProblemError(domains.BLOB_MISSING)
    with blobs.open(body.container.sha256) as file:
        prefix = container.parse_prefix(file.read(container.HEAD_OFFSET + MAX_HEAD_BYTES + MAX_META_BYTES))
        container.check_against(prefix, statement.case, statement.by, body)
        container.verify_head(prefix, public)
    if body.content is not None and contents.sha256(body.container.sha256, prefix.size) != body.content.sha256:
        raise TamperedError("the item and its statement differ in: content hash")
    return prefix.head.wraps
