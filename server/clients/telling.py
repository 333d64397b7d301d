"""Words that she told, looked at before sealing: what cannot be is refused while she can still mend it."""

import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import UTC, datetime
from typing import Any, Final, get_type_hints

from evidence import edtf, schema
from evidence.envelope import conduct, parts
from evidence.envelope.meta import Incident, Media, Meta
from server.clients.errors import ClientError

FIRST_YEAR: Final = 1900
"""Nobody who tells something now was there before: 0026 is a slip of the keys for 2026."""

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_DEGREES: Final = re.compile(r"-?\d{1,3}(\.\d{1,9})?")


def check(meta: Meta) -> None:
    """Refuse what is too long, a time or place that cannot be, and what contradicts itself.

    Raises:
        ClientError: in words for her; nothing was kept.
    """
    most = schema.MAX_TEXT_CHARACTERS
    for name, said in {**schema.encode(meta), "text": meta.words}.items():
        if isinstance(said, str) and len(said) > most:
            raise ClientError(
                f"The {name} has {len(said):,} characters, and at most {most:,} fit. Nothing was kept: your text is "
                "still where you wrote it. Split it into two entries and add each."
            )
    for name, time in (("happened", meta.happened), ("discovered", meta.discovered)):
        if time is not None:
            _check_time(name, time)
    for part in _parts_of(meta):
        _check_part(part)


def _check_part(part: object) -> None:
    match part:
        case parts.Position(lat=lat, lon=lon) | parts.KnownPlace(lat=lat, lon=lon):
            for degrees, most in ((lat, 90), (lon, 180)):
                if _DEGREES.fullmatch(degrees) is None or abs(float(degrees)) > most:
                    raise ClientError(f"“{lat}, {lon}” is no place such as 51.9361, 4.4702. Nothing was kept.")
        case parts.Order(valid_from=first, until=until):
            for day in filter(None, (first, until)):
                if _DAY.fullmatch(day) is None:
                    raise ClientError(f"“{day}” is no day such as 2026-11-21. Nothing was kept.")
        case parts.ToldTo(number=str(number), no_number=True):
            raise ClientError(f"A number ({number}) and “no number known” cannot both be. Nothing was kept.")
        case _:
            pass


def _check_time(name: str, time: edtf.Edtf) -> None:
    shown = ascii(time)[1:-1][: edtf.MAX_CHARACTERS]
    try:
        told = edtf.parse(time)
    except edtf.TimeError as error:
        raise ClientError(
            f"“{shown}” (when it was {name}) is no time that can be: {error}. Nothing was kept; give another time, or "
            "leave it out and say in your own words when it was."
        ) from error
    known = told.latest or told.earliest
    if known is not None and known.year < FIRST_YEAR:
        raise ClientError(
            f"“{shown}” (when it was {name}) is in the year {known.year}. Nothing was kept; write a year with its four "
            "digits, such as 2026."
        )


def _parts_of(value: Any) -> Iterator[Any]:  # noqa: ANN401 - parts of many types
    """Yield every record inside a description, also of lists."""
    for name in get_type_hints(type(value)):
        member = getattr(value, name)
        for part in member if isinstance(member, tuple) else (member,):
            if is_dataclass(part):
                yield part
                yield from _parts_of(part)


def remarks(meta: Meta) -> Iterator[str]:
    """Yield what is kept as she told it, and may yet be a slip."""
    for name, time in (("happened", meta.happened), ("discovered", meta.discovered)):
        if time is not None and edtf.lies_ahead(edtf.parse(time), datetime.now(UTC)):
            yield f"“{time}” (when it was {name}) lies in the future. It is kept as you told it."
    for tag in meta.conduct if isinstance(meta, Incident | Media) else ():
        if tag not in conduct.TAGS:
            yield f"“{tag}” is kept as a word of your own; {', '.join(conduct.TAGS)} are those that pages know."
