"""Corrections of a case, as its events give them: what her vault amended, what a device added to, what she disputes.

Only her vault corrects. What a phone amends by itself is an addition that she has not confirmed: whoever has the phone
could have made it. It is never first and never counted, and nothing is overwritten: both versions stay.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from evidence import ids, keys
from evidence.statements import bodies
from evidence.statements.statement import Statement


@dataclass(frozen=True)
class Mark:
    """What was said later of an item."""

    amends: ids.ItemId | None = None
    """The item that it corrects or adds to."""

    confirmed: bool = True
    """Whether her vault said so, or of a paper of the staff its own author: the journal takes no other."""

    amended_by: ids.ItemId | None = None
    """The newest correction of it that she confirmed."""

    disputed: bool = False
    """She says that what this device added then was not hers."""


def marks(moments: Iterable[tuple[Statement, ids.Time]]) -> dict[ids.ItemId, Mark]:
    """Return what was said of each item of which something was said, from statements and when they were received."""
    found: dict[ids.ItemId, Mark] = {}
    sealed: dict[ids.ItemId, tuple[ids.KeyId, ids.Time]] = {}
    phones: dict[ids.KeyId, ids.DeviceId] = {}
    disputes: list[bodies.Dispute] = []
    for statement, received_at in moments:
        match statement.body:
            case bodies.DeviceEnrol(device=device, sign=sign) | bodies.AlarmDeviceEnrol(device=device, sign=sign):
                phones[keys.signing_kid(bytes.fromhex(sign))] = device
            case bodies.ItemSeal(item=item) | bodies.ItemOpen(item=item):
                sealed.setdefault(item, (statement.by, received_at))
            case bodies.ItemAmend() as body:
                _amend(found, body, confirmed=statement.by not in phones)
            case bodies.Dispute() as dispute:
                disputes.append(dispute)
            case _:
                pass
    for item, (by, at) in sealed.items():
        if any(phones.get(by) == one.device and one.since <= at <= one.until for one in disputes):
            found[item] = replace(found.get(item, Mark()), disputed=True)
    return found


def _amend(found: dict[ids.ItemId, Mark], body: bodies.ItemAmend, *, confirmed: bool) -> None:
    known = found.get(body.item, Mark())
    if not confirmed and known.amends is not None and known.confirmed:
        return  # what she said stands, whatever a phone says after it
    found[body.item] = replace(known, amends=body.amends, confirmed=confirmed)
    if confirmed:
        found[body.amends] = replace(found.get(body.amends, Mark()), amended_by=body.item)


def words(mark: Mark | None) -> str:
    """Return what was said later of an item, in one line; empty when nothing was."""
    if mark is None:
        return ""
    said = []
    if mark.amends is not None:
        said.append("corrects" if mark.confirmed else "an addition by a phone, not confirmed by her, to")
        said[-1] += f" {mark.amends[:8]}"
    if mark.amended_by is not None:
        said.append(f"corrected by {mark.amended_by[:8]}")
    if mark.disputed:
        said.append("she says: not mine")
    return "; ".join(said)
