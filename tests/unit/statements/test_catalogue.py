"""The catalogue of acts is the only list of statement types, and the page for people says what it says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence.statements import bodies, catalogue
from evidence.statements.fold import registry as fold_registry
from evidence.statements.rules import authority
from evidence.statements.rules import registry as rule_registry
from tests.support import format_pages

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "formats" / "statement.md"
CATALOGUE = ROOT / "evidence" / "statements" / "catalogue.py"
OLD = ROOT / "evidence" / "store" / "database" / "migrations" / "versions"
"""A step of a database says what was true when it was written, and goes on to say so."""


def test_no_table_of_statement_types_stands_outside_the_catalogue() -> None:
    paths = [path for room in ("evidence", "server", "device_bridge", "infra") for path in (ROOT / room).rglob("*.py")]
    assert len(paths) > 300
    found = [
        f"{path.relative_to(ROOT)}:{line} lists {', '.join(names)}"
        for path in paths
        if path != CATALOGUE and OLD not in path.parents and "node_modules" not in path.parts
        for line, names in _tables_in(path.read_text())
    ]
    assert not found, "ask the catalogue instead:\n" + "\n".join(found)


def test_no_list_of_statement_types_stands_in_the_page() -> None:
    act = "|".join(map(re.escape, sorted(name for name in catalogue.ACTS if "." in name)))
    listed = re.compile(rf"""(["'])({act})\1\s*(?:,|:[^,}}]*,)\s*(["'])({act})\3""")
    scripts = [path for path in (ROOT / "server" / "web" / "static").rglob("*.js") if "vendor" not in path.parts]
    assert len(scripts) > 20
    found = [path.name for path in scripts if listed.search(path.read_text())]
    assert not found


def test_a_table_is_found_where_there_is_one() -> None:
    for table in (
        'A = {"item.open", "item.seal"}',
        'A = {"item.open": 1, "item.seal": 2}',
        'A = Literal["item.open", "x", "item.seal"]',
        'A = {"grant", "revoke"}',
        'match x:\n    case "item.open" | "item.seal": pass',
    ):
        assert list(_tables(ast.parse(table)))
    for none in ('A = {"item.open"}', 'A = ("read", "export", "object-lock")', 'f("item.open", "x")'):
        assert not list(_tables(ast.parse(none)))


def test_the_table_in_the_docs_is_the_catalogue() -> None:
    """Types, signers and members, in the same order: what stands in brackets is explanation."""
    rows = re.findall(r"^\| `([\w.]+)` \| ([\w, ]+) \| (.*?) \|$", PAGE.read_text(), re.MULTILINE)
    documented = {
        name: (frozenset(signers.split(", ")), format_pages.named(members))
        for name, signers, members in rows
        if name in catalogue.ACTS
    }
    said = {name: (act.signers, [*format_pages.members(act.body)]) for name, act in catalogue.ACTS.items()}
    assert list(documented) == list(said)
    assert documented == said


def test_the_docs_say_which_acts_are_about_the_organisation() -> None:
    (line,) = re.findall(r"^\| `case` \| (.*?) \|$", PAGE.read_text(), re.MULTILINE)
    families = set(re.findall(r"`(\w+)\.\*`", line))
    assert families == {name.split(".")[0] for name in catalogue.CASELESS}


def test_an_act_without_its_rule_or_fold_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for registered, complete in (  # the very dictionaries: `complete` looks at nothing else
        (authority._RULES, rule_registry.complete),
        (fold_registry._AT_START, fold_registry.complete),
        (fold_registry._WITH_CASE, fold_registry.complete),
    ):
        with monkeypatch.context() as patch:
            patch.delitem(registered, next(iter(registered)))
            with pytest.raises(TypeError, match="acts"):
                complete()
        complete()


def test_a_rule_or_a_fold_is_registered_once_and_for_its_own_body() -> None:
    def nothing(*_given: object) -> None:
        """Do nothing."""

    for register in (rule_registry.rule, fold_registry.with_case):
        with pytest.raises(TypeError, match="or another body"):
            register(bodies.Grant)(nothing)
        with pytest.raises(TypeError, match="or another body"):
            register(bodies.Grant, "read")(nothing)


def test_a_row_says_nothing_about_members_that_are_not_there() -> None:
    signers = frozenset({"root"})
    with pytest.raises(TypeError, match="has no grant, and its brings is one"):
        catalogue.Act("team.open", bodies.TeamOpen, signers, "all", "start", brings="grant")
    for company in ("item", "reader", "alarm"):
        with pytest.raises(TypeError, match=f"which {company}"):
            catalogue.Act("team.open", bodies.TeamOpen, signers, company, "start")
    with pytest.raises(TypeError, match="no column"):
        catalogue.where(erased=True)


def _tables_in(source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the tables of a file; most files name no two types, and are not parsed."""
    if sum(f'"{name}"' in source for name in catalogue.ACTS) > 1:
        yield from _tables(ast.parse(source))


def _tables(tree: ast.AST) -> Iterator[tuple[int, list[str]]]:
    """Yield literal collections that hold two or more types: with a dot in one of them, or nothing but types."""
    for node in ast.walk(tree):
        match node:
            case ast.Set(elts=found) | ast.List(elts=found) | ast.Tuple(elts=found):
                values: list[Any] = list(found)
            case ast.Dict(keys=found):
                values = list(found)
            case ast.MatchOr(patterns=found):
                values = [one.value for one in found if isinstance(one, ast.MatchValue)]
            case _:
                continue
        words = [one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        names = [word for word in words if word in catalogue.ACTS]
        if len(names) > 1 and (any("." in name for name in names) or len(names) == len(words)):
            yield getattr(node, "lineno", 0), names
