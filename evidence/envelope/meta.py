"""Descriptions of items: each sealed as a small message of its own, so that a timeline opens without media.

What an item is (`kind`) stands in here: the server does not know it. A kind is a class below and says its members once;
the page's rules, `data/timeline.csv` and the table in docs/formats/envelope.md are made from the class or held to it.

Four times are kept apart: `happened` and `discovered` (`evidence.edtf`, may be vague), `recorded` (the phone's clock)
and, outside this sealed part, `received` (the server's). What a camera says stands apart from all four: nobody told it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, Final, Literal, get_args, get_type_hints

from evidence import canonical, edtf, filetypes, schema
from evidence.edtf import Edtf
from evidence.envelope import parts
from evidence.errors import FormatError
from evidence.ids import ItemId, Sha256, Time

Severity = Literal[0, 1, 2, 3, 4]
"""How bad it was: 0 no choice, 1 a nuisance, 2 serious, 3 very serious, 4 danger to life."""

Source = Literal["victim", "sensor", "camera", "witness", "police", "caseworker", "dispatcher"]

Origin = Literal["captured-in-app", "picked", "shared", "pasted", "exported", "report", "gateway", "screen-recording"]
"""How a file came here; for `exported` and `report` (of a CSG, forensic) `origin_of` names the app or organisation."""

Grade = Literal["source", "export", "copy", "picture-of", "unknown"]
"""How near a file is to where it was made: the file itself, an export, a copy, or a picture of a screen or paper."""

TO_MEASURE: Final = parts.File("", "", 0, Sha256(""))
"""Stands for a file that is measured when it is sealed (`sealing.prepare`); no reader takes it for one."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """What every kind says, or may say."""

    v: Literal[2] = 2
    source: Source
    recorded: Time
    title: str
    text: schema.Pieces = schema.NO_WORDS
    happened: Edtf | None = None
    discovered: Edtf | None = None
    only_mine: bool | None = None
    """She keeps it to herself: whoever wraps it for others later must leave it out."""

    @property
    def words(self) -> str:
        """The text, its pieces joined."""
        return "".join(self.text)


@dataclass(frozen=True, kw_only=True)
class Incident(Described):
    """Something that happened to her."""

    kind: Literal["incident"] = "incident"
    lasted_minutes: int | None = None
    conduct: tuple[str, ...] = ()
    count: int | None = None
    counted: str | None = None
    place: str | None = None
    position: parts.Position | None = None
    present: bool | None = None
    against: tuple[Literal["herself", "child", "family", "work", "other"], ...] = ()
    done_by: Literal["him", "for-him", "unknown"] | None = None
    how_known: str | None = None
    witnesses: tuple[str, ...] = ()
    children_present: bool | None = None
    severity: Severity | None = None
    impact: str | None = None
    told: tuple[parts.ToldTo, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Media(Described):
    """A photo, sound, film or other file, mostly about an incident: the only kinds that have content."""

    kind: filetypes.Kind
    file: parts.File = TO_MEASURE
    conduct: tuple[str, ...] = ()
    about: ItemId | None = None
    origin: Origin | None = None
    origin_of: str | None = None
    grade: Grade | None = None
    how_made: str | None = None
    took_part: bool | None = None
    camera: parts.Camera | None = None


@dataclass(frozen=True, kw_only=True)
class Alarm(Described):
    """A message of an alarm device: a press, where it was while its alarm was open, or a promise to be heard again."""

    kind: Literal["alarm", "position", "check-in"] = "alarm"
    alarm: parts.Alarm
    position: parts.Position | None = None


@dataclass(frozen=True, kw_only=True)
class Order(Described):
    """What he was forbidden."""

    kind: Literal["order"] = "order"
    order: parts.Order


@dataclass(frozen=True, kw_only=True)
class Card(Described):
    """What a control room reads when she presses."""

    kind: Literal["card"] = "card"
    card: parts.Card


@dataclass(frozen=True, kw_only=True)
class Assessment(Described):
    """What a professional made of the risk, in the form's own words."""

    kind: Literal["assessment"] = "assessment"
    assessment: parts.Assessment


