"""The JSON of cases and timelines, for OpenAPI and for the one place that fills it."""

from typing import Any, Final, Literal

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


class ItemOut(BaseModel):
    """A sealed item: `head` is its container up to the end of the sealed description, base64.

    It is null when the reader is not given the item. `arrived` stands there when the item was announced and never
    sealed: so many bytes of `size` are here.
    """

    item: str
    head: str | None
    wraps: list[WrapOut]
    size: int
    content: bool
    arrived: int | None = None


class AlarmOut(BaseModel):
    """What an alarm event led to."""

    alarm: str
    state: str | None


class TimelineEvent(BaseModel):
    """One event: what was signed, and what the server added. `event` and `salt` let a client check it itself."""

    index: int
    received_at: str
    type: str
    by: Person
    statement: str
    event: str
    salt: str
    item: ItemOut | None = None
    alarm: AlarmOut | None = None
    body: dict[str, Any] | None = None
    trouble: Literal["event", "item"] | None = None
    """Why this row is not whole: the bytes of the event cannot be read, or what is here of its item cannot."""


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


class Timeline(BaseModel):
    """A page of a case's events in journal order; `next` is the `after` of the next page.

    `erased` are the events in between that were destroyed, for whoever sees the whole case.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "case": {
                    "case": CASE,
                    "box": "aa" * 32,
                    "vault": "bb" * 32,
                    "team": "cc" * 16,
                    "team_label": "Filomena",
                    "lead": {"kid": "5f" * 16, "label": "M. de Wit", "role": "caseworker"},
                    "opened_at": "2026-11-21T22:00:00.000Z",
                },
                "events": [],
                "erased": [],
                "next": None,
                "log": {"size": 120, "root": "dd" * 32, "proven_through": 119},
            }
        }
    )

    case: CaseFacts
    events: list[TimelineEvent]
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
