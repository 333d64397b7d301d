"""What several tests need lives in tests/support, once: no test module imports another one, or a conftest."""

import ast
import functools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
ONCE = {"until", "never", "serving", "incident", "free_port", "free_ports", "need"}
"""Functions at the top of a module that stand in one module only: a second one would learn nothing from the first."""


IMPORT = re.compile(r"^\s*(?:from|import)\b[^\n(]*(?:\([^)]*\))?", re.MULTILINE)
"""What begins as an import does: reading each file as a tree would take seconds."""
COLLECTED = re.compile(r"\btest_|\bconftest\b")
FUNCTION = re.compile(r"^def (\w+)\(", re.MULTILINE)


@functools.cache
def texts() -> list[tuple[Path, str]]:
    own = [path for folder in sorted(TESTS.iterdir()) for path in sorted(folder.glob("**/*.py"))]
    kept = [path for path in own if "node_modules" not in path.parts]
    return [(path.relative_to(TESTS), path.read_text("utf-8")) for path in (*TESTS.glob("*.py"), *kept)]


def imported(text: str) -> Iterator[str]:
    """Yield every module that may be meant: `from tests.x import y` means tests.x, or tests.x.y."""
    if not any(COLLECTED.search(one) for one in IMPORT.findall(text)):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)


def of_tests(name: str) -> bool:
    """Whether a name leads into a module that pytest collects, or into a conftest."""
    parts = name.split(".")
    return parts[0] == "tests" and any(part == "conftest" or part.startswith("test_") for part in parts[1:])


def test_no_module_imports_a_test_module_or_a_conftest() -> None:
    found = {str(path): sorted(filter(of_tests, imported(text))) for path, text in texts()}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize("line", ["from {} import {}", "def late():\n    from {} import (\n        {},\n    )"])
@pytest.mark.parametrize("name", ["tests.api.test_x", "tests.api.test_x.serving", "tests.conftest.need"])
def test_such_an_import_would_be_seen(name: str, line: str) -> None:
    module, _, last = name.rpartition(".")
    assert list(filter(of_tests, imported(line.format(module, last)))) == [name]


def test_what_all_need_is_written_once() -> None:
    where = Counter(name for _, text in texts() for name in FUNCTION.findall(text) if name in ONCE)
    assert where.keys() == ONCE
    assert {name: count for name, count in where.items() if count > 1} == {}


def test_support_holds_no_tests() -> None:
    named = [path for path, _ in texts() if path.parts[0] == "support" and path.name.startswith(("test_", "conftest"))]
    assert named == []
