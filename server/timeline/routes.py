"""GET /cases, /cases/{case}/timeline and /authority."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from evidence import canonical, ids
from evidence.envelope import pages, rings
from evidence.errors import FormatError
from evidence.statements.standing import Standing
from evidence.store.journal.journal import SqlJournal
from server import organisation
from server.api import PROVEN, V1, WRITING, octets, problems
from server.auth.dependencies import CaseListerAsking, ReaderAsking, SignerAsking
from server.auth.door import DoorRoute
from server.items.access import sees_whole, view_case, visible_cases
from server.items.parts import ReadsGiven
from server.items.service import find_view
from server.parts import JournalGiven
from server.principals import Dispatcher, Reader, Vault
from server.problems import ProblemError, domains, general
from server.timeline import build
from server.timeline.parts import RingsGiven, TimelineGiven
from server.timeline.readers import ending_grant, readers
from server.timeline.shapes import CaseFacts, CaseSummary, ErasedOut, Organisation, OrganisationEvent, PageFacts

router = APIRouter(route_class=DoorRoute, prefix=V1, tags=["timeline"])


@router.get("/cases", operation_id="list_cases", responses=problems(*PROVEN))
def list_cases(who: CaseListerAsking, journal: JournalGiven) -> list[CaseSummary]:
    """List the cases of which the asking key may see something; a dispatcher sees none here."""
    if isinstance(who, Dispatcher):
        return []
    now = ids.now()

    def look(standing: Standing) -> tuple[dict[ids.CaseId, CaseSummary], dict[ids.CaseId, int]]:
        cases = visible_cases(standing, who, now)
        whole = {case for case in cases if sees_whole(standing, who, case)}
        views = {case: None if case in whole else view_case(standing, who, case, now) for case in cases}
        rows = {case: build.summary(standing, case, view) for case, view in views.items()}
        return rows, build.erased_of(standing, whole)

    rows, erased = journal.ask(look)
    if isinstance(who, Vault):
        for row in rows.values():
            row.readers = None  # for her lead: whoever makes her say her phrase is not told that somebody was
    tallies = journal.tallies(list(erased))
    return [build.count(row, tallies.get(case), erased.get(case, 0)) for case, row in rows.items()]


@router.get(
    "/cases/{case}/timeline",
    operation_id="get_timeline",
    response_class=Response,
    responses={
        200: {"content": {pages.MEDIA_TYPE: {}}, "description": "A page: docs/formats/timeline.md"},
        **problems(*PROVEN, *WRITING, general.VALIDATION),
    },
)
async def get_timeline(
    case: str,
    who: ReaderAsking,
    sources: TimelineGiven,
    reads: ReadsGiven,
    since: Annotated[int, Query(ge=-1, le=2**53, description="index of the last event that is known")] = -1,
    limit: Annotated[int, Query(ge=1, le=build.MAX_PAGE)] = 500,
) -> Response:
    """Return a page of a case. Which items it hands out is in the journal before the answer begins."""
    journal = sources.items.journal
    view = await run_in_threadpool(find_view, journal, case, who)
    page = await run_in_threadpool(build.page, sources, view, since, limit)

    given = await run_in_threadpool(journal.ask, lambda standing: build.given(standing, view, page))

    def still_allowed(standing: Standing) -> bool:
        now = ids.now()
        seen = view_case(standing, who, view.case, now)
        return seen is not None and all(seen.gives(standing, item, now) for item in given)

    await reads.note(who.kid, view.case, given, "meta", still_allowed)

    def words(standing: Standing) -> tuple[CaseFacts, list[ErasedOut]]:
        found = build.facts(standing, view.case)
        if view.whole and not view.everything:
            now = ids.now()
            found.readers = readers(standing, view.case, now)
            found.readers.grant_ends_at = ending_grant(standing, view.case, now)
        return found, build.erased(standing, page)

    def written() -> bytes:
        facts, erased = journal.ask(words)
        if view.whole:
            facts.signs = build.signs(sources, view)
        said = PageFacts(case=facts, erased=erased, next=page.next, log=build.log_state(sources))
        return pages.write(said.model_dump_json().encode(), build.rows(sources, view, page, given))

    return Response(await run_in_threadpool(written), media_type=pages.MEDIA_TYPE)


@router.get(
    "/cases/{case}/ring",
    operation_id="get_ring",
    response_class=Response,
    responses={
        200: {"content": {rings.MEDIA_TYPE: {}}, "description": "The ring: docs/formats/ring.md"},
        204: {"description": "There is none"},
        **problems(*PROVEN),
    },
)
async def get_ring(case: str, who: ReaderAsking, journal: JournalGiven, kept: RingsGiven) -> Response:
    """Return one's own ring of opened keys, unless an item that it names is gone or not given any more."""

    def look() -> bytes | None:
        view = find_view(journal, case, who)
        found = kept.find(view.case, who.kid)
        if found is not None and not _gives_all(journal, who, view.case, found):
            kept.destroy(view.case, who.kid)
            return None
        return found

    found = await run_in_threadpool(look)
    return Response(status_code=204) if found is None else Response(found, media_type=rings.MEDIA_TYPE)


@router.put(
    "/cases/{case}/ring",
    operation_id="leave_ring",
    status_code=204,
    responses=problems(*PROVEN, general.STORAGE_FULL, domains.STATEMENT),
    openapi_extra=octets(rings.MEDIA_TYPE, "The ring: docs/formats/ring.md"),
)
async def leave_ring(
    request: Request, case: str, who: ReaderAsking, journal: JournalGiven, kept: RingsGiven
) -> Response:
    """Leave one's own ring in place of the one before; `not-found` when it names an item that is not given."""
    data = await request.body()

    def keep() -> None:
        view = find_view(journal, case, who)
        try:
            rings.parse(data)
        except FormatError as error:
            raise ProblemError(domains.STATEMENT, reason=str(error)) from error
        if not _gives_all(journal, who, view.case, data):
            raise ProblemError(general.NOT_FOUND)
        kept.keep(view.case, who.kid, data)
        # An erasure that was decided meanwhile may have looked before this ring was there.
        if not _gives_all(journal, who, view.case, data):
            kept.destroy(view.case, who.kid)
            raise ProblemError(general.NOT_FOUND)

    await run_in_threadpool(keep)
    return Response(status_code=204)


def _gives_all(journal: SqlJournal, who: Reader, case: ids.CaseId, ring: bytes) -> bool:
    """Whether every item that a ring names is given to its reader; not for one that cannot be read. Blocks."""
    try:
        items = rings.parse(ring).items
    except FormatError:
        return False
    now = ids.now()

    def look(standing: Standing) -> bool:
        view = view_case(standing, who, case, now)
        return view is not None and all(view.gives(standing, item, now) for item in items)

    return journal.ask(look)


@router.get("/authority", operation_id="get_authority", responses=problems(*PROVEN))
def get_authority(who: SignerAsking, journal: JournalGiven) -> Organisation:
    """Return the events about keys and teams, so that a client can compute for itself who may sign what.

    A phone is shown the services and the lead of its own case, and nobody else.
    """
    events = [
        OrganisationEvent(index=one.index, event=canonical.b64(one.event), salt=one.salt.hex())
        for one, _ in organisation.shown_to(journal, who)
    ]
    return Organisation(events=events)
