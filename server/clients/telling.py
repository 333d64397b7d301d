"""Words that she told, looked at before sealing: what cannot be is refused while she can still mend it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from evidence import edtf, schema
from evidence.envelope.meta import Meta
from server.clients.errors import ClientError

FIRST_YEAR: Final = 1900
"""Nobody who tells something now was there before: 0026 is a slip of the keys for 2026."""


def check(meta: Meta) -> None:
    """Refuse what is too long, or a time that cannot be.

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


def remarks(meta: Meta) -> Iterator[str]:
    """Yield what is kept as she told it, and may yet be a slip."""
    for name, time in (("happened", meta.happened), ("discovered", meta.discovered)):
        if time is not None and edtf.lies_ahead(edtf.parse(time), datetime.now(UTC)):
            yield f"“{time}” (when it was {name}) lies in the future. It is kept as you told it."
