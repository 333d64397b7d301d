"""Vectors of `docs/formats/statement.md`, `event.md` and `receipt.md`."""

import hashlib
from typing import Any

from evidence import canonical, ids, keys
from evidence.custody.log import leaf
from evidence.statements import bodies, dsse, event, statement
from evidence.statements.facts import vault_pin
from tests.vectors.operations import b64
from tests.vectors.parts import (
    CASE,
    ITEM,
    ORIGIN,
    PHONE,
    READER,
    RECORDED,
    SERVER,
    STRANGER,
    Vector,
    bytes_of,
    flipped,
    gives,
    id_of,
    identity,
    refused,
)

INVITATION = identity("invitation")
RECEIVED = ids.Time("2026-11-21T22:00:01.234Z")
SALT = bytes_of("leaf salt")
NASTY = {
    "b": [1, -2, 0, True, None],
    "a": 'é\u2028\u007f\b\n"\\ 🌷',
    "É": {},
    "10": 2**53 - 1,
    "9": [],
    "ﬁ": "\U0001d518",
}


def _seal() -> statement.Statement:
    """Return a phone's statement that it sealed an item, with all optional members."""
    part = bodies.Part(ids.Sha256(bytes_of("meta").hex()), 1144, ids.Commitment(bytes_of("commitment").hex()))
    blob = bodies.Blob(ids.Sha256(bytes_of("container").hex()), 2000)
    body = bodies.ItemSeal(ITEM, blob, bodies.Blob(ids.Sha256(bytes_of("head").hex()), 837), part)
    chain = statement.Chain(7, ids.Sha256(bytes_of("before").hex()))
    seen = statement.SeenCheckpoint(41, ids.Sha256(bytes_of("root").hex()))
    return statement.sign(PHONE, "item.seal", body, case=CASE, at=RECORDED, chain=chain, seen=seen)


def _enrol() -> statement.Statement:
    public = ids.PublicKey(PHONE.sign_public.hex())
    body = bodies.DeviceEnrol(ids.DeviceId(id_of("device")), public, INVITATION.kid)
    chain = statement.Chain(0, statement.FIRST_PREV)
    return statement.sign(PHONE, "device.enrol", body, case=CASE, at=RECORDED, chain=chain, cosigner=INVITATION)


def _case() -> statement.Statement:
    """Return the opening of a case."""
    public = (ids.Base64(b64(READER.xwing_public)), ids.PublicKey(READER.sign_public.hex()))
    body = bodies.CaseOpen(*public, ids.TeamId(id_of("team")), PHONE.kid)
    return statement.sign(PHONE, "case.open", body, case=CASE, at=RECORDED)


def _invite() -> statement.Statement:
    """Return an invitation that pins the case's vault and X-Wing key."""
    public = ids.PublicKey(INVITATION.sign_public.hex())
    pinned = vault_pin(READER.sign_public, READER.xwing_public)
    body = bodies.DeviceInvite(public, ids.Time("2026-11-22T22:00:00.000Z"), pinned, 3)
    return statement.sign(PHONE, "device.invite", body, case=CASE, at=RECORDED)


def _announce() -> statement.Statement:
    """Return the announcement of an item whose content is still to come."""
    body = bodies.ItemOpen(ITEM, bodies.Blob(ids.Sha256(bytes_of("head").hex()), 837))
    chain = statement.Chain(6, ids.Sha256(bytes_of("before that").hex()))
    return statement.sign(PHONE, "item.open", body, case=CASE, at=RECORDED, chain=chain)


def _grant() -> statement.Statement:
    """Return a grant of two items."""
    items = (
        bodies.GrantedItem(ITEM, ids.Base64(b64(bytes_of("wrap"))), 2),
        bodies.GrantedItem(ids.ItemId(id_of("another item")), ids.Base64(b64(bytes_of("another wrap"))), 2),
    )
    until = ids.Time("2026-12-21T22:00:00.000Z")
    body = bodies.Grant(
        ids.GrantId(id_of("grant")), READER.kid, READER.opening_kid, "aangifte – één zaak", until, items
    )
    return statement.sign(PHONE, "grant", body, case=CASE, at=RECORDED)


def _without_suite() -> dict[str, Any]:
    body: dict[str, Any] = canonical.decode(_grant().envelope.body)["body"]
    return {**body, "items": [{name: one[name] for name in ("item", "wrap")} for one in body["items"]]}


