"""Vectors of `docs/formats/keys.md`."""

from nacl.secret import SecretBox

from evidence import canonical, ids, keys, schema
from tests.vectors.operations import b64
from tests.vectors.parts import PHONE, READER, STRANGER, Vector, bytes_of, flipped, gives, refused, seeds

PHRASE = "bado kemi zulo fira neta povi"
ODD_PHRASE = " Één zin, ﬁjn "
"""Spaces around it, and a ligature that NFKC takes apart."""

KDF = keys.Kdf("argon2id13", 1, keys.MIN_MEMLIMIT, bytes_of("salt", 16).hex())


def vectors() -> list[Vector]:
    """Return all of them."""
    return [*_names(), *_unfit(), *_signatures(), *_locked()]


def _names() -> list[Vector]:
    made = []
    for name, who in (("a phone", PHONE), ("a reader", READER)):
        result = {
            "sign": who.sign_public.hex(),
            "kid": who.kid,
            "xwing": b64(who.xwing_public),
            "opening_kid": who.opening_kid,
        }
        made.append(gives(f"public keys and names of {name}", "describe key", seeds(who), result))
    return made


def _unfit() -> list[Vector]:
    """Return keys that nothing can be wrapped to: whoever seals leaves such a reader out."""
    good = READER.xwing_public
    point = good[-32:]
    low_order = {"zero": bytes(32), "one": b"\x01" + bytes(31), "minus one": b"\xec" + b"\xff" * 30 + b"\x7f"}

    def bad(name: str, key: bytes) -> Vector:
        return refused(f"an X-Wing key: {name}", "wrap to", {"xwing": b64(key)}, "form")

    return [
        gives("an X-Wing key that fits", "wrap to", {"xwing": b64(good)}, {"to": READER.opening_kid, "suite": 2}),
        bad("one byte short", good[:-1]),
        bad("ML-KEM's numbers out of range", b"\xff" * (len(good) - 32) + point),
        *(bad(f"an X25519 half of low order, {name}", good[:-32] + low) for name, low in low_order.items()),
    ]


def _signatures() -> list[Vector]:
    message = "Getuige – één".encode()
    signature = PHONE.sign(message)
    good = {"key": PHONE.sign_public.hex(), "message": b64(message), "sig": b64(signature)}
    sign = {"sign_seed": PHONE.sign_seed.hex(), "message": b64(message)}
    # Adding the group order to S gives a second spelling of the same signature; RFC 8032 section 5.1.7 refuses it.
    order = 2**252 + 27742317777372353535851937790883648493
    second = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    return [
        gives("sign", "sign", sign, {"sig": b64(signature)}),
        gives("a signature that holds", "verify", good, {}),
        refused("another message", "verify", {**good, "message": b64(message + b" ")}, "signature"),
        refused("another key", "verify", {**good, "key": STRANGER.sign_public.hex()}, "signature"),
        refused("one bit of the signature", "verify", {**good, "sig": b64(flipped(signature, 3))}, "signature"),
        refused("a signature cut short", "verify", {**good, "sig": b64(signature[:63])}, "signature"),
        refused("a second spelling of S", "verify", {**good, "sig": b64(second)}, "signature"),
        refused("a key of small order", "verify", {**good, "key": "01" + "00" * 31}, "signature"),
    ]


def _locked() -> list[Vector]:
    opened = {"kid": READER.kid, "opening_kid": READER.opening_kid}
    locked = _lock(PHRASE)
    challenge = bytes_of("challenge")
    kdf = schema.encode(KDF)
    signed = keys.auth_signature(PHRASE, KDF, b"getuige/sign-in/auth/v1\x00" + challenge)
    dear = {**locked, "kdf": {**kdf, "memlimit": 2**40}}
    changed = {**locked, "locked": b64(flipped(canonical.unb64(locked["locked"]), 30))}
    return [
        gives("a locked key", "unlock", {"locked": locked, "phrase": PHRASE}, opened),
        gives("a phrase is trimmed, NFKC", "unlock", {"locked": _lock(ODD_PHRASE), "phrase": "Één zin, fijn"}, opened),
        gives(
            "the answer to a challenge",
            "answer challenge",
            {"phrase": PHRASE, "kdf": kdf, "challenge": b64(challenge)},
            {"sig": b64(signed)},
        ),
        refused("another phrase", "unlock", {"locked": locked, "phrase": PHRASE + "o"}, "locked"),
        refused("one bit of the box", "unlock", {"locked": changed, "phrase": PHRASE}, "locked"),
        refused("a cost beyond any machine", "unlock", {"locked": dear, "phrase": PHRASE}, "locked"),
    ]


def _lock(phrase: str) -> Vector:
    """Lock the reader's keys as `keys.lock` does, with a nonce that stays the same."""
    auth_seed, wrapping = KDF.derive(phrase)
    auth = keys.SigningKey(auth_seed).sign_public.hex()
    sealed = bytes(SecretBox(wrapping).encrypt(READER.sign_seed + READER.xwing_seed, bytes_of("nonce", 24)))
    locked = keys.LockedKey(1, "lotte", KDF, ids.PublicKey(auth), ids.Base64(b64(sealed)))
    encoded: Vector = schema.encode(locked)
    return encoded
