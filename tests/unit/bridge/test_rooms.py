"""Proves that nobody outside `device_bridge/spool` speaks SQL to a spool: not through its connection either."""

import ast
from pathlib import Path

BRIDGE = Path(__file__).parents[3] / "device_bridge"


def test_nobody_outside_the_spool_takes_its_connection() -> None:
    files = [path for path in BRIDGE.rglob("*.py") if path.parent.name != "spool"]
    assert len(files) > 40
    found = [
        f"{path.relative_to(BRIDGE)}:{node.lineno}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "sql"
    ]
    assert found == []
