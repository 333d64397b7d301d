"""One table of keys that ended, for everybody who asks whether a signature counts: by the order of the journal alone.

What a key signed between its certificate and its end stands for ever, and nothing that it signed before or after. A
server that lies records each of these; the last statement that it records is the one that is judged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from evidence import ids, keys
from evidence.statements import bodies, fold, statement
from tests.support import published
from tests.support.lying_server import LyingServer


@dataclass(frozen=True)
class Ended:
    """What was said, and whether it counts; `tell` returns the number of the event that is judged."""

    name: str
    tell: Callable[[LyingServer], int]
    holds: bool


def _holds(server: LyingServer, by: keys.SigningKey) -> int:
    body = bodies.HoldPlace(ids.HoldId(ids.new_id()), "nodig", (ids.ItemId(ids.new_id()),))
    return server.say(statement.sign(by, "hold.place", body, case=server.case).envelope.body, by)


def _amends(server: LyingServer) -> int:
    body = bodies.ItemAmend(ids.ItemId(ids.new_id()), ids.ItemId(ids.new_id()))
    link = server.standing.next_link(server.phone.kid)
    made = statement.sign(server.phone, "item.amend", body, case=server.case, chain=link)
    return server.say(made.envelope.body, server.phone)


def _colleague(server: LyingServer) -> keys.Identity:
    made = keys.Identity.generate()
    server.act(server.root, "key.publish", published.certificate(made, "caseworker", "B. Ijstaan", server.team))
    return made


def _retire(server: LyingServer, who: keys.Identity) -> None:
    server.act(server.root, "key.retire", bodies.KeyRetire(who.kid))


def _revoke(server: LyingServer) -> None:
    """Revoke her phone; she goes on with another."""
    device = server.standing.device_of_key[server.phone.kid]
    server.act(server.caseworker, "device.revoke", bodies.DeviceRevoke(device), case=server.case)
    server.phone = keys.Identity.generate()
    server.enrol(server.phone)


def _in_force(server: LyingServer) -> int:
    return _holds(server, _colleague(server))


def _before_it_retired(server: LyingServer) -> int:
    colleague = _colleague(server)
    index = _holds(server, colleague)
    _retire(server, colleague)
    return index


def _after_it_retired(server: LyingServer) -> int:
    colleague = _colleague(server)
    _retire(server, colleague)
    return _holds(server, colleague)


def _before_its_certificate(server: LyingServer) -> int:
    colleague = keys.Identity.generate()
    index = _holds(server, colleague)
    server.act(server.root, "key.publish", published.certificate(colleague, "caseworker", "B. Ijstaan", server.team))
    return index


def _before_it_was_revoked(server: LyingServer) -> int:
    index = _amends(server)
    _revoke(server)
    return index


def _after_it_was_revoked(server: LyingServer) -> int:
    phone = server.phone
    _revoke(server)
    server.phone, new = phone, server.phone
    index = _amends(server)
    server.phone = new
    return index


def _agreed(server: LyingServer, retired: Callable[[keys.Identity], None]) -> int:
    """A list of her vault that a colleague signed too; the events of both signatures make one envelope."""
    colleague = _colleague(server)
    lead = bodies.StandingReader(server.caseworker.kid, published.sha256_of(server.caseworker))
    until = ids.time_of(datetime.now(UTC) + timedelta(days=9))
    body = bodies.ListSet(1, ids.now(), until, (lead,), agreed=colleague.kid)
    retired(colleague)
    link = server.standing.next_link(server.vault.kid)
    made = statement.sign(server.vault, "list.set", body, case=server.case, chain=link, cosigner=colleague)
    fold.apply(server.standing, made)  # so that her vault goes on with the next number
    return server.record(made)


def _agreed_by_one_in_force(server: LyingServer) -> int:
    return _agreed(server, lambda _colleague: None)


def _agreed_by_one_who_left(server: LyingServer) -> int:
    return _agreed(server, lambda colleague: _retire(server, colleague))


ROWS: Final = (
    Ended("signed by a key in force", _in_force, holds=True),
    Ended("signed by a key that retired later", _before_it_retired, holds=True),
    Ended("signed by a key that had retired", _after_it_retired, holds=False),
    Ended("signed by a key that was certified later", _before_its_certificate, holds=False),
    Ended("signed by a phone that was revoked later", _before_it_was_revoked, holds=True),
    Ended("signed by a phone that had been revoked", _after_it_was_revoked, holds=False),
    Ended("agreed to by a key in force", _agreed_by_one_in_force, holds=True),
    Ended("agreed to by a key that had retired", _agreed_by_one_who_left, holds=False),
)