def _forged(members: dict[str, Any]) -> dict[str, object]:
    """Sign what no honest writer signs."""
    return dsse.sign(dsse.STATEMENT_TYPE, canonical.encode(members), PHONE).to_json()


def statements() -> list[Vector]:
    """Return the vectors of statements."""
    return [*_canonical(), *_made(), *_refused()]


def _canonical() -> list[Vector]:
    def bad(name: str, text: bytes) -> Vector:
        return refused(f"JSON: {name}", "decode", {"bytes": b64(text)}, "form")

    body = "één".encode()
    return [
        gives("canonical JSON", "canonical", {"value": NASTY}, {"bytes": b64(canonical.encode(NASTY))}),
        gives("and back", "decode", {"bytes": b64(canonical.encode(NASTY))}, {"value": NASTY}),
        bad("a key twice", b'{"a":1,"a":2}'),
        bad("a key twice, deep inside", b'{"a":[{"b":{"c":1,"c":1}}]}'),
        bad("a fraction", b'{"a":1.5}'),
        bad("a whole number written as a fraction", b'{"a":1.0}'),
        bad("an exponent", b'{"a":1e3}'),
        bad("beyond 2^53 - 1", b'{"a":9007199254740992}'),
        bad("half of a surrogate pair", b'{"a":"\\ud800"}'),
        bad("not UTF-8", b'{"a":"\xff"}'),
        bad("something after it", b'{"a":1}}'),
        bad("cut off", b'{"a":'),
        gives(
            "what a signature covers", "pae", {"type": "a/b", "body": b64(body)}, {"bytes": b64(dsse.pae("a/b", body))}
        ),
    ]


def _made() -> list[Vector]:
    result = []
    for name, made, signers in (
        ("an item was sealed", _seal(), [PHONE]),
        ("a phone joins, signed twice", _enrol(), [PHONE, INVITATION]),
        ("a case opens", _case(), [PHONE]),
        ("an invitation names the key of its case", _invite(), [PHONE]),
        ("an item is announced", _announce(), [PHONE]),
        ("a grant of two items", _grant(), [PHONE]),
    ):
        envelope = made.envelope.to_json()
        members = {
            "payload": canonical.decode(made.envelope.body),
            "sign_seeds": [one.sign_seed.hex() for one in signers],
        }
        read = {"id": made.id, "type": made.type, "case": made.case, "at": made.at, "by": made.by}
        given = {"envelope": envelope, "keys": [one.sign_public.hex() for one in signers]}
        result.append(gives(f"{name}: signed", "make statement", members, {"envelope": envelope, "id": made.id}))
        result.append(gives(f"{name}: read", "read statement", given, read))
    return result


def _refused() -> list[Vector]:
    seal = _seal()
    envelope: dict[str, Any] = seal.envelope.to_json()
    members: dict[str, Any] = canonical.decode(seal.envelope.body)
    key = [PHONE.sign_public.hex()]
    case: dict[str, Any] = canonical.decode(_case().envelope.body)["body"]

    def bad(name: str, changed: object, reason: str, known: list[str] = key) -> Vector:
        return refused(name, "read statement", {"envelope": changed, "keys": known}, reason)

    def form(name: str, **changes: object) -> Vector:
        """A form that only a reader with the whole schema refuses: signed properly, but not a statement."""
        changed = {member: value for member, value in {**members, **changes}.items() if value is not None}
        return {**bad(name, _forged(changed), "form"), "needs": "schema"}

    other = STRANGER.sign(dsse.pae(dsse.STATEMENT_TYPE, seal.envelope.body))
    second = {"keyid": STRANGER.kid, "sig": b64(other)}
    broken = {**second, "sig": b64(flipped(other, 0))}
    (first,) = envelope["signatures"]
    both = [*key, STRANGER.sign_public.hex()]
    return [
        bad("signed by an unknown key", envelope, "signature", [STRANGER.sign_public.hex()]),
        bad("the payload of another statement", {**envelope, "payload": _enrol().envelope.payload}, "signature"),
        bad("a bad signature beside a good one", {**envelope, "signatures": [first, broken]}, "signature", both),
        bad("the author's signature is missing", {**envelope, "signatures": [second]}, "signature", both),
        bad("an invitation that did not sign", envelope, "signature", both),
        bad("another payload type", {**envelope, "payloadType": dsse.RECEIPT_TYPE}, "form"),
        bad("no signature", {**envelope, "signatures": []}, "form"),
        bad("five signatures", {**envelope, "signatures": [first] * 5}, "form"),
        bad("a suite that does not exist", _forged({**members, "suite": 9}), "form"),
        bad("a version that does not exist", _forged({**members, "v": 2}), "form"),
        form("an unknown type", type="item.destroy"),
        form("a case without a key", type="case.open", body={**case, "xwing": None}, seq=None, prev=None),
        form("a grant without a suite", type="grant", body=_without_suite(), seq=None, prev=None),
        form("an announcement without a head", type="item.open", body={"item": ITEM}),
        form("an unknown member", extra=1),
        form("an unknown member of the body", body={**members["body"], "extra": 1}),
        form("a member of the body is missing", body={"item": ITEM}),
        form("no case, where there must be one", case=None),
        form("seq without prev", prev=None),
        form("a time in another spelling", at="2026-11-21T22:00:00Z"),
        form("an id in capitals", case=CASE.upper()),
    ]


