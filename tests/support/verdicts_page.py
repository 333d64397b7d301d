"""The page `docs/formats/verdicts.md`: each row of the table of tampered bundles, and what each verifier says of it.

`python -m tests.support.verdicts_page` (part of `make docs`) writes it from the rows to which the tests hold the
verifiers (`tests/interop/test_tampered.py`), which also compare it.
"""

from pathlib import Path
from typing import Final

from tests.support.rows import HOLDS, NOT_FOR_IT, Outcome, Row
from tests.support.tampered import ROWS

PAGE: Final = Path(__file__).parents[2] / "docs/formats/verdicts.md"

HEAD: Final = """\
# Verdicts

Each row is a bundle, receipt or item with which something was done, and what five verifiers say of it. It is made by
`python -m tests.support.verdicts_page` from the table that the tests put to all of them: not by hand.

| verifier | what it is |
| --- | --- |
| `getuige verify` | the command |
| `getuige-verify.pyz` | the same program as one file |
| pages | `server/web/static/core/verifier/`, in browsers and Node |
| foreign | written from these pages alone, with nothing of Getuige in it (`tests/interop/foreign/`) |
| `verify.sh` | in every bundle: a shell, openssl and coreutils |

*Fails* names the claims ([what they mean](sealed-bundle.md#what-getuige-verify-says)), or of `verify.sh` its words.
*Holds* stands with what is noted. *Refused*: it is not read at all. *Does not look*: the verifier does not check this,
and its output says so in plain words; it never says *proven*. *=* is what `getuige verify` says, to the last value.

"""


def text() -> str:
    """Return the page."""
    lines = [f"{len(ROWS)} rows.", "", "| what was done | `getuige verify` | `.pyz` | pages | foreign | `verify.sh` |"]
    lines += ["| --- | --- | --- | --- | --- | --- |", *map(_line, ROWS)]
    return HEAD + "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    ours, foreign, shell = _claims(row.python), _foreign(row), _shell(row)
    return f"| {row.name.replace('|', ' ')} | {ours} | = | = | {foreign} | {shell} |"


def _claims(outcome: Outcome) -> str:
    if outcome.code == NOT_FOR_IT.code:
        return "refused"
    said = ", ".join(f"`{code}`" for code in outcome.says)
    if outcome.code:
        return f"fails: {said}"
    return f"holds, notes {said}" if said else "holds"


def _foreign(row: Row) -> str:
    if row.foreign == NOT_FOR_IT:
        return "not for it"
    if row.foreign == HOLDS != row.python and row.python.code:
        return "does not look"
    return {0: "holds", 1: "fails", 2: "refused"}[row.foreign.code]


def _shell(row: Row) -> str:
    if row.shell == NOT_FOR_IT:
        return "not for it"
    said = ", ".join(f"*{words}*" for words in row.shell.says)
    if row.shell.code:
        return f"fails: {said}"
    if row.python.code:
        return "does not look"
    return "holds" if row.python == HOLDS else f"holds, says {said}"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