@dataclass(frozen=True, kw_only=True)
class Report(Described):
    """What she told the police, or took back."""

    kind: Literal["report"] = "report"
    report: parts.Report


@dataclass(frozen=True, kw_only=True)
class Cost(Described):
    """What it cost her."""

    kind: Literal["cost"] = "cost"
    about: ItemId | None = None
    cost: parts.Cost


@dataclass(frozen=True, kw_only=True)
class Trace(Described):
    """A tracker, account or app that was found."""

    kind: Literal["trace"] = "trace"
    about: ItemId | None = None
    trace: parts.Trace


@dataclass(frozen=True, kw_only=True)
class Translation(Described):
    """What an item says, in another language."""

    kind: Literal["translation"] = "translation"
    translation: parts.Translation


@dataclass(frozen=True, kw_only=True)
class Note(Described):
    """What somebody notes about an item, or about the case."""

    kind: Literal["note"] = "note"
    about: ItemId | None = None
    note: parts.Note


@dataclass(frozen=True, kw_only=True)
class Question(Described):
    """What somebody asks."""

    kind: Literal["question"] = "question"
    about: ItemId | None = None
    question: parts.Question | None = None


@dataclass(frozen=True, kw_only=True)
class Answer(Described):
    """What is answered."""

    kind: Literal["answer"] = "answer"
    answer: parts.Answer


@dataclass(frozen=True, kw_only=True)
class Screening(Described):
    """What was answered at the safety screening."""

    kind: Literal["screening"] = "screening"
    screening: parts.Screening


@dataclass(frozen=True, kw_only=True)
class Label(Described):
    """What its readers call the case: the title."""

    kind: Literal["label"] = "label"


@dataclass(frozen=True, kw_only=True)
class Digest(Described):
    """What a page leaves for the list of cases."""

    kind: Literal["digest"] = "digest"
    digest: parts.Digest


Meta = (
    Incident
    | Media
    | Order
    | Assessment
    | Report
    | Card
    | Cost
    | Trace
    | Translation
    | Note
    | Question
    | Answer
    | Screening
    | Label
    | Digest
    | Alarm
)
"""One item as its author described it."""

KINDS: Final[Mapping[str, type[Meta]]] = {
    kind: one for one in get_args(Meta) for kind in get_args(get_type_hints(one)["kind"])
}


def parse(plain: bytes) -> Meta:
    """Read a description's JSON. FormatError names the member that is of another form, or says that it is spelt so.

    Only the canonical spelling is read: the page reads no other, and two readers must not see two things.
    """
    return read(canonical.decode_exact(plain))


def read(value: object) -> Meta:
    """Return the description that parsed JSON is. FormatError names the member that is of another form."""
    return schema.decode_kind(KINDS, value)


def to_json(meta: Meta) -> dict[str, Any]:
    """Return a description as it is sealed, plain JSON with every member of its kind, after its reader's own rules.

    What a reader would refuse is refused here, while the person who wrote it can still mend it: FormatError names the
    member. A time that cannot be is refused too, though a reader opens it and shows it as it was told.
    """
    plain: dict[str, Any] = schema.encode_whole(meta)
    read(plain)
    for member, told in _times(meta, type(meta).__name__):
        try:
            edtf.parse(told)
        except edtf.TimeError as error:
            message = f"{member}: no time that can be: {error}"
            raise FormatError(message) from error
    return plain


def to_bytes(meta: Meta) -> bytes:
    """Return the canonical JSON of a description as it is sealed; FormatError as for `to_json`."""
    return canonical.encode(to_json(meta))


def _times(value: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - members are of many types
    """Yield each time that is told in a part, also in a list, with the path of its member."""
    for name, hint in get_type_hints(type(value)).items():
        member = getattr(value, name)
        if member is None:
            continue
        if schema.without_none(hint) is Edtf:
            yield f"{path}.{name}", member
        for part in member if isinstance(member, tuple) else (member,):
            if is_dataclass(part):
                yield from _times(part, f"{path}.{name}")


def file_of(meta: Meta) -> parts.File | None:
    """Return what an item says of its content; None for a kind that has none."""
    return meta.file if isinstance(meta, Media) else None
