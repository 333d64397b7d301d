"""The RFC 3161 tokens and renewals that a bundle carries: gathered when it is made, found when it is checked."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from evidence.bundle.format import bag, layout
from evidence.custody.time import quorum, renewal
from evidence.custody.time.quorum import Kept

_DIGEST_CHARACTERS: Final = 64


@dataclass(frozen=True)
class Tokens:
    """Tokens by what they stamp, and proof files of renewals by the renewed token; both as SHA-256 in hexadecimal."""

    by_digest: Mapping[str, Sequence[bytes]]
    renewals: Mapping[str, bytes]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield their names in a bundle, and their bytes."""
        for digest, tokens in self.by_digest.items():
            for number, token in enumerate(tokens):
                yield layout.token(digest, number), token
        for token_sha256, proof in self.renewals.items():
            yield layout.renewal(token_sha256), proof


def gather(digests: Iterable[str], kept: Kept) -> Tokens:
    """Return what is kept about stamped heads (SHA-256, hexadecimal): tokens, and renewals as far as they lead."""
    by_digest: dict[str, Sequence[bytes]] = {}
    renewals: dict[str, bytes] = {}
    waiting = list(digests)
    while waiting:
        digest = waiting.pop()
        if digest in by_digest:
            continue
        by_digest[digest] = kept.tokens(bytes.fromhex(digest))
        for token in by_digest[digest]:
            proof = kept.renewal(token)
            if proof is not None:
                renewals[hashlib.sha256(token).hexdigest()] = proof
                waiting.append(renewal.verify(proof, token).hex())
    return Tokens(dict(sorted(by_digest.items())), dict(sorted(renewals.items())))


@dataclass(frozen=True)
class BundleTokens:
    """The tokens and renewals that a bundle carries (`quorum.Kept`)."""

    bundle: bag.Bag

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in sorted(name for name in self.bundle.names() if name.startswith(layout.TIMESTAMPS)):
            digest = name.removeprefix(layout.TIMESTAMPS)[:_DIGEST_CHARACTERS]
            found.setdefault(digest, []).append(name)
        return found

    def tokens(self, digest: bytes) -> Sequence[bytes]:
        """Return the tokens over a digest; BagError if one cannot be read."""
        names = self._names.get(digest.hex(), [])[: quorum.MAX_TOKENS]
        return [bag.read_small(self.bundle, name) for name in names]

    def renewal(self, token: bytes) -> bytes | None:
        """Return the proof file of the renewal of a token, if it is here."""
        name = layout.renewal(hashlib.sha256(token).hexdigest())
        return bag.read_small(self.bundle, name) if name in self.bundle.names() else None