def _recorded() -> event.Recorded:
    stored = event.record(_seal(), 41, RECEIVED)
    return event.Recorded(41, RECEIVED, stored.statement, stored.event, SALT, leaf.leaf_entry(SALT, stored.event))


def events() -> list[Vector]:
    """Return the vectors of events and leaves."""
    one = _recorded()
    members: dict[str, Any] = canonical.decode(one.event)
    given = {"envelope": members["dsse"], "index": 41, "received_at": RECEIVED}

    def bad(name: str, **changes: object) -> Vector:
        changed = canonical.encode({**members, **changes})
        return refused(name, "read event", {"event": b64(changed)}, "form")

    return [
        gives("an event is made", "make event", given, {"event": b64(one.event), "sha256": one.event_sha256}),
        gives(
            "an event is read",
            "read event",
            {"event": b64(one.event)},
            {"index": 41, "received_at": RECEIVED, "statement": one.statement},
        ),
        gives("its leaf", "leaf", {"salt": SALT.hex(), "event": b64(one.event)}, {"leaf": one.leaf.hex()}),
        bad("an index below 0", index=-1),
        bad("an index that is no number", index="41"),
        bad("another version", v=2),
        bad("an unknown member", extra=None),
        bad("another kind of envelope", dsse={**members["dsse"], "payloadType": dsse.RECEIPT_TYPE}),
        bad("no time of receipt", received_at=""),
    ]


def receipts() -> list[Vector]:
    """Return the vectors of receipts."""
    one = _recorded()
    good = {
        "receipt": event.issue(SERVER, ORIGIN, one).to_json(),
        "event": b64(one.event),
        "salt": SALT.hex(),
        "statement": one.statement,
        "origin": ORIGIN,
        "server": SERVER.sign_public.hex(),
    }

    def bad(name: str, reason: str = "contradiction", **changes: object) -> Vector:
        return refused(name, "check receipt", {**good, **changes}, reason)

    def signed(who: keys.Identity, **changes: object) -> dict[str, object]:
        members = {**canonical.decode(event.issue(SERVER, ORIGIN, one).body), **changes}
        return dsse.sign(dsse.RECEIPT_TYPE, canonical.encode(members), who).to_json()

    later = event.record(_seal(), 41, ids.Time("2026-11-21T23:00:00.000Z"))
    result = {"index": 41, "leaf": one.leaf.hex(), "received_at": RECEIVED}
    return [
        gives("a receipt that holds", "check receipt", good, result),
        bad("signed by another key", "signature", receipt=event.issue(STRANGER, ORIGIN, one).to_json()),
        bad("says that another key signed", receipt=signed(SERVER, by=STRANGER.kid)),
        bad("another salt", salt=bytes(32).hex()),
        bad("another event", event=b64(later.event)),
        bad("of another statement", statement=hashlib.sha256(b"").hexdigest()),
        bad("of another log", origin="elsewhere.example/log"),
        bad("another place", receipt=signed(SERVER, index=42)),
        bad("another time", receipt=signed(SERVER, received_at=RECORDED)),
        bad("another leaf", receipt=signed(SERVER, leaf="01" + "00" * 32)),
    ]
