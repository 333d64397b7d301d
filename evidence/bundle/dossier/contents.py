"""The contents of an opened folder as a dossier reads them: entries on the axis, and what the events say of them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from evidence import canonical, ids, schema
from evidence.bundle.dossier import axis, pattern
from evidence.bundle.dossier.pattern import Entry
from evidence.bundle.format import bag, layout, wraps
from evidence.bundle.format.kinds import POSITION, kind_of
from evidence.bundle.format.openings import Openings
from evidence.bundle.opening import derived
from evidence.bundle.opening.timeline_csv import Row
from evidence.statements import bodies
from evidence.statements import event as events


@dataclass(frozen=True)
class Contents:
    """An opened folder: its export, its rows in the order in which things happened, and the entries of what opened.

    Times that are still open end at the export's receipt, so that the same folder gives the same dossier.
    """

    maker: str
    export: events.Event
    told: tuple[events.Event, ...]
    rows: tuple[Row, ...]
    digests: dict[str, str]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read an opened folder. BagError or FormatError when it cannot be read; it is not verified here."""
        with bag.open_bag(folder) as bundle:
            openings = schema.decode(Openings, canonical.decode_exact(bag.read_small(bundle, layout.OPENINGS)))
            told = tuple(wraps.events_of(bundle))
            export = events.parse(bag.read_small(bundle, layout.EXPORT_EVENT))
            rows = tuple(derived.rows(bundle, told, openings, export.statement.by))
            digests = bag.parse_manifest(b"".join(bundle.stream(bag.MANIFEST)))
        return cls(openings.maker, export, told, rows, digests)

    @cached_property
    def now(self) -> int:
        """The moment of the export, in milliseconds."""
        return axis.moment(self.export.received_at)

    @cached_property
    def entries(self) -> list[Entry]:
        """What opened, in the order in which things happened."""
        made = []
        for row in self.rows:
            if row.meta is not None:
                counts = row.mark.confirmed and row.mark.amended_by is None and not row.mark.disputed
                made.append(
                    Entry.of(
                        item_of(row), row.event.index, row.meta, row.event.received_at, self.now,
                        counts=counts, counts_in=row.counts_in,
                    )
                )  # fmt: skip
        return pattern.in_order(made)

    @cached_property
    def row_of(self) -> dict[ids.ItemId, Row]:
        """The row of each item."""
        return {item_of(row): row for row in self.rows}

    @cached_property
    def numbers(self) -> dict[ids.ItemId, int]:
        """The number of each item in this dossier: those that opened from 1, in order, then those that did not.

        Where a device was while its alarm was open has none: there is one every ten seconds.
        """
        opened = [one.item for one in self.entries if kind_of(one.meta) != POSITION]
        closed = [item_of(row) for row in self.rows if row.meta is None]
        return {item: number for number, item in enumerate((*opened, *closed), start=1)}

    @cached_property
    def signers(self) -> dict[ids.KeyId, str]:
        """Whose each key is, as the events say."""
        return wraps.signers_of(self.told)

    def who(self, event: events.Event) -> str:
        """Return who signed an event, as the events say."""
        by = event.statement.by
        return self.signers.get(by, by[:8])

    @property
    def exported(self) -> bodies.Export:
        """What the investigator signed."""
        body = self.export.statement.body
        if not isinstance(body, bodies.Export):
            raise TypeError("no export")
        return body


def item_of(row: Row) -> ids.ItemId:
    """Return the item of a row."""
    body = row.event.statement.body
    if not isinstance(body, bodies.ItemSeal | bodies.ItemOpen):
        raise TypeError("no item")
    return body.item
