"""Proves that a page of a timeline gives back the very bytes that went in, and that hostile bytes are refused."""

import gzip
import json
import random
from dataclasses import replace

import pytest

from evidence import canonical, ids
from evidence.envelope import pages
from evidence.envelope.pages import MAGIC, Page, Row
from evidence.errors import FormatError
from tests.support.page_rows import FACTS, item, rows


def test_what_went_in_comes_out_byte_for_byte() -> None:
    before = rows()
    assert pages.read(pages.write(FACTS, before)) == Page(json.loads(FACTS), tuple(before))
    assert pages.read(pages.write(FACTS, [])).rows == ()


def test_nothing_sealed_is_text() -> None:
    """What does not get smaller is not compressed and no base64: a page is as long as what is sealed, and rows."""
    one = replace(rows()[0], item=item("een")[1])
    written = pages.write(FACTS, [one] * 50)
    assert one.item is not None
    start = len(MAGIC) + 4
    text = gzip.decompress(written[start : start + int.from_bytes(written[len(MAGIC) : start])])
    assert canonical.b64(one.item.meta).encode() not in text
    row = json.loads(text.split(b"\n")[1])
    assert all(isinstance(wrap["wrap"], int) for wrap in row["item"]["head"]["payload"]["wraps"])
    head = canonical.decode(canonical.unb64(canonical.decode(one.item.head)["payload"]))
    sealed = len(one.item.meta) + sum(len(canonical.unb64(wrap["wrap"])) for wrap in head["wraps"])
    assert len(written) < 50 * sealed + 50 * 100 + 2000


def test_a_page_that_was_cut_off_anywhere_is_no_page() -> None:
    written = pages.write(FACTS, rows())
    for end in (*range(60), *range(60, len(written), 97), len(written) - 1):
        with pytest.raises(FormatError):
            pages.read(written[:end])
    with pytest.raises(FormatError):
        pages.read(written + b"\x00")


def test_changed_bytes_are_refused_as_form_or_are_other_bytes() -> None:
    written, chance = pages.write(FACTS, rows()), random.Random(12)
    honest = pages.read(written)
    for _ in range(400):
        changed = bytearray(written)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        try:
            assert pages.read(bytes(changed)) != honest
        except FormatError:
            continue


@pytest.mark.parametrize(
    "line",
    [
        b"", b"null", b"[]", b"{}", b'{"event":{}}', b'{"event":null,"salt":"00"}', b'{"salt":"' + b"00" * 32 + b'"}',
        b'{"event":{"dsse":{"payload":{}},"index":0,"received_at":""},"item":[],"salt":"' + b"00" * 32 + b'"}',
        b'{"event":{"dsse":{"payload":{"wrap":-1}},"index":0,"received_at":""},"salt":"' + b"00" * 32 + b'"}',
        b'{"event":{"dsse":{"payload":{"wrap":99}},"index":0,"received_at":""},"salt":"' + b"00" * 32 + b'"}',
        b'{"event":{"dsse":[],"index":0,"received_at":""},"salt":"' + b"00" * 32 + b'"}',
        b'{"raw":7,"index":0,"received_at":"","trouble":"event","salt":"' + b"00" * 32 + b'"}',
        b'{"event":{"dsse":{"payload":1.5},"index":0,"received_at":""},"salt":"' + b"00" * 32 + b'"}',
        b"[" * 5000,
    ],
)  # fmt: skip
def test_a_line_of_another_form_is_refused(line: bytes) -> None:
    text = gzip.compress(FACTS + b"\n" + line)
    with pytest.raises(FormatError):
        pages.read(MAGIC + len(text).to_bytes(4) + text)


def test_rows_that_unpack_to_more_than_any_page_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_TEXT_BYTES", 1000)
    text = gzip.compress(b" " * 1_000_000)
    with pytest.raises(FormatError):
        pages.read(MAGIC + len(text).to_bytes(4) + text)


def test_an_event_that_is_not_canonical_is_not_put_into_a_page() -> None:
    with pytest.raises(FormatError):
        pages.write(FACTS, [Row(0, ids.now(), b'{"v":1}', bytes(32))])
    with pytest.raises(FormatError):
        pages.write(FACTS + b"\n", [])
