"""The standing list as her vault and her readers see it in the case's own events: what is in force, what comes next.

Nothing is asked of the server: the events were checked one by one (`server.clients.timeline`), and the rules are those
of the journal (`evidence.statements.reader_lists`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from evidence import canonical, ids, xwing
from evidence.envelope.meta import Meta, Order
from evidence.errors import FormatError
from evidence.statements import bodies, reader_lists
from evidence.statements.fold.alarms import QUIET
from evidence.statements.rules.readers import CLOCK
from server.clients.errors import ClientError, DistrustError
from server.clients.pins import Certificate
from server.clients.timeline import Moment

DAYS: Final = 90
"""How long a list lasts when nobody says otherwise; it is renewed when she signs in."""


@dataclass(frozen=True)
class Reading:
    """What the events of a case say of its readers."""

    lists: tuple[bodies.ListSet, ...]
    excluded: frozenset[ids.KeyId]
    pressed_at: ids.Time | None
    """When a press that asks for help was last received."""

    ordered_at: ids.Time | None
    """When an order was last received; the server is blind to orders, her vault is not."""

    lead: ids.KeyId | None = None

    @staticmethod
    def of(moments: Iterable[Moment]) -> "Reading":
        """Return what these events say."""
        lists: list[bodies.ListSet] = []
        excluded: frozenset[ids.KeyId] = frozenset()
        pressed: ids.Time | None = None
        ordered: ids.Time | None = None
        lead: ids.KeyId | None = None
        for one in moments:
            match one.act:
                case bodies.ListSet() as found:
                    lists.append(found)
                case bodies.CaseOpen(lead=named):
                    lead = named
                case bodies.ReadersExclude(readers=readers):
                    excluded = frozenset(readers)
                case bodies.AlarmRaise(kind=kind, received_at=at) if kind not in QUIET:
                    pressed = max(pressed or at, at)
                case _ if one.opened is not None and isinstance(one.opened.meta, Order):
                    ordered = max(ordered or one.received_at, one.received_at)
                case _:
                    pass
        return Reading(tuple(lists), excluded, pressed, ordered, lead)

    def in_force(self, now: ids.Time) -> bodies.ListSet | None:
        """Return the list that holds at `now`."""
        return reader_lists.in_force(self.lists, now)

    def following(self, rows: Sequence[bodies.StandingReader], days: int, now: ids.Time) -> bodies.ListSet:
        """Return the next list: from now on, or from a day ahead where it changes what may not change at once."""
        made = self._begin(rows, days, now, timedelta())
        fresh = max(self.pressed_at or "", self.ordered_at or "")
        if reader_lists.must_wait(self.lists, made, ids.Time(fresh) if fresh else None, now):
            return self._begin(rows, days, now, reader_lists.WAIT + CLOCK)
        return made

    def proposed(self, rows: Sequence[bodies.StandingReader], days: int, now: ids.Time) -> bodies.ListSet:
        """Return the next list as one that the lead signs too: it begins when both have, whatever it changes.

        Raises:
            DistrustError: nothing in these events says who leads the case.
        """
        if self.lead is None:
            raise DistrustError("Nothing says who leads this case. Nothing was signed.")
        return replace(self._begin(rows, days, now, timedelta()), agreed=self.lead)

    def same_again(self, now: ids.Time) -> bodies.ListSet:
        """Return the next list with the readers and the end of the one in force; with none, and `DAYS`, after it."""
        current = self.in_force(now)
        if current is None:
            return self.following((), DAYS, now)
        left = ids.moment_of(current.until) - ids.moment_of(now)
        return self.following(current.readers, max(1, -(-left // timedelta(days=1))), now)

    def later(self, now: ids.Time) -> bodies.ListSet | None:
        """Return her newest list when it has not begun."""
        return self.lists[-1] if self.lists and self.lists[-1].since > now else None

    def demand_no_later_list(self, now: ids.Time) -> None:
        """Let nothing that she said of her readers be undone by a list about something else.

        Raises:
            ClientError: a list that she set begins later.
        """
        if (later := self.later(now)) is not None:
            raise ClientError(f"A list of hers begins {later.since}. Do this after it. Nothing was changed.")

    def _begin(
        self, rows: Sequence[bodies.StandingReader], days: int, now: ids.Time, after: timedelta
    ) -> bodies.ListSet:
        number = self.lists[-1].number + 1 if self.lists else 1
        since = ids.moment_of(now) + after
        return bodies.ListSet(number, ids.time_of(since), ids.time_of(since + timedelta(days=days)), tuple(rows))


@dataclass(frozen=True)
class Recipients:
    """The X-Wing keys that an item is sealed to beside the case's, and the readers whose row does not hold."""

    keys: tuple[bytes, ...]
    left_out: tuple[ids.KeyId, ...]


