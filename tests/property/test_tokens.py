"""Hostile time stamp tokens: whatever the bytes, the one-file verifier says TimestampError or the truth.

DER that can be read at all has one spelling: what was read encodes back to the same bytes.
"""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evidence.custody.errors import TimestampError
from evidence.custody.time import der, rfc3161
from evidence.custody.time.development_tsa import DevelopmentTsa
from tests.support.sizes import examples

DIGEST = bytes(range(32))
TSA = DevelopmentTsa.create(lambda: datetime(2026, 5, 4, tzinfo=UTC))
ROOTS = x509.load_pem_x509_certificates(TSA.root_pem)
TOKEN = TSA.stamp(DIGEST)
TRUTH = rfc3161.verify(TOKEN, DIGEST, ROOTS)


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(digits)]) + digits + content


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(TimestampError):
        rfc3161.verify(data, DIGEST, ROOTS)


@settings(max_examples=examples(300))
@given(st.integers(0, len(TOKEN)), st.integers(0, 12), st.binary(max_size=12))
def test_a_token_with_a_piece_replaced(at: int, removed: int, put: bytes) -> None:
    changed = TOKEN[:at] + put + TOKEN[at + removed :]
    try:
        assert rfc3161.verify(changed, DIGEST, ROOTS) == TRUTH
    except TimestampError:
        assert changed != TOKEN


@given(st.integers(0, 255).filter(lambda tag: tag & 0x1F != 0x1F), st.binary(max_size=70_000))
def test_what_is_read_has_one_spelling(tag: int, content: bytes) -> None:
    value = der.read(tlv(tag, content))
    assert (value.tag, value.content, value.encoded) == (tag, content, tlv(tag, content))


@given(st.integers())
@example(-128)
@example(-32768)
def test_whole_numbers(number: int) -> None:
    size = (number if number >= 0 else number + 1).bit_length() // 8 + 1  # -128 fits into one byte, 128 does not
    data = number.to_bytes(size, signed=True)
    assert der.read(tlv(der.INTEGER, data)).integer() == number
    with pytest.raises(der.DerError):
        der.read(tlv(der.INTEGER, (b"\xff" if number < 0 else b"\x00") + data)).integer()


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**40), max_size=8))
def test_object_identifiers(first: int, second: int, rest: list[int]) -> None:
    def arc(number: int) -> bytes:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        return bytes(reversed(digits))

    data = b"".join(map(arc, [40 * first + second, *rest]))
    assert der.read(tlv(der.OID, data)).oid() == ".".join(map(str, [first, second, *rest]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x81\x01\x00",
        b"\x30\x82\x00\x80" + bytes(128),
        b"\x30\x01",
        b"\x1f\x01\x00",
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    with pytest.raises(der.DerError):
        der.read(data)


@pytest.mark.parametrize(
    ("text", "microsecond"), [(b"20260504123015Z", 0), (b"20260504123015.5Z", 500_000), (b"20260504123015.000001Z", 1)]
)
def test_times(text: bytes, microsecond: int) -> None:
    expected = datetime(2026, 5, 4, 12, 30, 15, microsecond, tzinfo=UTC)
    assert der.read(tlv(der.GENERALIZED_TIME, text)).time() == expected


@pytest.mark.parametrize(
    "text",
    [b"20260504123015", b"20260504123015.50Z", b"20260504123015.Z", b"20260230000000Z", b"2605041230Z", b"\xff" * 15],
)
def test_times_of_another_form(text: bytes) -> None:
    with pytest.raises(der.DerError):
        der.read(tlv(der.GENERALIZED_TIME, text)).time()
