"""Timestamps: tokens of the development TSA verify with OpenSSL and with us, and only for their digest and root."""

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.custody.errors import TimestampError
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.custody.time.timestamp import MAX_TOKEN_BYTES, TimestampAuthority, verify_token
from tests.support.waiting import patience

NOW = datetime(2026, 5, 4, 12, 30, 15, 999_999, tzinfo=UTC)
DIGEST = hashlib.sha256(b"a checkpoint").digest()
OTHER = hashlib.sha256(b"another checkpoint").digest()


@pytest.fixture(name="tsa", scope="module")
def make_tsa() -> DevelopmentTsa:
    return DevelopmentTsa.create(lambda: NOW)


def test_a_token_says_when_and_by_whom(tsa: DevelopmentTsa) -> None:
    info = verify_token(tsa.stamp(DIGEST), DIGEST, [tsa.root_pem])
    assert info.time == NOW.replace(microsecond=0)
    assert info.tsa_name == "CN=Getuige development TSA"
    assert info.policy == "1.3.6.1.4.1.32473.1.1"
    assert info.accuracy == timedelta(seconds=1)


def test_one_of_several_roots_is_enough(tsa: DevelopmentTsa) -> None:
    others = [DevelopmentTsa.create(lambda: NOW).root_pem for _ in range(2)]
    for roots in ([others[0], tsa.root_pem, others[1]], [others[0] + others[1] + tsa.root_pem]):
        info = verify_token(tsa.stamp(DIGEST), DIGEST, roots)
        assert info.time == NOW.replace(microsecond=0)


def test_another_digest_is_refused(tsa: DevelopmentTsa) -> None:
    with pytest.raises(TimestampError, match="another digest"):
        verify_token(tsa.stamp(DIGEST), OTHER, [tsa.root_pem])


def test_another_root_is_refused_though_it_bears_the_same_name(tsa: DevelopmentTsa) -> None:
    with pytest.raises(TimestampError):
        verify_token(tsa.stamp(DIGEST), DIGEST, [DevelopmentTsa.create(lambda: NOW).root_pem])
    with pytest.raises(TimestampError):
        verify_token(tsa.stamp(DIGEST), DIGEST, [])
    with pytest.raises(TimestampError):
        verify_token(tsa.stamp(DIGEST), DIGEST, [b"no certificate"])


@pytest.mark.parametrize("shift", [timedelta(days=-1), timedelta(days=3651)])
def test_a_token_outside_its_certificates_life_is_refused(shift: timedelta) -> None:
    times = iter([NOW, NOW + shift])
    tsa = DevelopmentTsa.create(lambda: next(times))
    with pytest.raises(TimestampError):
        verify_token(tsa.stamp(DIGEST), DIGEST, [tsa.root_pem])


def test_no_changed_byte_leaves_a_token_that_says_something_else(tsa: DevelopmentTsa) -> None:
    token = tsa.stamp(DIGEST)
    truth = verify_token(token, DIGEST, [tsa.root_pem])
    for position in range(len(token)):
        for bit in (1, 128):
            bad = bytearray(token)
            bad[position] ^= bit
            try:
                assert verify_token(bytes(bad), DIGEST, [tsa.root_pem]) == truth
            except TimestampError:
                continue


@pytest.mark.parametrize("token", [b"", b"\x30", b"x" * 100, b"\x30\x80" * 50, b"x" * (MAX_TOKEN_BYTES + 1)])
def test_what_is_no_token_is_refused(tsa: DevelopmentTsa, token: bytes) -> None:
    with pytest.raises(TimestampError):
        verify_token(token, DIGEST, [tsa.root_pem])


def test_a_digest_has_32_bytes(tsa: DevelopmentTsa) -> None:
    with pytest.raises(TimestampError):
        tsa.stamp(DIGEST[:20])
    with pytest.raises(TimestampError):
        verify_token(tsa.stamp(DIGEST), DIGEST[:20], [tsa.root_pem])


def openssl_verify(
    openssl_folder: Path, token: bytes, digest: bytes, root: bytes
) -> "subprocess.CompletedProcess[str]":
    (openssl_folder / "token.tsr").write_bytes(token)
    (openssl_folder / "root.pem").write_bytes(root)
    return subprocess.run(
        ["openssl", "ts", "-verify", "-digest", digest.hex(), "-in", "token.tsr", "-CAfile", "root.pem"],
        cwd=openssl_folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=patience(30),
    )


@pytest.mark.need("openssl")
def test_openssl_says_the_same(tmp_path: Path) -> None:
    tsa = DevelopmentTsa.create()
    token = tsa.stamp(DIGEST)
    accepted = openssl_verify(tmp_path, token, DIGEST, tsa.root_pem)
    assert (accepted.returncode, accepted.stdout.strip()) == (0, "Verification: OK"), accepted.stderr
    assert openssl_verify(tmp_path, token, OTHER, tsa.root_pem).returncode != 0
    assert openssl_verify(tmp_path, token, DIGEST, DevelopmentTsa.create().root_pem).returncode != 0


def test_the_development_tsa_keeps_its_root_and_says_what_it_is(tmp_path: Path) -> None:
    first = DevelopmentTsa.in_folder(tmp_path)
    token = first.stamp(DIGEST)
    second: TimestampAuthority = DevelopmentTsa.in_folder(tmp_path)
    assert (second.development, second.name) == (True, "development TSA")
    verify_token(second.stamp(DIGEST), DIGEST, [first.root_pem])
    verify_token(token, DIGEST, [DevelopmentTsa.in_folder(tmp_path).root_pem])
    assert (tmp_path / "development-tsa.pem").stat().st_mode & 0o777 == 0o600
    (tmp_path / "development-tsa.pem").write_bytes(b"something else")
    with pytest.raises(TimestampError):
        DevelopmentTsa.in_folder(tmp_path)


def openssl_stamp(folder: Path, digest: bytes, algorithm: str) -> tuple[bytes, bytes]:
    """Let OpenSSL stamp a digest with the keys of a development TSA; return the token and the root."""
    root = DevelopmentTsa.in_folder(folder).root_pem
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa = here\n[here]\nserial = serial\nsigner_cert = development-tsa.pem\n"
        "signer_key = development-tsa.pem\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n"
        "digests = sha256, sha3-256\naccuracy = secs:2, millisecs:500\ness_cert_id_alg = sha256\n"
        "clock_precision_digits = 6\n"
    )
    for arguments in (
        ["-query", "-digest", digest.hex(), f"-{algorithm}", "-cert", "-out", "query"],
        ["-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"],
    ):
        subprocess.run(["openssl", "ts", *arguments], cwd=folder, check=True, capture_output=True, timeout=patience(30))
    return (folder / "reply").read_bytes(), root


@pytest.mark.need("openssl")
def test_a_token_that_openssl_made_verifies_here(tmp_path: Path) -> None:
    token, root = openssl_stamp(tmp_path, DIGEST, "sha256")
    info = verify_token(token, DIGEST, [root])
    assert abs(info.time - datetime.now(UTC)) < timedelta(minutes=5)
    assert (info.policy, info.accuracy) == ("1.2.3.4", timedelta(seconds=2, milliseconds=500))
    with pytest.raises(TimestampError):
        verify_token(token, OTHER, [root])


@pytest.mark.need("openssl")
def test_the_same_bytes_as_another_kind_of_digest_are_another_digest(tmp_path: Path) -> None:
    token, root = openssl_stamp(tmp_path, DIGEST, "sha3-256")
    with pytest.raises(TimestampError, match="another digest"):
        verify_token(token, DIGEST, [root])
