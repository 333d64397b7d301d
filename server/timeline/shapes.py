"""The JSON of cases, and of what a page of a timeline says of its case."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from evidence.envelope.container import Wrap
from server.people import Person

CASE: Final = "6f1c0a52b4d9e87f3a2b1c0d9e8f7a6b"
"""A case number for examples."""


class SignOut(BaseModel):
    """A sign that something is not right with a device: which key, what, and when first and last."""

    kind: Literal["number-taken", "seen-contradicts", "seen-beyond", "closed-to-readers"]
    by: str
    first: str
    last: str


class CaseFacts(BaseModel):
    """What is known about a case; it has no name here."""

    case: str
    xwing: str
    vault: str
    team: str
    team_label: str
    lead: Person
    opened_at: str
    readers: "ReadersOut | None" = None
    signs: list[SignOut] = []
    """For her caseworkers and her vault only."""


class ReadersOut(BaseModel):
    """Who gets what is added, for her caseworkers, without a name.

    `count` readers get all of it `until` then; 0 is a case without a reader. `ends_within_days` is 30, 7 or 1 when that
    is near, `next_from` when a later list begins. `changed_at`: something was taken back or disputed under her phrase;
    the lead makes the check that was agreed at intake. `grant_ends_at`: when the first grant ends, within
    30 days; of an opened case only, because a list of cases does not read their grants.
    """

    count: int
    until: str | None = None
    ends_within_days: int | None = None
    next_from: str | None = None
    changed_at: str | None = None
    grant_ends_at: str | None = None


class CaseSummary(BaseModel):
    """One row of the list of cases; counts are of the whole case, or of what was granted."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "case": CASE,
                "opened_at": "2026-11-21T22:00:00.000Z",
                "lead": {"kid": "5f" * 16, "label": "M. de Wit", "role": "caseworker"},
                "items": 412,
                "phones": 1,
                "alarm_devices": 1,
                "alarms": 3,
            }
        }
    )

    case: str
    opened_at: str
    lead: Person
    items: int
    phones: int
    alarm_devices: int
    alarms: int
    readers: ReadersOut | None = None


class WrapOut(BaseModel):
    """A content key, sealed to the reader whose X-Wing key is named `to`, in the suite of that number."""

    to: str
    wrap: str
    suite: Literal[2]

    @staticmethod
    def of(wrap: Wrap) -> "WrapOut":
        """Put a wrap into words."""
        return WrapOut(to=wrap.to, wrap=wrap.wrap, suite=wrap.suite)


class ErasedOut(BaseModel):
    """An event that was destroyed at `erased_at`: of an item, or of a grant that held its key. Its leaf remains."""

    index: int
    received_at: str
    type: str
    items: list[str]
    erasure: str
    erased_at: str
    leaf: str


class LogState(BaseModel):
    """The published head of the custody log; events up to `proven_through` can be proven now."""

    size: int
    root: str
    proven_through: int


class PageFacts(BaseModel):
    """The first line of a page: the case, and in `next` the `since` of the page behind it.

    `erased` are the events in between that were destroyed, for whoever sees the whole case.
    """

    case: CaseFacts
    erased: list[ErasedOut] = []
    next: int | None
    log: LogState


class OrganisationEvent(BaseModel):
    """An event about keys and teams, for clients that compute for themselves who may sign."""

    index: int
    event: str
    salt: str


class Organisation(BaseModel):
    """All events about the organisation."""

    events: list[OrganisationEvent]
