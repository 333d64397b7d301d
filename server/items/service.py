"""Items as their readers may find them: a case, an item's seal, the beginning of its container. Blocks."""

from collections.abc import Callable

from evidence import ids
from evidence.envelope import container
from evidence.envelope.container import MAX_HEAD_BYTES, MAX_META_BYTES
from evidence.errors import FormatError
from evidence.statements import bodies
from evidence.statements.standing import Standing
from evidence.store.journal.journal import SqlJournal
from evidence.store.ports import BlobStore
from server.items.access import CaseView, is_told_erased, view_case
from server.items.parts import ItemStore
from server.principals import Reader
from server.problems import ProblemError, domains, general


def find_view(journal: SqlJournal, case: str, who: Reader) -> CaseView:
    """Return what `who` may see of a case; NOT_FOUND when that is nothing, or when there is no such case."""
    try:
        name = ids.CaseId(ids.hex_text(case, 16))
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error
    now = ids.now()
    view = journal.ask(lambda standing: view_case(standing, who, name, now))
    if view is None:
        raise ProblemError(general.NOT_FOUND)
    return view


def find_item(items: ItemStore, item: str, who: Reader) -> tuple[ids.CaseId, bodies.ItemSeal]:
    """Return case and seal of an item that `who` is given and holds a key of; ERASED or NOT_FOUND for every other."""
    try:
        name = ids.ItemId(ids.hex_text(item, 16))
    except FormatError as error:
        raise ProblemError(general.NOT_FOUND) from error
    now = ids.now()

    def look(standing: Standing) -> tuple[bodies.ItemSeal, CaseView] | None:
        if is_told_erased(standing, who, name, now):
            raise ProblemError(domains.ERASED)
        sealed = standing.items.get(name)
        view = None if sealed is None else view_case(standing, who, sealed.case, now)
        if sealed is None or sealed.body is None or view is None or not view.gives(standing, name, now):
            return None
        return sealed.body, view

    found = items.journal.ask(look)
    if found is None:
        raise ProblemError(general.NOT_FOUND)
    body, view = found
    if not view.wraps_for(name, read_prefix(items.blobs, body).head.wraps):
        raise ProblemError(general.NOT_FOUND)
    return view.case, body


def still_given(who: Reader, case: ids.CaseId, item: ids.ItemId) -> Callable[[Standing], bool]:
    """Return the question whether `who` is given this item at that very moment."""

    def asked(standing: Standing) -> bool:
        now = ids.now()
        view = view_case(standing, who, case, now)
        return view is not None and view.gives(standing, item, now)

    return asked


def read_prefix(blobs: BlobStore, body: bodies.ItemSeal) -> container.Prefix:
    """Return the beginning of an item's container, up to the end of its sealed description. Blocks."""
    with blobs.open(body.container.sha256) as file:
        size = container.HEAD_OFFSET + body.head.size + body.meta.size
        return container.parse_prefix(file.read(min(size, container.HEAD_OFFSET + MAX_HEAD_BYTES + MAX_META_BYTES)))
