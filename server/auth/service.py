"""Signing in: challenges for whoever asks, a locked key for who knows its phrase, a session for who holds the key."""

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool

from evidence import canonical, ids, keys
from evidence.errors import EvidenceError
from evidence.keys import LockedKey
from evidence.statements.bodies import KeyShare
from evidence.statements.standing import Standing
from evidence.store.database.access import HandleTakenError, KeptKey
from server.auth import challenges
from server.auth.parts import Gate
from server.auth.shapes import MAX_HANDLE, ChallengeAnswer, KdfOut, Share, SignedChallenge, Who
from server.people import person
from server.principals import Caseworker, Dispatcher, Investigator, Signer, identify
from server.problems import ProblemError, domains, general


async def challenge_for(gate: Gate, handle: str) -> ChallengeAnswer:
    """Return a challenge for a handle, whether or not the handle exists."""
    kept = await run_in_threadpool(gate.access.locked_key, handle)
    kdf = kept.key.kdf if kept else challenges.no_such_handle(gate.challenge_key, handle)
    fresh = challenges.make(gate.challenge_key, handle, _now())
    return ChallengeAnswer(
        challenge=canonical.b64(fresh),
        kdf=KdfOut(alg=kdf.alg, opslimit=kdf.opslimit, memlimit=kdf.memlimit, salt=kdf.salt),
    )


async def locked_key_of(gate: Gate, signed: SignedChallenge) -> ids.Base64:
    """Return the locked key of who proves to know its phrase; SIGN_IN for everybody else."""
    kept, challenge, _ = await _checked(gate, signed)
    _verify(bytes.fromhex(kept.key.auth), challenges.AUTH_CONTEXT, challenge, signed.sig)
    return kept.key.locked


async def staff_key_of(gate: Gate, signed: SignedChallenge) -> ids.KeyId:
    """Return the key of staff who proves to hold it, and spend the challenge; SIGN_IN for everybody else."""
    kept, challenge, expires = await _checked(gate, signed)

    def look(standing: Standing) -> tuple[Signer | None, bytes | None]:
        return identify(standing, kept.kid), standing.public_key(kept.kid)

    found, public = await run_in_threadpool(gate.journal.ask, look)
    if public is None or not isinstance(found, Caseworker | Dispatcher | Investigator):
        raise ProblemError(general.SIGN_IN)
    _verify(public, challenges.SESSION_CONTEXT, challenge, signed.sig)
    if not await run_in_threadpool(gate.access.spend, challenge, expires, ids.now()):
        raise ProblemError(general.SIGN_IN)
    return kept.kid


def describe(gate: Gate, kid: ids.KeyId) -> Who:
    """Return who this is, and which shared keys are theirs. Blocks."""
    return gate.journal.ask(lambda standing: _described(standing, kid))


async def keep_locked_key(gate: Gate, raw: bytes, handle: str, owner: ids.KeyId) -> None:
    """Keep the locked key in `raw` under the handle that it says; what was there before is kept. ProblemError else."""
    key = LockedKey.from_bytes(raw)
    if key.handle != handle or not 1 <= len(handle) <= MAX_HANDLE or not handle.isprintable():
        raise ProblemError(domains.STATEMENT, reason="the handle in the address is another one, or none")
    try:
        await run_in_threadpool(gate.access.keep_locked_key, owner, key)
    except HandleTakenError as error:
        raise ProblemError(general.HANDLE_TAKEN) from error


def _described(standing: Standing, kid: ids.KeyId) -> Who:
    known = person(standing, kid)
    shares = [_share(share) for share in standing.shares.get(kid, ())]
    return Who(kid=kid, role=known.role, label=known.label, shares=shares)


def _share(share: KeyShare) -> Share:
    return Share(xwing=share.xwing, wrap=share.wrap, suite=share.suite)


async def _checked(gate: Gate, signed: SignedChallenge) -> tuple[KeptKey, bytes, ids.Time]:
    """Return the locked key, the challenge and its expiry; SIGN_IN for everything that does not fit."""
    try:
        challenge = canonical.unb64(signed.challenge)
    except EvidenceError as error:
        raise ProblemError(general.SIGN_IN) from error
    expires = challenges.check(gate.challenge_key, signed.handle, challenge, _now())
    kept = await run_in_threadpool(gate.access.locked_key, signed.handle)
    if kept is None or expires is None:
        raise ProblemError(general.SIGN_IN)
    return kept, challenge, expires


def _verify(public: bytes, context: bytes, challenge: bytes, signature: str) -> None:
    try:
        keys.verify(public, context + challenge, canonical.unb64(signature))
    except EvidenceError as error:
        raise ProblemError(general.SIGN_IN) from error


def _now() -> float:
    return datetime.now(UTC).timestamp()
