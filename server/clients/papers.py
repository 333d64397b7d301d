"""The papers of a case as items: what he was forbidden, and the card that a control room reads when she presses.

Both hold what somebody was told on paper or at a table, in its own words; nothing here judges them.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, cast, get_args

from evidence import ids
from evidence.edtf import Edtf
from evidence.envelope import meta as metas
from evidence.envelope import parts, pieces, words
from evidence.envelope.meta import Card, Order, Source
from evidence.errors import FormatError
from server.clients import telling
from server.clients.errors import ClientError

ORDERS: Final[tuple[str, ...]] = get_args(parts.OrderKind)

CARD_TITLE: Final = "Kaart voor de meldkamer"

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_DEGREES: Final = re.compile(r"-?\d{1,3}(\.\d{1,9})?")


def order(  # noqa: PLR0913 - one for each thing that an order says
    kind: str,
    valid_from: str,
    until: str | None,
    *,
    source: Source,
    number: str | None = None,
    title: str | None = None,
    text: str = "",
    area: str | None = None,
    persons: Sequence[str] = (),
    watched_by: str | None = None,
    said_by: str | None = None,
    proof: str | None = None,
) -> Order:
    """Return an order as it is sealed; `valid_from` and `until` are its first and last day, such as 2026-11-21.

    `said_by` and `proof` are for *stop gezegd*: how he was told, and the item that shows it.

    Raises:
        ClientError: no such order, no such day, or the last day is before the first.
    """
    paper = replace(
        in_force(kind, valid_from, until, number),
        area=area,
        persons=tuple(persons),
        watched_by=watched_by,
        said_by=cast("Literal['herself', 'letter', 'lawyer', 'police'] | None", said_by),
        proof=ids.ItemId(proof) if proof else None,
    )
    said = Order(
        source=source,
        recorded=ids.now(),
        title=title or words.VALUES[kind][0].capitalize(),
        text=pieces.cut(text),
        happened=Edtf(valid_from if kind == "stop-gezegd" else f"{valid_from}/{until or '..'}"),
        order=paper,
    )
    telling.check(said)
    try:
        metas.to_json(said)
    except FormatError as error:
        raise ClientError(f"The order cannot be kept: {error}. Nothing was kept.") from error
    return said


def in_force(kind: str, valid_from: str, until: str | None, number: str | None) -> parts.Order:
    """Return an order by its kind, first and last day, and number.

    Raises:
        ClientError: no such order, or a day that is not written as one.
    """
    if kind not in ORDERS:
        raise ClientError(f"“{kind}” is no order that is known here: {', '.join(ORDERS)}. Nothing was kept.")
    for day in filter(None, (valid_from, until)):
        if _DAY.fullmatch(day) is None:
            raise ClientError(f"“{day}” is no day such as 2026-11-21. Nothing was kept.")
    return parts.Order(cast("parts.OrderKind", kind), Edtf(valid_from), Edtf(until) if until else None, number)


def card(said: parts.Card) -> Card:
    """Return a dispatcher card as it is sealed.

    Raises:
        ClientError: something in it cannot be: a text that is too long, or a day that there is not.
    """
    whole = Card(source="caseworker", recorded=ids.now(), title=CARD_TITLE, card=said)
    try:
        metas.to_bytes(whole)
    except FormatError as error:
        raise ClientError(f"The card cannot be kept: {error}. Nothing was sealed.") from error
    return whole


def known_place(text: str) -> parts.KnownPlace:
    """Return a place that is written as `label,latitude,longitude` (WGS 84 degrees).

    Raises:
        ClientError: it is not written so.
    """
    label, lat, lon = (part.strip() for part in ["", "", *text.rsplit(",", 2)][-3:])
    inside = all(
        _DEGREES.fullmatch(degrees) is not None and abs(float(degrees)) <= most
        for degrees, most in ((lat, 90), (lon, 180))
    )
    if not label or not inside:
        raise ClientError(f"“{text}” is no place such as School,51.9361,4.4702. Nothing was kept.")
    return parts.KnownPlace(label, lat, lon)
