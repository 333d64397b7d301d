"""`getuige-verify.pyz`: the verifier as one file, for whoever has Python, PyNaCl and `cryptography`.

It says what `getuige verify` says, in the same words and with the same exit codes (`evidence.bundle.checking.report`).
"""

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from evidence.bundle.checking import receipt, trust
from evidence.bundle.checking.names import Language
from evidence.bundle.checking.report import EXIT_UNREADABLE
from evidence.bundle.checking.verify import verify
from evidence.errors import EvidenceError


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify what the arguments name, print the verdicts and return the exit code (0, 1 or 2)."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console that knows no check mark shows a question mark instead
        sys.stdout.reconfigure(errors="replace")
    chosen = _parser().parse_args(arguments)
    try:
        report = verify(chosen.path, trust.load(chosen.trust, chosen.path), receipt.gather(chosen.receipt))
    except (EvidenceError, OSError) as error:
        sys.stderr.write(f"{chosen.path}: {error}\n")
        return EXIT_UNREADABLE
    if chosen.json:
        sys.stdout.write(f"{json.dumps(report.to_json(), indent=1, ensure_ascii=False)}\n")
    else:
        sys.stdout.writelines(f"{line}\n" for _, line in report.lines(cast("Language", chosen.lang)))
    return report.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="getuige-verify.pyz",
        description="Zegt wat een bundel of ontvangstbewijs bewijst. / Says what a bundle or receipt proves. "
        "Exit code 0: alles klopt / all holds; 1: iets niet / something does not; 2: onleesbaar / unreadable.",
    )
    parser.add_argument(
        "path",
        type=Path,
        help="bundel (.zip of map), ontvangstbewijs (.json) of item (.getuige) / bundle, receipt, item",
    )
    parser.add_argument(
        "--trust",
        type=Path,
        required=True,
        help="map met root.pub, policy en tsa-roots.pem, van een andere bron dan de bundel / folder with the trust "
        "anchors, from another source than the bundle",
    )
    parser.add_argument(
        "--receipt",
        type=Path,
        action="append",
        default=[],
        help="ontvangstbewijs dat u zelf hebt, of een map ermee: past de bundel daarbij? / a receipt of your own, or a "
        "folder with some: does the bundle fit it?",
    )
    parser.add_argument("--json", action="store_true", help="voor een programma / for a program")
    parser.add_argument("--lang", choices=("nl", "en"), default="nl", help="taal van de uitspraken / language")
    return parser
