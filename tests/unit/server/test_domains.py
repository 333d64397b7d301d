"""Proves that domains of the server are rooms with doors: nobody uses a neighbour's routes, `auth` knows no domain."""

import ast
from collections.abc import Iterator
from pathlib import Path

SERVER = Path(__file__).parents[3] / "server"
ASSEMBLY = SERVER / "app.py"
"""The one file that puts the routes of all domains together."""


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the dotted name of everything of the server that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "server":
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def domains() -> set[str]:
    return {path.parent.name for path in SERVER.glob("*/routes.py")} - {"auth"}


def test_there_are_domains() -> None:
    assert {"uploads", "statements", "timeline", "items", "exports", "alarms"} <= domains()


def test_only_the_assembly_knows_the_routes_of_a_domain() -> None:
    found = [
        f"{path.relative_to(SERVER)}:{line}: {name}"
        for path in SERVER.rglob("*.py")
        if path != ASSEMBLY
        for line, name in imports(path)
        if any(part == "routes" or part.endswith("_routes") for part in name.split(".")[2:])
        and path.parent != SERVER / name.split(".")[1]
    ]
    assert found == []


def test_auth_knows_no_domain() -> None:
    found = [
        f"{path.name}:{line}: {name}"
        for path in (SERVER / "auth").glob("*.py")
        for line, name in imports(path)
        if name.split(".")[1] in domains()
    ]
    assert found == []
