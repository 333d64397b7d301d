"""RFC 6962 section 2.1 transcribed, slow and separate: the second opinion on our Merkle tree.

It holds all entries, splits where the RFC says, and rebuilds roots from proofs by recursion. It shares no line with
`evidence.custody.log.merkle`.
"""

import hashlib


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _k(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(entries: list[bytes]) -> bytes:
    if not entries:
        return _sha(b"")
    if len(entries) == 1:
        return _sha(b"\x00" + entries[0])
    k = _k(len(entries))
    return _sha(b"\x01" + mth(entries[:k]) + mth(entries[k:]))


def path(m: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = _k(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def proof(m: int, entries: list[bytes]) -> list[bytes]:
    return _subproof(m, entries, complete=True) if 0 < m < len(entries) else []


def _subproof(m: int, entries: list[bytes], *, complete: bool) -> list[bytes]:
    n = len(entries)
    if m == n:
        return [] if complete else [mth(entries)]
    k = _k(n)
    if m <= k:
        return [*_subproof(m, entries[:k], complete=complete), mth(entries[k:])]
    return [*_subproof(m - k, entries[k:], complete=False), mth(entries[:k])]


def root_from_path(leaf: bytes, m: int, n: int, hashes: list[bytes]) -> bytes | None:
    """Root that an inclusion proof leads to, or None when it has the wrong length."""
    if n == 1:
        return leaf if not hashes else None
    if not hashes:
        return None
    k = _k(n)
    *rest, last = hashes
    if m < k:
        left = root_from_path(leaf, m, k, rest)
        return None if left is None else _sha(b"\x01" + left + last)
    right = root_from_path(leaf, m - k, n - k, rest)
    return None if right is None else _sha(b"\x01" + last + right)


def roots_from_proof(
    m: int, n: int, old_root: bytes, hashes: list[bytes], *, complete: bool = True
) -> tuple[bytes, bytes] | None:
    """Old and new root that a consistency proof leads to, or None when it has the wrong length."""
    if m == n:
        if complete:
            return (old_root, old_root) if not hashes else None
        return (hashes[0], hashes[0]) if len(hashes) == 1 else None
    if not hashes:
        return None
    k = _k(n)
    *rest, last = hashes
    if m <= k:
        found = roots_from_proof(m, k, old_root, rest, complete=complete)
        return None if found is None else (found[0], _sha(b"\x01" + found[1] + last))
    found = roots_from_proof(m - k, n - k, old_root, rest, complete=False)
    return None if found is None else (_sha(b"\x01" + last + found[0]), _sha(b"\x01" + last + found[1]))
