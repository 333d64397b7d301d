"""A device's own message is read in Python, by bridge and device, and nowhere else (`docs/formats/keys.md`).

So one rule for Ed25519 needs no COSE in browsers and shells: whoever teaches one of them to read it has to put the
twelve odd signatures to it as COSE too (`tests/unit/evidence/test_ed25519.py`).
"""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[3]
MENTIONED: Final = frozenset({"server/web/static/core/meta-schema.js"})
"""Where a page names the member that holds one: as base64, of which it asks no more."""


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)


def _listed(*patterns: str) -> list[Path]:
    listed = subprocess.run(("git", "ls-files", *patterns), cwd=PROJECT, capture_output=True, text=True, check=True)
    return [PROJECT / name for name in listed.stdout.split()]


def test_only_bridge_and_device_read_cose() -> None:
    found = {
        path.relative_to(PROJECT).parts[0]
        for path in _listed("evidence/*.py", "server/*.py", "device_bridge/*.py")
        if any(name == "cbor2" or "cbor2." in name or name.endswith("wire.cose") for name in _imported(path))
    }
    assert found == {"device_bridge"}


def test_no_page_and_no_shell_reads_cbor() -> None:
    files = _listed("server/web/static/*.js", "evidence/bundle/checking/shell/*.sh")
    assert {path.suffix for path in files} == {".js", ".sh"}
    words = {path.relative_to(PROJECT).as_posix(): path.read_text("utf-8").lower() for path in files}
    assert {name for name, text in words.items() if "cbor" in text} == set()
    assert {name for name, text in words.items() if "cose" in text} == MENTIONED
