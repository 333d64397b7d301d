"""Proves that request signatures are RFC 9421: the RFC's own Ed25519 example comes out, and every change is refused."""

import base64

import pytest
from nacl.signing import SigningKey

from evidence import http_signature, keys
from evidence.http_signature import ClockError, DigestError, RequestTarget, SignatureFormatError

RFC_KEY = base64.b64decode("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=")
"""Private key of RFC 9421, appendix B.1.4 (the last 32 bytes of its PKCS#8 document)."""

RFC_SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
NOW = 1_800_000_000
ME = keys.Identity.generate()


def known(keyid: str, message: bytes, signature: bytes) -> bool:
    if keyid != ME.kid:
        return False
    try:
        keys.verify(ME.sign_public, message, signature)
    except keys.SignatureError:
        return False
    return True


def test_rfc_9421_example_b_2_6() -> None:
    components = ("date", "@method", "@path", "@authority", "content-type", "content-length")
    headers = {
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "content-type": "application/json",
        "content-length": "18",
    }
    listed = " ".join(f'"{name}"' for name in components)
    params = f'({listed});created=1618884473;keyid="test-key-ed25519"'
    target = RequestTarget("POST", "example.com", "/foo", "param=Value&Pet=dog")
    base = http_signature.signature_base(components, target, headers, params)
    signature = SigningKey(RFC_KEY).sign(base).signature
    assert base64.b64encode(signature).decode() == RFC_SIGNATURE


def signed(body: bytes | None = b'{"a":1}', upload_offset: int | None = None) -> tuple[RequestTarget, dict[str, str]]:
    target = RequestTarget.of_url("post", "HTTPS://Getuige.example:443/api/v1/statements?x=1")
    if upload_offset is not None:
        target = RequestTarget("PATCH", target.authority, target.path, target.query)
    headers = http_signature.sign_request(ME.sign, ME.kid, target, created=NOW, body=body, upload_offset=upload_offset)
    return target, headers


def test_a_signed_request_verifies() -> None:
    target, headers = signed()
    assert target == RequestTarget("POST", "getuige.example", "/api/v1/statements", "x=1")
    parsed = http_signature.verify_request(known, target, headers, now=NOW + 299, has_body=True)
    assert parsed is not None
    assert parsed.keyid == ME.kid
    http_signature.check_digest(headers, b'{"a":1}')


@pytest.mark.parametrize(
    "changed",
    [
        RequestTarget("PUT", "getuige.example", "/api/v1/statements", "x=1"),
        RequestTarget("POST", "other.example", "/api/v1/statements", "x=1"),
        RequestTarget("POST", "getuige.example", "/api/v1/uploads", "x=1"),
        RequestTarget("POST", "getuige.example", "/api/v1/statements", ""),
    ],
)
def test_a_signature_belongs_to_one_request(changed: RequestTarget) -> None:
    _, headers = signed()
    assert http_signature.verify_request(known, changed, headers, now=NOW, has_body=True) is None


def test_another_body_is_refused() -> None:
    _, headers = signed()
    with pytest.raises(DigestError):
        http_signature.check_digest(headers, b'{"a":2}')


def test_a_body_must_be_covered() -> None:
    target, headers = signed(body=None)
    with pytest.raises(SignatureFormatError, match="content-digest"):
        http_signature.verify_request(known, target, headers, now=NOW, has_body=True)


def test_an_upload_covers_its_offset() -> None:
    target, headers = signed(body=None, upload_offset=7)
    ask = {"now": float(NOW), "has_body": True, "streamed": True}
    assert http_signature.verify_request(known, target, headers, **ask) is not None  # type: ignore[arg-type]
    moved = {**headers, "upload-offset": "8"}
    assert http_signature.verify_request(known, target, moved, **ask) is None  # type: ignore[arg-type]


def test_unknown_key_and_wrong_signature_look_alike() -> None:
    target, headers = signed()
    stranger = headers["signature-input"].replace(ME.kid, "0" * 32)
    forged = "sig1=:" + base64.b64encode(bytes(64)).decode() + ":"
    for changes in ({"signature-input": stranger}, {"signature": forged}):
        assert http_signature.verify_request(known, target, {**headers, **changes}, now=NOW, has_body=True) is None


@pytest.mark.parametrize("now", [NOW + 301, NOW - 301])
def test_a_stale_clock_is_named_only_for_a_genuine_signature(now: int) -> None:
    target, headers = signed()
    with pytest.raises(ClockError):
        http_signature.verify_request(known, target, headers, now=now, has_body=True)
    forged = {**headers, "signature": "sig1=:" + base64.b64encode(bytes(64)).decode() + ":"}
    assert http_signature.verify_request(known, target, forged, now=now, has_body=True) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sig1",
        'sig1=("@method");created=1',
        'sig1=("@method" "@method");created=1;keyid="00000000000000000000000000000000"',
        'sig1=("@method";req);created=1;keyid="00000000000000000000000000000000"',
        'sig1=("@method");created=x;keyid="00000000000000000000000000000000"',
        'sig1=("@method");created=99999999999;keyid="00000000000000000000000000000000"',
        'sig1=("@method");created=1;keyid="00";alg="ed25519"',
        'sig1=("@method");created=1;keyid="00000000000000000000000000000000";alg="rsa-pss-sha512"',
        "x" * 3000,
    ],
)
def test_malformed_inputs_are_refused_by_name(value: str) -> None:
    with pytest.raises(SignatureFormatError):
        http_signature.parse_signature_input(value)


@pytest.mark.parametrize("value", ["", "sig2=:AA==:", "sig1=:AA==:", "sig1=:?:", "sig1=AA=="])
def test_malformed_signatures_are_refused_by_name(value: str) -> None:
    with pytest.raises(SignatureFormatError):
        http_signature.parse_signature(value, "sig1")
