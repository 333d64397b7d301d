"""Public keys as statements name them: certificates, openings of cases, invitations, grants."""

import hashlib

from evidence import canonical, ids, keys
from evidence.envelope import wraps
from evidence.statements import bodies
from evidence.statements.facts import NO_LIST, vault_pin
from evidence.statements.rules.organisation import OPENERS


def signs(who: keys.SigningKey) -> ids.PublicKey:
    """Return the key that checks somebody's signatures."""
    return ids.PublicKey(who.sign_public.hex())


def opens(who: keys.OpeningKey) -> ids.Base64:
    """Return the X-Wing key to wrap to for somebody."""
    return ids.Base64(canonical.b64(who.xwing_public))


def sha256_of(who: keys.OpeningKey) -> ids.Sha256:
    """Return SHA-256 of somebody's X-Wing key, as invitations and lists name it."""
    return ids.Sha256(hashlib.sha256(who.xwing_public).hexdigest())


def certificate(
    who: keys.SigningKey, role: bodies.Role, label: str = "iemand", team: ids.TeamId | None = None
) -> bodies.KeyPublish:
    """Return the body by which the root certifies somebody, with the keys that this role has."""
    xwing = opens(who) if isinstance(who, keys.OpeningKey) and role in OPENERS else None
    box = None
    if role == "bridge":
        bridge = who if isinstance(who, keys.BridgeIdentity) else keys.BridgeIdentity.generate()
        box = ids.PublicKey(bridge.box_public.hex())
    return bodies.KeyPublish(ids.SubjectId(ids.new_id()), role, label, signs(who), team, xwing, box)


def case_of(
    vault: keys.SigningKey, team: ids.TeamId, lead: ids.KeyId, case_key: keys.OpeningKey | None = None
) -> bodies.CaseOpen:
    """Return the body that opens a case; a vault is its own case key, if no other is named."""
    if case_key is None:
        assert isinstance(vault, keys.OpeningKey)
        case_key = vault
    return bodies.CaseOpen(opens(case_key), signs(vault), team, lead)


def invitation(
    vault: keys.Identity, one_time: keys.SigningKey, expires: ids.Time, number: int = NO_LIST
) -> bodies.DeviceInvite:
    """Return the body that invites a phone to the case of this vault, whose newest list has this number."""
    pin = vault_pin(vault.sign_public, vault.xwing_public)
    return bodies.DeviceInvite(signs(one_time), expires, pin, number)


def given(key: bytes, case: ids.CaseId, item: ids.ItemId, reader: keys.OpeningKey) -> bodies.GrantedItem:
    """Return the key of an item as a grant gives it to a reader."""
    return bodies.GrantedItem(item, wraps.wrap(key, case, item, reader.xwing_public), wraps.SUITE)


def unfit() -> list[ids.Base64]:
    """Return X-Wing keys that nothing can be wrapped to.

    One is too short; of one ML-KEM's numbers are out of range; of the others the X25519 half is of low order (RFC 7748,
    section 6.1), which the range of numbers does not show.
    """
    good = keys.OpeningKey(bytes(32)).xwing_public
    low_order = (bytes(32), bytes([1, *bytes(31)]), b"\xec" + b"\xff" * 30 + b"\x7f")
    wrong = (good[:-1], b"\xff" * len(good), *(good[:-32] + low for low in low_order))
    return [ids.Base64(canonical.b64(one)) for one in wrong]
