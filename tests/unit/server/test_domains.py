"""Proves that domains of the server are rooms with doors.

Nobody uses a neighbour's routes or knows more of the server than it is given, and `auth` knows no domain.
"""

import ast
import tomllib
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


def contract(begin: str) -> dict[str, list[str]]:
    """Return the import rule in pyproject.toml whose name begins so; `make check` holds it, also through others."""
    rules = tomllib.loads((SERVER.parent / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (found,) = [one for one in rules if one["name"].startswith(begin)]
    return dict(found)


def test_the_rule_that_auth_knows_no_domain_names_every_one() -> None:
    packages = {path.parent.name for path in SERVER.glob("*/__init__.py")} - {"auth", "problems"}
    rule = contract("who asks is found out")
    assert "ignore_imports" not in rule
    assert rule["source_modules"] == ["server.auth"]
    assert {f"server.{name}" for name in packages | domains()} <= set(rule["forbidden_modules"])


def test_no_domain_knows_all_services() -> None:
    rule = contract("a domain is given what it uses")
    assert "ignore_imports" not in rule
    assert {f"server.{name}" for name in domains() | {"auth", "api"}} <= set(rule["source_modules"])
    assert rule["forbidden_modules"] == ["server.app", "server.services"]
