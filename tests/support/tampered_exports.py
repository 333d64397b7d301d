"""Rows of exports that a server and an investigator made together, and that are not what they say.

Genuine keys, log, witness and stamp: only what the export says, or what is left out of the bundle, is a lie.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from evidence import ids, keys
from evidence.statements import bodies, statement
from evidence.statements.statement import Chain, Statement
from tests.support import published
from tests.support.incidents import incident
from tests.support.lying_server import LyingServer
from tests.support.rows import HOLDS, UNCHECKED, Outcome, Row, Story, fails, unpacked

ZERO: Final = ids.Sha256("0" * 64)
Lie = Callable[[LyingServer], Iterable[ids.ItemId]]


def exported(name: str, lie: Lie, python: Outcome, shell: Outcome) -> Row:
    """What `lie` returns is exported; two items were granted before."""

    def make(_story: Story, target: Path) -> tuple[Path, Path]:
        server = LyingServer(target / "server")
        server.grant(server.seal(incident("een")), server.seal(incident("twee")))
        return unpacked(server.export(*lie(server)), target / "out"), server.trust

    return Row(f"an export: {name}", python, shell, make)


def _all(server: LyingServer) -> list[ids.ItemId]:
    return list(server.standing.items)


def _twisted(change: Callable[[bodies.Export], bodies.Export]) -> Lie:
    def lie(server: LyingServer) -> list[ids.ItemId]:
        server.twist = change
        return _all(server)

    return lie


def _with_last(change: Callable[[LyingServer, tuple[bodies.LastNumber, ...]], tuple[bodies.LastNumber, ...]]) -> Lie:
    def lie(server: LyingServer) -> list[ids.ItemId]:
        server.twist = lambda body: replace(body, last=change(server, body.last))
        return _all(server)

    return lie


def _phone(server: LyingServer, **changes: object) -> Callable[[bodies.LastNumber], bodies.LastNumber]:
    def change(one: bodies.LastNumber) -> bodies.LastNumber:
        return replace(one, **changes) if one.by == server.phone.kid else one  # type: ignore[arg-type]

    return change


def _too_low(server: LyingServer, last: tuple[bodies.LastNumber, ...]) -> tuple[bodies.LastNumber, ...]:
    return tuple(map(_phone(server, seq=1, statement=ZERO), last))


def _head(**changes: object) -> Lie:
    return _twisted(lambda body: replace(body, head=replace(body.head, **changes)))  # type: ignore[arg-type]


def _leave_out_item(server: LyingServer) -> list[ids.ItemId]:
    first, second = _all(server)
    server.leave_out = lambda made: getattr(made.body, "item", None) == second
    return [first, second]


def _one_more_than_named(server: LyingServer) -> list[ids.ItemId]:
    first, second = _all(server)
    server.twist = lambda body: replace(body, items=(first,))
    return [first, second]


def _not_granted(server: LyingServer) -> list[ids.ItemId]:
    server.seal(incident("drie"))
    return _all(server)


def _taken_back(server: LyingServer) -> list[ids.ItemId]:
    (grant,) = server.standing.known_grants
    server.act(server.vault, "revoke", bodies.Revoke(grant), case=server.case)
    return _all(server)


def _excluded(server: LyingServer) -> list[ids.ItemId]:
    items = _all(server)
    body = bodies.ReadersExclude((server.investigator.kid,))
    server.act(server.caseworker, "readers.exclude", body, case=server.case)
    return items


def _granted_to_another(server: LyingServer) -> list[ids.ItemId]:
    third = server.seal(incident("drie"))
    server.grant(third, reader=server.caseworker)
    return _all(server)


def _of_another_case(server: LyingServer) -> list[ids.ItemId]:
    items = _all(server)
    other = ids.CaseId(ids.new_id())
    body = published.case_of(keys.Identity.generate(), server.team, server.caseworker.kid)
    server.act(server.caseworker, "case.open", body, case=other)
    server.lies.add(len(server.journal) - 1)
    return items


def _signed_head(server: LyingServer) -> list[ids.ItemId]:
    server.stamp()
    server.twist = lambda body: replace(body, head=replace(body.head, root=ZERO))
    return _all(server)


def _number_twice(server: LyingServer) -> list[ids.ItemId]:
    items = _all(server)
    body = bodies.ItemAmend(items[0], items[1])
    made = statement.sign(server.phone, "item.amend", body, case=server.case, chain=Chain(1, ZERO))
    server.say(made.envelope.body, server.phone)
    return items


def _vault_says_less(server: LyingServer) -> list[ids.ItemId]:
    """She gave an item and took that back; the server shows neither, and the bundle shows that numbers are missing."""
    third = server.seal(incident("drie"))
    taken = server.grant(third)
    server.act(server.vault, "revoke", bodies.Revoke(taken.grant), case=server.case)

    def hers(made: Statement) -> bool:
        return getattr(made.body, "grant", None) == taken.grant

    server.leave_out = hers
    return _all(server)[:2]


def _disputed(server: LyingServer) -> list[ids.ItemId]:
    device = server.standing.device_of_key[server.phone.kid]
    server.act(server.vault, "dispute", bodies.Dispute(device, ids.now(), ids.now()), case=server.case)
    return _all(server)


NUMBERS: Final = fails("the numbering of key")
WITHHELD: Final = fails("was not granted then")
NOT_HERE: Final = fails("in the export or here, not both")

ROWS: Final = (
    exported("that is right", _all, HOLDS, UNCHECKED),
    exported("names an item that is not here", _leave_out_item, fails("export-item-missing"), NOT_HERE),
    exported("does not name an item that is here", _one_more_than_named, fails("export-item-foreign"), NOT_HERE),
    exported("names an item that she did not grant", _not_granted, fails("export-not-granted"), WITHHELD),
    exported("names items whose grant she took back", _taken_back, fails("export-not-granted"), WITHHELD),
    exported("its investigator is excluded as a reader", _excluded, fails("export-not-granted"), WITHHELD),
    exported("names an item that she granted to another", _granted_to_another, fails("export-not-granted"), WITHHELD),
    exported("an event of another case", _of_another_case, fails("export-foreign-case"), fails("another case")),
    exported("a last number that is too low", _with_last(_too_low), fails("sequence-broken"), NUMBERS),
    exported("another statement as the last one",
             _with_last(lambda server, last: tuple(map(_phone(server, statement=ZERO), last))),
             fails("sequence-broken"), NUMBERS),
    exported("no last number of her phone",
             _with_last(lambda server, last: tuple(one for one in last if one.by != server.phone.kid)),
             fails("sequence-broken"), NUMBERS),
    exported("two last numbers", _with_last(lambda _, last: (*last, last[-1])), fails("sequence-broken"), NUMBERS),
    exported("a number that was given twice", _number_twice, fails("sequence-broken"), NUMBERS),
    exported("statements of her vault left out", _vault_says_less, Outcome(0, ("sequence-gap",)),
             Outcome(0, ("2 of the numbers 0 to 2 are not here",))),
    exported("what she said of her phone", _disputed, Outcome(0, ("item-disputed",)), UNCHECKED),
    exported("a head of a size that was signed, with another root", _signed_head, fails("export-head-differs"),
             fails("another head of")),
    exported("a head that never was", _head(root=ZERO), fails("export-head-differs"), fails("leads to another one")),
    exported("a head from before", _head(size=3), fails("export-head-differs"), fails("behind the head")),
    exported("a head that holds the export", _head(size=99), fails("export-head-differs"), fails("the export itself")),
    exported("a head of a log that nobody knows", _head(log="log.example"), fails("export-head-differs"),
             fails("no head of a log that is known")),
)  # fmt: skip
