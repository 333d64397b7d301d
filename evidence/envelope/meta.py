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

Source = Literal["victim", "sensor", "camera", "witness", "police", "caseworker"]

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

    @property
    def words(self) -> str:
        """The text, its pieces joined."""
        return "".join(self.text)


@dataclass(frozen=True, kw_only=True)
class Incident(Described):
    """Something that happened to her."""

    kind: Literal["incident"] = "incident"
    conduct: tuple[str, ...] = ()
    severity: Severity | None = None
    impact: str | None = None
    place: str | None = None
    position: parts.Position | None = None


@dataclass(frozen=True, kw_only=True)
class Media(Described):
    """A photo, sound, film or other file, mostly about an incident: the only kinds that have content."""

    kind: filetypes.Kind
    file: parts.File = TO_MEASURE
    conduct: tuple[str, ...] = ()
    about: ItemId | None = None
    camera: parts.Camera | None = None


@dataclass(frozen=True, kw_only=True)
class Alarm(Described):
    """A message of an alarm device: a press, or where the device was while its alarm was open."""

    kind: Literal["alarm"] = "alarm"
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


Meta = Incident | Media | Alarm | Order | Card | Assessment
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
