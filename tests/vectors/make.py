"""Write the vectors anew: `python -m tests.vectors.make`.

Every seed below is published and therefore worthless. All bytes come out the same each time, but for sealed boxes,
which are random by design: a wrap that still opens is taken over from the file that is there, so a second run changes
nothing.
"""

import json
from typing import Any, Final

from tests.vectors import (
    make_envelope,
    make_fields,
    make_journal,
    make_keys,
    make_kind,
    make_pattern,
    make_time,
    make_type,
    operations,
)

ABOUT: Final = {
    "keys": "docs/formats/keys.md: names of keys, signatures, locked keys",
    "statement": "docs/formats/statement.md: canonical JSON, DSSE, statements",
    "envelope": "docs/formats/envelope.md: padding, chunked encryption, commitments, wraps, containers",
    "event": "docs/formats/event.md: event bytes and leaves",
    "receipt": "docs/formats/receipt.md: receipts and what they are checked against",
    "time": "docs/formats/envelope.md: times as they are told",
    "type": "docs/formats/envelope.md: types of files",
    "kind": "docs/formats/envelope.md: kinds of descriptions",
    "pattern": "evidence/bundle/dossier: what the review page and a dossier count",
    "fields": "docs/formats/envelope.md: leaves of a description, their commitment and openings",
}
WARNING: Final = "Every key here is published: never use one."


def documents() -> dict[str, dict[str, Any]]:
    """Return each file's document by its name."""
    vectors = {
        "keys": make_keys.vectors(),
        "statement": make_journal.statements(),
        "envelope": make_envelope.vectors(),
        "event": make_journal.events(),
        "receipt": make_journal.receipts(),
        "time": make_time.vectors(),
        "type": make_type.vectors(),
        "kind": make_kind.vectors(),
        "fields": make_fields.vectors(),
        "pattern": make_pattern.vectors(),
    }
    return {name: {"about": ABOUT[name], "warning": WARNING, "vectors": made} for name, made in vectors.items()}


def text(document: dict[str, Any]) -> str:
    """Return the text of a file: readable, one spelling."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all files."""
    for name, document in documents().items():
        (operations.FOLDER / f"{name}.json").write_text(text(document), encoding="utf-8")


if __name__ == "__main__":
    main()
