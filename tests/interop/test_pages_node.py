"""The page's reader of a timeline gives the same bytes as Python's, and refuses the same pages."""

import gzip

import pytest

from evidence import schema
from evidence.envelope import pages
from evidence.envelope.pages import MAGIC, Row
from tests.support.node_peer import ask, b64
from tests.support.page_rows import FACTS, rows

pytestmark = pytest.mark.need("node")


def plain(row: Row) -> dict[str, object]:
    served = row.item
    return {
        "index": row.index,
        "received_at": row.received_at,
        "salt": row.salt.hex(),
        "trouble": row.trouble,
        "event": None if row.trouble == "event" else b64(row.event),
        "item": served
        and {
            "head": b64(served.head),
            "meta": b64(served.meta),
            "wraps": [schema.encode(one) for one in served.wraps],
            "arrived": served.arrived,
        },
    }


def test_the_page_reads_the_very_bytes() -> None:
    before = rows()
    read = ask("page", bytes=b64(pages.write(FACTS, before)))
    assert read["facts"] == pages.read(pages.write(FACTS, [])).facts
    assert read["rows"] == [plain(one) for one in before]


def _packed(text: bytes) -> bytes:
    packed = gzip.compress(text)
    return MAGIC + len(packed).to_bytes(4) + packed


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"getuige-item-1\n" + bytes(40),
        pages.write(FACTS, rows())[:-1],
        pages.write(FACTS, rows()) + b"\0",
        MAGIC + bytes(4),
        MAGIC + (9).to_bytes(4) + b"no gzip..",
        _packed(FACTS + b"\n"),
        _packed(FACTS + b"\nnull"),
        _packed(FACTS + b'\n{"salt":"' + b"00" * 32 + b'"}'),
        _packed(FACTS + b'\n{"event":{"dsse":{"payload":{"wrap":-1}}},"salt":"' + b"00" * 32 + b'"}'),
        _packed(FACTS + b'\n{"event":{"dsse":{"payload":{"wrap":99}}},"salt":"' + b"00" * 32 + b'"}'),
        _packed(FACTS + b'\n{"event":{"dsse":{"payload":1.5}},"salt":"' + b"00" * 32 + b'"}'),
    ],
)
def test_what_is_no_page_is_refused_as_form(page: bytes) -> None:
    assert ask("page", bytes=b64(page))["error"] == "FormatError"
