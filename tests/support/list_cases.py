"""The table of standing lists that phone, vault, bridge and page are put to: whom does an item of some kind go to?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from evidence import canonical, ids, keys
from evidence.statements import bodies, statement
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from tests.support import published

CASE, TEAM = ids.CaseId("c0" * 16), ids.TeamId("7e" * 16)
BEGIN, NOW, LATER, END = (ids.Time(f"2026-0{month}-01T12:00:00.000Z") for month in (3, 4, 5, 6))
PEOPLE: Final = {name: keys.Identity.generate() for name in ("lead", "colleague", "left", "desk", "investigator")}
"""`left` is a caseworker whose key was retired; a desk is no person, and an investigator
never stands on a list."""
RESCUE, LATER_RESCUE = "rescue", "next rescue"
"""Keys of the case that are no person's."""
RESCUES: Final = {name: keys.Identity.generate() for name in (RESCUE, LATER_RESCUE)}
ROOT, VAULT, STRANGER = (keys.Identity.generate() for _ in range(3))


@dataclass(frozen=True)
class Case:
    """Lists as a server shows them, and the names of whom an item goes to beside the case."""

    name: str
    lists: tuple[Statement, ...]
    gets: frozenset[str]

    @property
    def encoded(self) -> list[str]:
        """The lists, DSSE in base64."""
        return [canonical.b64(one.envelope.to_bytes()) for one in self.lists]

    @property
    def hers(self) -> list[bodies.ListSet]:
        """What her vault signed of them, in the order of the journal: other readers see no other."""
        found = [one.body for one in self.lists if isinstance(one.body, bodies.ListSet) and one.by == VAULT.kid]
        return sorted(found, key=lambda body: body.number)


def organisation() -> list[Statement]:
    """Return what the root signed of these people."""
    roles: dict[str, bodies.Role] = {"desk": "desk", "investigator": "investigator"}
    said = []
    for name, who in PEOPLE.items():
        role = roles.get(name, "caseworker")
        body = published.certificate(who, role, name, TEAM if role == "caseworker" else None)
        said.append(statement.sign(ROOT, "key.publish", body))
    return [*said, statement.sign(ROOT, "key.retire", bodies.KeyRetire(PEOPLE["left"].kid))]


def shown_keys() -> dict[ids.KeyId, ids.Base64]:
    """Return the keys that an honest server shows: of caseworkers of the team who are in service."""
    return {PEOPLE[name].kid: published.opens(PEOPLE[name]) for name in ("lead", "colleague")}


def row(name: str, *kinds: str, key: str | None = None) -> bodies.StandingReader:
    """Return what a list says of somebody, with the hash of their key or of somebody else's."""
    return bodies.StandingReader(PEOPLE[name].kid, published.sha256_of(PEOPLE[key or name]), kinds or None)


def a_list(
    number: int,
    *rows: bodies.StandingReader,
    since: ids.Time = BEGIN,
    until: ids.Time = END,
    by: keys.Identity = VAULT,
    agreed: str | None = None,
    rescue: str | None = None,
) -> Statement:
    """Return a list, which somebody signed too where they agreed."""
    other = None if agreed is None else PEOPLE[agreed]
    named = None if rescue is None else published.opens(RESCUES[rescue])
    body = bodies.ListSet(number, since, until, rows, None if other is None else other.kid, named)
    return statement.sign(by, "list.set", body, case=CASE, chain=Chain(number, FIRST_PREV), cosigner=other)


def cases(kind: str) -> Iterator[Case]:
    """Yield the table, for whoever seals items of this kind."""

    def case(name: str, lists: tuple[Statement, ...], *gets: str) -> Case:
        return Case(name, lists, frozenset(gets))

    lead, colleague = row("lead"), row("colleague")
    yield case("no list", ())
    yield case("everything, to two", (a_list(1, lead, colleague),), "lead", "colleague")
    yield case("this kind, and another", (a_list(1, row("lead", kind, "x"), row("colleague", "x")),), "lead")
    yield case("begins this moment", (a_list(1, lead, since=NOW),), "lead")
    yield case("has not begun", (a_list(1, lead, since=LATER),))
    yield case("ends this moment", (a_list(1, lead, until=NOW),))
    yield case("a newer one replaces it", (a_list(1, lead), a_list(2, colleague)), "colleague")
    yield case("told the other way round", (a_list(2, colleague), a_list(1, lead)), "colleague")
    yield case("ten is more than nine", (a_list(9, lead), a_list(10, colleague)), "colleague")
    yield case("a newer one has not begun", (a_list(1, lead), a_list(2, colleague, since=LATER)), "lead")
    yield case("nothing follows a newer one that ended", (a_list(1, lead), a_list(2, colleague, until=NOW)))
    yield case("a newer one is empty", (a_list(1, lead), a_list(2)))
    yield case("one of two has left", (a_list(1, lead, row("left")),), "lead")
    yield case("a desk is named", (a_list(1, lead, row("desk")),), "lead")
    yield case("an investigator is named", (a_list(1, row("lead"), row("investigator")),), "lead")
    yield case("by another key", (a_list(1, lead, row("colleague", key="lead")),), "lead")
    yield case("the lead signed it too", (a_list(1, colleague, agreed="lead"),), "colleague")
    yield case("a lead who has left signed it too", (a_list(1, colleague, agreed="left"),), "colleague")
    rescued = a_list(1, row("lead", "x"), rescue=RESCUE)
    yield case("a rescue key, and a reader of another kind", (rescued,), RESCUE)
    yield case("a rescue key, and nobody", (a_list(1, rescue=RESCUE),), RESCUE)
    yield case(
        "a newer one names another rescue key", (rescued, a_list(2, lead, rescue=LATER_RESCUE)), "lead", LATER_RESCUE
    )
    yield case("a newer one names no rescue key", (rescued, a_list(2, lead)), "lead")
    yield case("a list with a rescue key ends this moment", (a_list(1, lead, rescue=RESCUE, until=NOW),))
    yield case("another vault signed it", (a_list(1, lead, by=STRANGER),))


def names_of(found: list[bytes]) -> frozenset[str]:
    """Return whose X-Wing keys these are."""
    known = {who.xwing_public: name for name, who in (PEOPLE | RESCUES).items()}
    return frozenset(known[one] for one in found)