def recipients(
    current: bodies.ListSet | None,
    certificates: Mapping[ids.KeyId, Certificate],
    meta: Meta,
    excluded: frozenset[ids.KeyId] = frozenset(),
) -> Recipients:
    """Return whom the list in force gives an item of this description; a row that does not hold is left out.

    A reader holds whom the pinned root certified as a caseworker, with the key that the list names. Nothing is refused
    for it: the item is sealed and sent all the same.
    """
    if current is None or is_hers_alone(meta):
        return Recipients((), ())
    found: list[bytes] = []
    left_out: list[ids.KeyId] = []
    for row in current.readers:
        if row.kinds is not None and meta.kind not in row.kinds:
            continue
        known = certificates.get(row.reader)
        holds = known is not None and known.published.role == "caseworker" and row.reader not in excluded
        if known is None or not holds or known.published.xwing is None or known.xwing_sha256 != row.xwing:
            left_out.append(row.reader)
        else:
            found.append(known.xwing)
    if current.rescue is not None and (rescue := usable(current.rescue)) is not None:
        found.append(rescue)
    return Recipients(tuple(found), tuple(left_out))


def usable(public: ids.Base64) -> bytes | None:
    """Return an X-Wing key when something can be wrapped to it."""
    try:
        raw = canonical.unb64(public)
        xwing.check_public(raw)
    except FormatError:
        return None
    return raw


def is_hers_alone(meta: Meta) -> bool:
    """Whether she keeps an item to herself: then no list reaches it, whoever could wrap it."""
    return bool(meta.only_mine)


def rows_of(
    wanted: Mapping[ids.KeyId, tuple[str, ...] | None],
    certificates: Mapping[ids.KeyId, Certificate],
    excluded: frozenset[ids.KeyId],
) -> list[bodies.StandingReader]:
    """Return a row for each reader, and the kinds that they get (None: all).

    Raises:
        DistrustError: the pinned root certified no such caseworker, or they are excluded from the case.
    """
    rows = []
    for kid, kinds in wanted.items():
        known = certificates.get(kid)
        if known is None or known.published.role != "caseworker":
            raise DistrustError(f"Key {kid} is not a caseworker's that the pinned root certified. Nothing was changed.")
        if kid in excluded:
            raise DistrustError(f"{known.published.label} is excluded from this case. Nothing was changed.")
        rows.append(bodies.StandingReader(kid, known.xwing_sha256, kinds))
    return rows


def missing(
    moments: Sequence[Moment], certificates: Mapping[ids.KeyId, Certificate], now: ids.Time
) -> list[tuple[Moment, Certificate]]:
    """Return the items that open here and that the list in force gives to a reader who has no key of them.

    Kinds, and what she keeps to herself, are kept here: nobody else knows of them.
    """
    reading = Reading.of(moments)
    current = reading.in_force(now)
    wrapped = {(one.act.item, one.act.reader) for one in moments if isinstance(one.act, bodies.ItemWrap)}
    found = []
    for row in () if current is None else current.readers:
        known = certificates.get(row.reader)
        if known is None or known.xwing_sha256 != row.xwing or row.reader in reading.excluded:
            continue
        first, newest = reader_lists.named_from(reading.lists, row.reader, now), 0
        for one in moments:
            if isinstance(one.act, bodies.ListSet):
                newest = one.act.number
            if one.opened is None or one.item is None or first is None or newest < first:
                continue
            has = known.opening_kid in one.sealed_to or (one.item, row.reader) in wrapped
            kind = one.opened.meta.kind
            if not has and (row.kinds is None or kind in row.kinds) and not is_hers_alone(one.opened.meta):
                found.append((one, known))
    return found
