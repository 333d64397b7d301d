"""Three verifiers of RFC 3161 tokens agree: ours on `cryptography` alone, rfc3161-client, and `openssl ts -verify`.

The tokens are OpenSSL's, under chains of three certificates made for each case; one thing is wrong with each of them.
"""

import datetime as dt
import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence.custody.errors import TimestampError
from evidence.custody.time import cms, timestamp
from evidence.custody.time.timestamp import verify_token

pytestmark = [pytest.mark.need("openssl")]
DIGEST = hashlib.sha256(b"a head").digest()
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def rsa_key() -> Key:
    return rsa.generate_private_key(65537, 2048)


def curve_key() -> Key:
    return ec.generate_private_key(ec.SECP384R1())


@dataclass(frozen=True)
class Chain:
    """How root, middle and signer are made; the defaults are right."""

    key: Callable[[], Key] = curve_key
    digest: str = "sha256"
    middle_is_ca: bool = True
    middle_path: int | None = 0
    middle_signs: bool = True
    middle_days: int = 30
    with_middle: bool = True
    other_root: bool = False
    strange: bool = False
    ess: str = "sha256"


def certificate(subject: str, key: Key, issuer: str, issuer_key: Key, days: int, *more: tuple[Any, bool]) -> bytes:
    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 60 * DAY)
        .not_valid_after(NOW + days * DAY)
    )
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(not signs, False, False, False, False, signs, signs, False, False)  # noqa: FBT003 - its API


def stamped(folder: Path, chain: Chain) -> tuple[bytes, bytes]:
    """Let OpenSSL stamp DIGEST under the chain; return token and trusted root."""
    root_key, middle_key, key = chain.key(), chain.key(), chain.key()
    ca = (x509.BasicConstraints(ca=True, path_length=None), True)
    root = certificate("Root", root_key, "Root", root_key, 365, ca, (usage(signs=True), True))
    path = chain.middle_path if chain.middle_is_ca else None
    middle = certificate(
        *("Middle", middle_key, "Root", root_key, chain.middle_days),
        (x509.BasicConstraints(ca=chain.middle_is_ca, path_length=path), True),
        (usage(signs=chain.middle_signs), True),
    )
    strange = [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"), True)]
    signer = certificate(
        *("Signer", key, "Middle", middle_key, 20),
        (usage(signs=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
        *(strange if chain.strange else []),
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "signer.pem").write_bytes(signer + private)
    (folder / "chain.pem").write_bytes(middle if chain.with_middle else b"")
    (folder / "serial").write_text("01\n")
    certs = "certs = chain.pem\n" if chain.with_middle else ""
    (folder / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa = here\n[here]\nserial = serial\nsigner_cert = signer.pem\nsigner_key = signer.pem\n"
        f"{certs}signer_digest = {chain.digest}\ndefault_policy = 1.2.3.4\ndigests = sha256\n"
        f"accuracy = secs:2, millisecs:500, microsecs:7\nordering = yes\ntsa_name = yes\n"
        f"ess_cert_id_alg = {chain.ess}\n"
    )
    openssl(folder, "-query", "-digest", DIGEST.hex(), "-sha256", "-cert", "-out", "query")
    openssl(folder, "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "token")
    if chain.other_root:
        root = certificate("Root", rsa_key(), "Root", rsa_key(), 365, ca)
    return (folder / "token").read_bytes(), root


def openssl(folder: Path, *arguments: str) -> int:
    done = subprocess.run(["openssl", "ts", *arguments], cwd=folder, capture_output=True, timeout=30, check=False)
    return done.returncode


def verdicts(folder: Path, token: bytes, root: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, bool, bool]:
    """Return what OpenSSL, we alone, and rfc3161-client say."""
    (folder / "root.pem").write_bytes(root)
    (folder / "token").write_bytes(token)
    here = openssl(folder, "-verify", "-digest", DIGEST.hex(), "-in", "token", "-CAfile", "root.pem") == 0
    said, read = [], []
    for installed in (False, True):
        monkeypatch.setattr(timestamp, "CLIENT_INSTALLED", installed)
        try:
            info = verify_token(token, DIGEST, [root])
        except TimestampError:
            said.append(False)
            continue
        said.append(True)
        read.append(info)
        assert info.tsa_name == "CN=Signer"
        assert abs(info.time - NOW) < DAY
    assert len(set(read)) < 2, "ours and rfc3161-client read different things"
    return here, said[0], said[1]


GOOD = {
    "curve": Chain(),
    "RSA": Chain(key=rsa_key),
    "SHA-512": Chain(digest="sha512", ess="sha512"),
    "RSA, SHA-384": Chain(key=rsa_key, digest="sha384"),
    "old ESS": Chain(ess="sha1"),
}
BAD = {
    "middle is no authority": Chain(middle_is_ca=False),
    "middle may not sign certificates": Chain(middle_signs=False),
    "middle expired": Chain(middle_days=-1),
    "middle missing": Chain(with_middle=False),
    "another root of the same name": Chain(other_root=True),
    "critical extension that nobody knows": Chain(strange=True),
}


@pytest.mark.parametrize("name", GOOD)
def test_all_three_accept(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token, root = stamped(tmp_path, GOOD[name])
    here, ours, clients = verdicts(tmp_path, token, root, monkeypatch)
    assert (here, ours) == (True, True)
    monkeypatch.setattr(timestamp, "CLIENT_INSTALLED", False)
    info = verify_token(token, DIGEST, [root])
    assert (info.policy, info.accuracy) == ("1.2.3.4", dt.timedelta(seconds=2, microseconds=500_007))
    # rfc3161-client refuses certificates that do not stand in sorted order, as OpenSSL writes them by chance.
    assert clients or not sorted_certificates(token)


@pytest.mark.parametrize("name", BAD)
def test_all_three_refuse(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token, root = stamped(tmp_path, BAD[name])
    assert verdicts(tmp_path, token, root, monkeypatch) == (False, False, False)


STAMPING, SIGNING = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING
PURPOSES = {
    "right": ((STAMPING,), True, (True, True, True)),
    "another": ((SIGNING,), True, (False, False, False)),
    "not critical": ((STAMPING,), False, (False, False, False)),
    "one more": ((STAMPING, SIGNING), True, (False, False, False)),  # RFC 3161, 2.3: only that one
}


@pytest.mark.parametrize("name", PURPOSES)
def test_a_certificate_is_for_time_stamping(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL makes no such token, so we make it ourselves."""
    purposes, critical, expected = PURPOSES[name]
    root_key, key = curve_key(), ec.generate_private_key(ec.SECP256R1())
    ca = (x509.BasicConstraints(ca=True, path_length=None), True)
    root = certificate("Root", root_key, "Root", root_key, 365, ca, (usage(signs=True), True))
    wanted = (x509.ExtendedKeyUsage(list(purposes)), critical)
    signer = certificate("Signer", key, "Root", root_key, 20, (usage(signs=False), True), wanted)
    token = cms.timestamp_response(DIGEST, NOW, 7, x509.load_pem_x509_certificate(signer), key)
    assert verdicts(tmp_path, token, root, monkeypatch) == expected


def sorted_certificates(token: bytes) -> bool:
    from evidence.custody.time import der  # noqa: PLC0415 - only this question needs it

    response = der.read(token).members()
    response.take()
    content = response.take().members()
    content.take()
    data = content.take().members(der.context(0)).take().members()
    for _ in range(3):
        data.take()
    certificates = [one.encoded for one in data.take().members(der.context(0)).left]
    return certificates == sorted(certificates)
