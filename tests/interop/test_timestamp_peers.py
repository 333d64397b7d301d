"""Verifiers of RFC 3161 tokens agree: ours in Python and in the page, rfc3161-client, and `openssl ts -verify`.

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
import rfc3161_client
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence.custody.errors import TimestampError
from evidence.custody.time import cms, der
from evidence.custody.time.timestamp import TimestampInfo, verify_token
from tests.support.node_peer import b64
from tests.support.node_process import answer
from tests.support.waiting import patience

pytestmark = [pytest.mark.need("openssl", "node")]
IN_NODE = Path(__file__).parent / "timestamps.mjs"
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
    digits: int = 0


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
        f"ess_cert_id_alg = {chain.ess}\nclock_precision_digits = {chain.digits}\n"
    )
    openssl(folder, "-query", "-digest", DIGEST.hex(), "-sha256", "-cert", "-out", "query")
    openssl(folder, "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "token")
    if chain.other_root:
        root = certificate("Root", rsa_key(), "Root", rsa_key(), 365, ca)
    return (folder / "token").read_bytes(), root


def openssl(folder: Path, *arguments: str) -> int:
    done = subprocess.run(
        ["openssl", "ts", *arguments], cwd=folder, capture_output=True, timeout=patience(30), check=False
    )
    return done.returncode


def verdicts(folder: Path, token: bytes, root: bytes) -> tuple[bool, bool, bool]:
    """Return what OpenSSL, we, and rfc3161-client say."""
    (folder / "root.pem").write_bytes(root)
    (folder / "token").write_bytes(token)
    here = openssl(folder, "-verify", "-digest", DIGEST.hex(), "-in", "token", "-CAfile", "root.pem") == 0
    ours, clients = said_by_us(token, root), said_by_client(token, root)
    if ours is not None:
        assert ours.tsa_name == "CN=Signer"
        assert abs(ours.time - NOW) < DAY
    if ours is not None and clients is not None:  # the client loses the fraction of a second, and may: it is an oracle
        assert (ours.time.replace(microsecond=0), ours.policy) == (clients.gen_time, clients.policy.dotted_string)
    return here, ours is not None, clients is not None


def said_by_us(token: bytes, root: bytes) -> TimestampInfo | None:
    """Return what our engine says, in Python and in the page alike."""
    try:
        info = verify_token(token, DIGEST, [root])
    except TimestampError:
        info = None
    asked = {"token": b64(token), "digest": DIGEST.hex(), "root": root.decode()}
    told = answer(IN_NODE, asked)
    if info is None:
        assert "time" not in told, told
        return None
    moments = {name: micros(getattr(info, name)) for name in ("time", "latest", "expires")}
    assert told == {**moments, "name": info.tsa_name}
    return info


def micros(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def said_by_client(token: bytes, root: bytes) -> rfc3161_client.TimeStampTokenInfo | None:
    # It trusts whatever it is given as intermediates like a root, so it is given none.
    verifier = rfc3161_client.VerifierBuilder(roots=[x509.load_pem_x509_certificate(root)]).build()
    try:
        response = rfc3161_client.decode_timestamp_response(token)
        verifier.verify(response, DIGEST)
    except (rfc3161_client.VerificationError, ValueError):
        return None
    return response.tst_info


GOOD = {
    "curve": Chain(),
    "RSA": Chain(key=rsa_key),
    "SHA-512": Chain(digest="sha512", ess="sha512"),
    "RSA, SHA-384": Chain(key=rsa_key, digest="sha384"),
    "old ESS": Chain(ess="sha1"),
    "six digits": Chain(digits=6),
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
def test_all_three_accept(name: str, tmp_path: Path) -> None:
    token, root = stamped(tmp_path, GOOD[name])
    here, ours, clients = verdicts(tmp_path, token, root)
    assert (here, ours) == (True, True)
    info = verify_token(token, DIGEST, [root])
    assert (info.policy, info.accuracy) == ("1.2.3.4", dt.timedelta(seconds=2, microseconds=500_007))
    # rfc3161-client refuses certificates that do not stand in sorted order, as OpenSSL writes them by chance.
    assert clients or not sorted_certificates(token)


@pytest.mark.parametrize("name", BAD)
def test_all_three_refuse(name: str, tmp_path: Path) -> None:
    token, root = stamped(tmp_path, BAD[name])
    assert verdicts(tmp_path, token, root) == (False, False, False)


STAMPING, SIGNING = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING
PURPOSES = {
    "right": ((STAMPING,), True, (True, True, True)),
    "another": ((SIGNING,), True, (False, False, False)),
    "not critical": ((STAMPING,), False, (False, False, False)),
    "one more": ((STAMPING, SIGNING), True, (False, False, False)),  # RFC 3161, 2.3: only that one
}


@pytest.mark.parametrize("name", PURPOSES)
def test_a_certificate_is_for_time_stamping(name: str, tmp_path: Path) -> None:
    """OpenSSL makes no such token, so we make it ourselves."""
    purposes, critical, expected = PURPOSES[name]
    root_key, key = curve_key(), ec.generate_private_key(ec.SECP256R1())
    ca = (x509.BasicConstraints(ca=True, path_length=None), True)
    root = certificate("Root", root_key, "Root", root_key, 365, ca, (usage(signs=True), True))
    wanted = (x509.ExtendedKeyUsage(list(purposes)), critical)
    signer = certificate("Signer", key, "Root", root_key, 20, (usage(signs=False), True), wanted)
    token = cms.timestamp_response(DIGEST, NOW, 7, x509.load_pem_x509_certificate(signer), key)
    assert verdicts(tmp_path, token, root) == expected


def test_certificates_in_any_order(tmp_path: Path) -> None:
    """DER sorts a set and OpenSSL does not; what counts is whether a chain leads to a root."""
    token, root = stamped(tmp_path, Chain(digits=6))
    turned = rebuilt(token, lambda data: [*data[:3], tlv(data[3][0], b"".join(reversed(inside(data[3])))), *data[4:]])
    assert turned != token
    assert sorted_certificates(token) != sorted_certificates(turned)
    assert said_by_us(token, root) == said_by_us(turned, root)
    assert said_by_us(token, root) is not None


def test_the_fraction_of_a_second_counts(tmp_path: Path) -> None:
    token, root = stamped(tmp_path, Chain(digits=6))
    shown = subprocess.run(
        ["openssl", "ts", "-reply", "-in", "token", "-text"], cwd=tmp_path, capture_output=True, check=True, timeout=30
    ).stdout.decode()
    stated = next(line.partition(": ")[2] for line in shown.splitlines() if line.startswith("Time stamp"))
    info = said_by_us(token, root)
    assert info is not None
    assert f"{info.time:%H:%M:%S.%f}".rstrip("0").rstrip(".") in stated
    assert info.latest == info.time + dt.timedelta(seconds=2, microseconds=500_007)


SHA256, SHA384, MGF1 = "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "1.2.840.113549.1.1.8"
PSS = {
    "right": (SHA256, SHA256, 32, True),
    "salt of another length": (SHA256, SHA256, 20, True),
    "another hash": (SHA384, SHA384, 32, False),
    "another hash in the mask": (SHA256, SHA384, 32, False),
    "nothing said, which means SHA-1": (None, None, 20, False),
}


@pytest.mark.parametrize("name", PSS)
def test_rsa_pss(name: str, tmp_path: Path) -> None:
    """No tool here makes such tokens: the signature in one of OpenSSL's is replaced by the same key's."""
    hashed, mask, salt, expected = PSS[name]
    token, root = stamped(tmp_path, Chain(key=rsa_key))
    key = serialization.load_pem_private_key((tmp_path / "signer.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    parameters = b""
    if hashed and mask:
        fields = [algorithm(hashed), algorithm(MGF1, algorithm(mask)), tlv(der.INTEGER, bytes([salt]))]
        parameters = b"".join(tlv(der.context(number), field) for number, field in enumerate(fields))
    named = tlv(der.SEQUENCE, oid("1.2.840.113549.1.1.10") + tlv(der.SEQUENCE, parameters))

    def sign(data: list[bytes]) -> list[bytes]:
        (signer,) = inside(data[-1])
        members = inside(signer)
        attributes = next(at for at, member in enumerate(members) if member[0] == der.context(0))
        message = bytes([der.SET]) + members[attributes][1:]
        signature = key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())
        members[attributes + 1 : attributes + 3] = [named, tlv(der.OCTETS, signature)]
        return [*data[:-1], tlv(der.SET, tlv(der.SEQUENCE, b"".join(members)))]

    assert (said_by_us(rebuilt(token, sign), root) is not None) == expected


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    data = bytes([40 * first + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        data += bytes(reversed(digits))
    return tlv(der.OID, data)


def algorithm(dotted: str, parameters: bytes = b"\x05\x00") -> bytes:
    return tlv(der.SEQUENCE, oid(dotted) + parameters)


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    digits = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, *([size] if size < 128 else [0x80 | len(digits), *digits])]) + content


def inside(encoded: bytes) -> list[bytes]:
    return [one.encoded for one in der.read(encoded).members(encoded[0]).left]


def rebuilt(token: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """Return the token with the members of its SignedData changed, and all lengths around them."""
    status, content = inside(token)
    kind, wrapped = inside(content)
    (data,) = inside(wrapped)
    changed = tlv(der.SEQUENCE, b"".join(change(inside(data))))
    return tlv(der.SEQUENCE, status + tlv(der.SEQUENCE, kind + tlv(der.context(0), changed)))


def sorted_certificates(token: bytes) -> bool:
    (data,) = inside(inside(inside(token)[1])[1])
    certificates = inside(inside(data)[3])
    return certificates == sorted(certificates)
