"""Write the table of hostile spellings anew: `python -m tests.vectors.make_spellings`.

Each row is a document in bytes, and what the two readers of `evidence/canonical.py` say to it: `read` is what a file of
settings or a request may hold, `signed` what may be signed or hashed. Every reader of JSON in Python and in the page is
put to this table; rows that are one value (`value`) are also put inside the documents that we know.
"""

import base64
import json
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parent / "spellings.json"
ABOUT: Final = "docs/formats/statement.md: spellings of JSON, and whether they may be read, or be signed"

HALF: Final = "\ud83d"
PLAIN: Final = '{"a":[1,"é"],"b":null}'

# name, bytes, may be read, may be signed
VALUES: Final[tuple[tuple[str, bytes, bool, bool], ...]] = (
    ("text", '"Hij stond er weer, \u20ac 5, 👩‍👧"'.encode(), True, True),
    ("an empty object", b"{}", True, True),
    ("the largest integer", b"9007199254740991", True, True),
    ("the smallest integer", b"-9007199254740991", True, True),
    ("controls in their short spelling", rb'"\b\t\n\f\r\"\\"', True, True),
    ("a control without a short spelling", rb'"\u001f\u0000"', True, True),
    ("a line separator and DEL as they are", '"\u2028\u2029\x7f"'.encode(), True, True),
    ("text from right to left, with its marks", '"\u202egpj.exe\u2069"'.encode(), True, True),
    ("a letter and a mark, not composed", '"e\u0301"'.encode(), True, True),
    ("the last code point", '"\U0010ffff\ufffe\uffff"'.encode(), True, True),
    ("a member called __proto__", b'{"__proto__":1,"constructor":2}', True, True),
    ("members that look like numbers", b'{"1":1,"10":2,"2":3}', True, True),
    ("members in the order of code points, not of UTF-16", '{"\uffee":1,"\U0001f600":2}'.encode(), True, True),
    ("31 lists around a number", b"[" * 31 + b"1" + b"]" * 31, True, True),
    ("half a pair, raw: high", b'"\xed\xa0\x80"', False, False),
    ("half a pair, raw: low", b'"\xed\xb0\x80"', False, False),
    ("both halves, raw (CESU-8)", b'"\xed\xa0\xbd\xed\xb8\x80"', False, False),
    ("half a pair, escaped: high", rb'"\ud800"', False, False),
    ("half a pair, escaped: low, in capitals", rb'"\uDFFF"', False, False),
    ("two halves in the wrong order", rb'"\ude00\ud83d"', False, False),
    ("an escaped half and a raw one", b'"\\ud83d\xed\xb8\x80"', False, False),
    ("half a pair in a name", rb'{"\ud800":1}', False, False),
    ("raw half a pair in a name", b'{"\xed\xa0\x80":1}', False, False),
    ("half a pair in the second of two equal names", rb'{"a":1,"a":"\ud800"}', False, False),
    ("a whole pair, escaped", rb'"\ud83d\ude00"', True, False),
    ("an escaped letter", rb'"\u0041"', True, False),
    ("an escaped slash", rb'"\/"', True, False),
    ("a short escape spelled long", rb'"\u000a"', True, False),
    ("an escape in capitals", rb'"\u001F"', True, False),
    ("an escape of four odd digits", rb'"\u00_1"', False, False),
    ("an escape that does not exist", rb'"\x41"', False, False),
    ("a raw newline in text", b'"\n"', False, False),
    ("a raw NUL in text", b'"\x00"', False, False),
    ("Latin-1", b'"caf\xe9"', False, False),
    ("an overlong slash", b'"\xc0\xaf"', False, False),
    ("an overlong NUL", b'"\xc0\x80"', False, False),
    ("a code point beyond the last", b'"\xf4\x90\x80\x80"', False, False),
    ("a character that breaks off", b'"\xe2\x82"', False, False),
    ("one name twice", b'{"a":1,"a":1}', False, False),
    ("one name twice, once escaped", rb'{"a":1,"\u0061":2}', False, False),
    ("names in another order", b'{"b":1,"a":2}', True, False),
    ("white space", b'{"a": 1}', True, False),
    ("a fraction", b"1.5", False, False),
    ("a whole number with a fraction", b"1.0", False, False),
    ("an exponent", b"1e2", False, False),
    ("a number beyond all", b"1e999", False, False),
    ("minus zero", b"-0", True, False),
    ("one more than the largest integer", b"9007199254740992", False, False),
    ("an integer of 5,000 digits", b"1" * 5000, False, False),
    ("a leading zero", b"01", False, False),
    ("a leading plus", b"+1", False, False),
    ("digits of another script", "\u0661\u0662".encode(), False, False),
    ("NaN", b"NaN", False, False),
    ("Infinity", b"-Infinity", False, False),
    ("a capital literal", b"True", False, False),
    ("quotes of another kind", b"'a'", False, False),
    ("a comma too many", b"[1,]", False, False),
    ("a comment", b"[1/*2*/]", False, False),
    ("a space that JSON does not know", "[1,\u00a02]".encode(), False, False),
    ("33 lists", b"[" * 33 + b"]" * 33, False, False),
    ("32 lists around a number", b"[" * 32 + b"1" + b"]" * 32, False, False),
    ("20,000 lists", b"[" * 20_000, False, False),
    ("20,000 objects", b'{"":' * 20_000, False, False),
)
DOCUMENTS: Final[tuple[tuple[str, bytes, bool, bool], ...]] = (
    ("nothing", b"", False, False),
    ("a NUL alone", b"\x00", False, False),
    ("a byte order mark", PLAIN.encode("utf-8-sig"), False, False),
    ("UTF-16", PLAIN.encode("utf-16"), False, False),
    ("UTF-16, big end first", PLAIN.encode("utf-16-be"), False, False),
    ("UTF-16, little end first", PLAIN.encode("utf-16-le"), False, False),
    ("UTF-32", PLAIN.encode("utf-32"), False, False),
    ("UTF-32, big end first", PLAIN.encode("utf-32-be"), False, False),
    ("UTF-32, little end first", PLAIN.encode("utf-32-le"), False, False),
    ("UTF-7", '"€"'.encode("utf-7"), True, True),
    ("UTF-16 with half a pair", f'"{HALF}"'.encode("utf-16-le", "surrogatepass"), False, False),
    ("two documents", b"{}{}", False, False),
    ("a NUL behind the document", b"{}\x00", False, False),
    ("a line end behind the document", b"{}\n", True, False),
    ("white space before the document", b" {}", True, False),
)


def document() -> dict[str, Any]:
    """Return the table."""
    rows = [
        {"name": name, "bytes": base64.b64encode(data).decode(), "read": read, "signed": signed, "value": value}
        for value, table in ((True, VALUES), (False, DOCUMENTS))
        for name, data, read, signed in table
    ]
    return {"about": ABOUT, "spellings": rows}


def text() -> str:
    """Return the text of the file."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
