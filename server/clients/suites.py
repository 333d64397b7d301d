"""Pin suite 2 for a case: what would change, and for whom, is said before anything is signed.

From the pin on, keys of the case are wrapped with X-Wing or not at all (ADR 0009). It cannot be taken back. What was
sealed or granted before stays as it was: a pin makes nothing unreadable that somebody has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence import ids, keys
from evidence.statements import event, types
from evidence.statements import statement as statements
from server.clients import case_keys, timeline
from server.clients.errors import ClientError
from server.clients.pins import Certificate
from server.clients.signing import Signer
from server.clients.timeline import Moment

READER_ROLES = frozenset({"caseworker", "investigator"})


@dataclass(frozen=True)
class Pinning:
    """What a pin would change. While `phones` are left the server refuses it."""

    already: bool
    phones: tuple[ids.DeviceId, ...]
    """Phones in use that do not know the X-Wing key: what they seal would be refused."""

    given: tuple[str, ...]
    """Readers with a grant now and no X-Wing key: they keep what they have, and can be given nothing more."""

    others: tuple[str, ...]
    """Certified readers without an X-Wing key: nothing can be given to them, and they seal nothing in this case."""

    desks: tuple[str, ...]
    """Desks without an X-Wing key: alarms go on reaching them, in suite 1."""


def look(signer: Signer, case: ids.CaseId) -> Pinning:
    """Say what a pin would change now.

    Raises:
        ClientError: refused, not reachable, or something is not what was signed.
    """
    found = case_keys.fetch(signer, case)
    moments = timeline.read(signer, case, [])
    lacking = [one for one in signer.certificates().values() if one.published.xwing is None]
    holders = _holders(moments, ids.now())
    readers = [one for one in lacking if one.published.role in READER_ROLES]
    return Pinning(
        already=found.least is not None,
        phones=_phones(moments),
        given=_labels([one for one in readers if one.kid in holders]),
        others=_labels([one for one in readers if one.kid not in holders]),
        desks=_labels([one for one in lacking if one.published.role == "desk"]),
    )


def pin(signer: Signer, case: ids.CaseId, xwing: ids.Base64 | None = None) -> event.Receipt:
    """Pin suite 2, for good. `xwing` is the vault's own X-Wing key, for a case that was opened without one.

    Raises:
        ClientError: refused (a phone in use would be shut out, for one), not reachable, or no X-Wing key is known.
    """
    found = case_keys.fetch(signer, case)
    if found.reader.xwing is None and xwing is None:
        raise ClientError("This case has no X-Wing key yet. She pins suite 2 herself, with `getuige vault pin`.")
    body = types.CasePin(2, None if found.reader.xwing is not None else xwing)
    return signer.post(statements.sign(signer.identity, "case.pin", body, case=case)).receipt


def _labels(some: Sequence[Certificate]) -> tuple[str, ...]:
    return tuple(sorted(f"{one.published.label} ({one.published.role}, {one.kid})" for one in some))


def _phones(moments: Sequence[Moment]) -> tuple[ids.DeviceId, ...]:
    """Return the phones in use whose invitation pinned no X-Wing key."""
    hybrid: set[str] = set()
    phones: dict[ids.DeviceId, None] = {}
    for moment in moments:
        body = moment.statement.body
        if isinstance(body, types.DeviceInvite) and body.xwing is not None:
            hybrid.add(body.invite)
        elif isinstance(body, types.DeviceEnrol) and not _invited_by(body, hybrid):
            phones[body.device] = None
        elif isinstance(body, types.DeviceRevoke):
            phones.pop(body.device, None)
    return tuple(phones)


def _invited_by(body: types.DeviceEnrol, invitations: set[str]) -> bool:
    return any(keys.signing_kid(bytes.fromhex(one)) == body.invite for one in invitations)


def _holders(moments: Sequence[Moment], now: ids.Time) -> set[ids.KeyId]:
    """Return who holds a grant in force."""
    grants: dict[ids.GrantId, types.Grant] = {}
    for moment in moments:
        body = moment.statement.body
        if isinstance(body, types.Grant):
            grants[body.grant] = body
        elif isinstance(body, types.Revoke):
            grants.pop(body.grant, None)
    return {one.reader for one in grants.values() if one.expires > now}
