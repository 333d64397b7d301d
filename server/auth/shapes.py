"""The JSON of signing in, for OpenAPI and for the one place that fills it."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_HANDLE: Final = 64
Handle = Annotated[
    str, Field(min_length=1, max_length=MAX_HANDLE, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["caseworker"])
]
"""No control characters: PostgreSQL keeps no NUL in a text, and nobody types the others."""
Signature = Annotated[str, Field(min_length=88, max_length=88, description="Ed25519, base64", examples=["A" * 88])]
Challenge = Annotated[str, Field(min_length=44, max_length=44, description="32 bytes, base64", examples=["A" * 44])]


class ChallengeQuestion(BaseModel):
    """Whose key is asked for."""

    model_config = ConfigDict(extra="forbid")
    handle: Handle


class KdfOut(BaseModel):
    """Argon2id as libsodium names its parameters."""

    alg: str
    opslimit: int
    memlimit: int
    salt: str


class ChallengeAnswer(BaseModel):
    """A challenge to sign, and how the phrase becomes a key. An unknown handle gets one that looks the same."""

    challenge: Challenge
    kdf: KdfOut


class SignedChallenge(BaseModel):
    """A challenge with the signature over its context and itself."""

    model_config = ConfigDict(extra="forbid")
    handle: Handle
    challenge: Challenge
    sig: Signature


class LockedAnswer(BaseModel):
    """The two private seeds under the phrase: nonce and secretbox, base64."""

    locked: str


class Share(BaseModel):
    """The public half of a shared X-Wing key, and its seed, wrapped to whoever signed in."""

    xwing: str
    wrap: str
    suite: Literal[2]


class Who(BaseModel):
    """Who is signed in."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kid": "5f" * 16, "role": "dispatcher", "label": "Meldkamer 1", "shares": []}}
    )
    kid: str
    role: str
    label: str
    shares: list[Share]
