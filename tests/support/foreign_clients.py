"""tus clients of other people (tests/interop/foreign), and keys as they take them."""

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support.server_world import Person

FOREIGN = Path(__file__).parents[1] / "interop" / "foreign"


def key_of(who: Person) -> str:
    private = Ed25519PrivateKey.from_private_bytes(who.identity.sign_seed)
    return base64.b64encode(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
