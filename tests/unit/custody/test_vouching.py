"""Several authorities over one head: whose token it is, until when it counts, and what happens when they disagree."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from evidence.custody.errors import ProofError
from evidence.custody.log.tlogproof import TlogProof
from evidence.custody.time import renewal
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.custody.time.quorum import AGREE_WITHIN, judge, settle
from evidence.custody.time.tsa_policy import TrustedTsa, TrustedTsas

NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
YEAR = timedelta(days=365)
DIGEST = hashlib.sha256(b"a head").digest()


@dataclass
class Shelf:
    """Tokens and renewals in memory."""

    held: dict[bytes, list[bytes]] = field(default_factory=dict)
    renewals: dict[bytes, bytes] = field(default_factory=dict)

    def tokens(self, digest: bytes) -> list[bytes]:
        return self.held.get(digest, [])

    def renewal(self, token: bytes) -> bytes | None:
        return self.renewals.get(token)

    def stamp(self, *tsas: DevelopmentTsa, digest: bytes = DIGEST) -> None:
        self.held.setdefault(digest, []).extend(tsa.stamp(digest) for tsa in tsas)

    def renew(self, *tsas: DevelopmentTsa) -> None:
        old = [token for tokens in self.held.values() for token in tokens if token not in self.renewals]
        tree = renewal.Tree([renewal.token_sha256(token) for token in old])
        self.stamp(*tsas, digest=tree.digest)
        self.renewals |= {token: tree.proof(place) for place, token in enumerate(old)}


def tsa(at: datetime = NOW, life: timedelta = YEAR, born: datetime | None = None) -> DevelopmentTsa:
    """An authority whose clock says `at`, with a certificate that lives `life` from `born` (or `at`) on."""
    made = DevelopmentTsa.create(lambda: born or at, life)
    made._clock = lambda: at
    return made


def trusted(**named: DevelopmentTsa) -> TrustedTsas:
    return TrustedTsas(tuple(TrustedTsa(name, (one.root_pem,)) for name, one in named.items()))


def test_each_token_is_its_authoritys_and_counts_once() -> None:
    shelf, a, b = Shelf(), tsa(), tsa()
    shelf.stamp(a, b, b)
    found = judge(DIGEST, shelf, trusted(a=a, b=b), NOW)
    assert ([one.tsa for one in found.vouched], found.expired, found.bad) == (["a", "b"], (), ())


def test_an_unknown_authority_vouches_for_nothing() -> None:
    shelf, a = Shelf(), tsa()
    shelf.stamp(tsa(), a)
    found = judge(DIGEST, shelf, trusted(a=a), NOW)
    assert ([one.tsa for one in found.vouched], len(found.bad)) == (["a"], 1)


def test_a_token_of_another_digest_vouches_for_nothing() -> None:
    shelf, a = Shelf(), tsa()
    shelf.held[DIGEST] = [a.stamp(bytes(32))]
    assert judge(DIGEST, shelf, trusted(a=a), NOW).vouched == ()


def at(moment: datetime) -> Callable[[Shelf, TrustedTsas], tuple[int, int]]:
    def counts(shelf: Shelf, believed: TrustedTsas) -> tuple[int, int]:
        found = judge(DIGEST, shelf, believed, moment)
        assert found.bad == ()
        return len(found.vouched), len(found.expired)

    return counts


def test_a_token_counts_until_its_certificate_expires() -> None:
    shelf, a = Shelf(), tsa()
    shelf.stamp(a)
    assert at(NOW + YEAR)(shelf, trusted(a=a)) == (1, 0)
    assert at(NOW + YEAR + timedelta(seconds=1))(shelf, trusted(a=a)) == (0, 1)


def test_the_policy_can_end_the_belief_earlier() -> None:
    shelf, a = Shelf(), tsa()
    shelf.stamp(a)
    believed = TrustedTsas((TrustedTsa("a", (a.root_pem,), NOW + timedelta(days=1)),))
    assert at(NOW)(shelf, believed) == (1, 0)
    assert at(NOW + timedelta(days=2))(shelf, believed) == (0, 1)


def test_a_renewal_in_time_carries_a_token_on_as_long_as_it_lives_itself() -> None:
    shelf, a, later = Shelf(), tsa(), tsa(NOW + YEAR / 2, 2 * YEAR)
    shelf.stamp(a)
    shelf.renew(later)
    believed = trusted(a=a, later=later)
    assert at(NOW + 2 * YEAR)(shelf, believed) == (1, 0)
    assert at(NOW + 3 * YEAR)(shelf, believed) == (0, 1)
    found = judge(DIGEST, shelf, believed, NOW + 2 * YEAR).vouched[0]
    assert (found.info.time, found.renewed) == (NOW, (NOW + YEAR / 2,))


def test_a_chain_of_renewals() -> None:
    shelf, first = Shelf(), tsa()
    shelf.stamp(first)
    named = {"first": first}
    for number in range(1, 5):
        named[f"n{number}"] = tsa(NOW + number * YEAR * 0.9)
        shelf.renew(named[f"n{number}"])
    end = NOW + 4 * YEAR * 0.9 + YEAR
    assert at(end)(shelf, trusted(**named)) == (1, 0)
    assert at(end + timedelta(seconds=1))(shelf, trusted(**named)) == (0, 1)
    del named["n2"]  # one link that nobody trusts breaks the chain
    assert at(end)(shelf, trusted(**named)) == (0, 1)


@pytest.mark.parametrize("late", [timedelta(seconds=1), YEAR])
def test_a_renewal_after_the_certificate_expired_renews_nothing(late: timedelta) -> None:
    shelf, a, later = Shelf(), tsa(), tsa(NOW + YEAR + late)
    shelf.stamp(a)
    shelf.renew(later)
    assert at(NOW + YEAR + 2 * late)(shelf, trusted(a=a, later=later)) == (0, 1)


def test_a_token_made_with_the_key_of_an_expired_certificate_was_renewed_by_nobody() -> None:
    """Who finds the old key backdates a token; the renewal of that year does not hold it."""
    shelf, a, later = Shelf(), tsa(), tsa(NOW + YEAR / 2, 5 * YEAR)
    shelf.stamp(a, digest=hashlib.sha256(b"another head").digest())
    shelf.renew(later)
    shelf.stamp(a)
    assert at(NOW + 2 * YEAR)(shelf, trusted(a=a, later=later)) == (0, 1)


def test_a_renewal_of_another_token_is_bad() -> None:
    shelf, a = Shelf(), tsa()
    shelf.stamp(a)
    shelf.renew(tsa(life=3 * YEAR))
    (proof,) = shelf.renewals.values()
    other = Shelf()
    other.stamp(a)
    other.renewals = {other.held[DIGEST][0]: proof}
    found = judge(DIGEST, other, trusted(a=a), NOW)
    assert (found.vouched, len(found.bad)) == ((), 1)


def test_a_head_of_something_else_renews_nothing() -> None:
    proof = TlogProof.parse(renewal.Tree([renewal.token_sha256(b"token")]).proof(0))
    body = proof.checkpoint.replace(renewal.ORIGIN.encode(), b"getuige.example/log")
    with pytest.raises(ProofError, match="not that of a renewal"):
        renewal.verify(TlogProof(0, proof.hashes, body).to_bytes(), b"token")


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 100])
def test_one_renewal_of_many_tokens(count: int) -> None:
    tokens = [f"token {number}".encode() for number in range(count)]
    tree = renewal.Tree([renewal.token_sha256(token) for token in tokens])
    for place, token in enumerate(tokens):
        proof = tree.proof(place)
        assert renewal.verify(proof, token) == tree.digest
        with pytest.raises(ProofError):
            renewal.verify(proof, token + b"x")
    with pytest.raises(ProofError):
        tree.proof(count)
    with pytest.raises(ProofError):
        renewal.Tree([])


def told(*shifts: timedelta) -> tuple[list[str], list[str], bool]:
    shelf, named = Shelf(), {}
    for number, shift in enumerate(shifts):
        named[f"t{number}"] = tsa(NOW + shift, born=NOW - timedelta(days=1))
        shelf.stamp(named[f"t{number}"])
    found = settle(judge(DIGEST, shelf, trusted(**named), NOW).vouched)
    return sorted(one.tsa for one in found.agreed), sorted(one.tsa for one in found.outvoted), found.torn


SLACK = AGREE_WITHIN + timedelta(seconds=2)  # each states an accuracy of a second
HOURS = timedelta(hours=2)
ZERO = timedelta()


def test_times_agree_within_their_accuracies_and_a_minute() -> None:
    assert told(ZERO, SLACK) == (["t0", "t1"], [], False)
    assert told() == ([], [], False)
    assert told(HOURS) == (["t0"], [], False)


def test_two_that_disagree_settle_nothing() -> None:
    assert told(ZERO, SLACK + timedelta(seconds=1))[2]
    assert told(ZERO, HOURS, -HOURS)[2]
    assert told(ZERO, ZERO, HOURS, HOURS)[2]


@pytest.mark.parametrize("shift", [HOURS, -HOURS])
def test_a_majority_outvotes_a_wrong_clock(shift: timedelta) -> None:
    assert told(ZERO, shift, timedelta(seconds=3)) == (["t0", "t2"], ["t1"], False)
