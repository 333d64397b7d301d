"""Which time stamp authorities are trusted: the file that says so, and what is refused in it."""

from datetime import UTC, datetime

import pytest

from evidence.custody.errors import TsaPolicyError
from evidence.custody.time import tsa_policy
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.custody.time.tsa_policy import MAX_POLICY_BYTES, MAX_TSAS, TsaPolicy

ROOTS = [DevelopmentTsa.create().root_pem for _ in range(3)]
A, B, C = map(tsa_policy.fingerprint, ROOTS)
TEXT = f"""\
# three authorities, two roots for one of them
tsa kpn {A} https://tsa.kpn.example/tsr
tsa police {B},{C}
until kpn 2031-01-01T00:00:00Z

quorum 2
"""


def test_a_policy() -> None:
    policy = TsaPolicy.parse(TEXT)
    kpn, police = policy.tsas
    assert (kpn.name, kpn.url, kpn.until) == (
        "kpn",
        "https://tsa.kpn.example/tsr",
        datetime(2031, 1, 1, tzinfo=UTC),
    )
    assert (police.roots, police.url, police.until, policy.quorum) == (frozenset({B, C}), None, None, 2)
    trusted = policy.with_roots([*ROOTS, DevelopmentTsa.create().root_pem])
    assert [set(tsa.roots) for tsa in trusted.tsas] == [{ROOTS[0]}, {ROOTS[1], ROOTS[2]}]


def test_a_root_that_is_not_at_hand_is_named() -> None:
    with pytest.raises(TsaPolicyError, match=A):
        TsaPolicy.parse(TEXT).with_roots(ROOTS[1:])


def test_without_a_policy_each_root_is_one_and_one_is_demanded() -> None:
    trusted = tsa_policy.of_roots(ROOTS)
    assert ([tsa.roots for tsa in trusted.tsas], trusted.quorum) == ([(root,) for root in ROOTS], 1)
    assert tsa_policy.of_roots([]).quorum == 0


BAD = {
    "empty": "",
    "no quorum": f"tsa a {A}\n",
    "no authority": "quorum 0\n",
    "quorum of more than all": f"tsa a {A}\nquorum 2\n",
    "two quorums": f"tsa a {A}\nquorum 1\nquorum 1\n",
    "quorum with a zero before": f"tsa a {A}\nquorum 01\n",
    "negative quorum": f"tsa a {A}\nquorum -1\n",
    "the same name": f"tsa a {A}\ntsa a {B}\nquorum 1\n",
    "a root that counts twice": f"tsa a {A}\ntsa b {B},{A}\nquorum 2\n",
    "name with a dot": f"tsa a.b {A}\nquorum 1\n",
    "name that leaves the folder": f"tsa ../a {A}\nquorum 1\n",
    "short root": f"tsa a {A[:-2]}\nquorum 1\n",
    "capitals in a root": f"tsa a {'A' * 64}\nquorum 1\n",
    "address of another kind": f"tsa a {A} file:///etc/passwd\nquorum 1\n",
    "address that cannot be taken apart": f"tsa a {A} https://[x\nquorum 1\n",
    "something behind the address": f"tsa a {A} https://a.example x\nquorum 1\n",
    "until before its authority": f"until a 2031-01-01T00:00:00Z\ntsa a {A}\nquorum 1\n",
    "until twice": f"tsa a {A}\nuntil a 2031-01-01T00:00:00Z\nuntil a 2032-01-01T00:00:00Z\nquorum 1\n",
    "until some other time": f"tsa a {A}\nuntil a 2031-01-01\nquorum 1\n",
    "another word": f"tsa a {A}\nquorum 1\ngroup x\n",
    "too many": "".join(f"tsa a{n} {n:064x}\n" for n in range(MAX_TSAS + 1)) + "quorum 1\n",
    "too long": "#" * (MAX_POLICY_BYTES + 1) + f"\ntsa a {A}\nquorum 1\n",
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_policy_is_refused(name: str) -> None:
    with pytest.raises(TsaPolicyError):
        TsaPolicy.parse(BAD[name])


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(TsaPolicyError):
        tsa_policy.fingerprint(b"no certificate")
