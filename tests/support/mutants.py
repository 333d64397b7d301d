"""Mutants of the rules, made from the syntax tree: one small wrong change each, in the place of one function's code.

A mutant lives in this process only: the function keeps its identity and gets another `__code__`, so every module that
imported it runs the mutant, and nothing is imported anew.
"""

import ast
import copy
import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

import evidence.statements

ROOM: Final = Path(evidence.statements.__file__).parent
REFUSALS: Final = frozenset({"refuse", "NotAllowedError"})
"""Names that are called to refuse."""

_OTHER: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
"""A comparison and its neighbour: orders move by one at the boundary, the others turn round."""


@dataclass(frozen=True)
class Site:
    """A function of the code, and where it stands."""

    module: str
    path: Path
    qualname: str
    node: ast.FunctionDef

    def live(self) -> FunctionType:
        """Return the function that runs."""
        found: Any = importlib.import_module(self.module)
        for part in self.qualname.split("."):
            found = inspect.getattr_static(found, part)
        if isinstance(found, property):
            found = found.fget
        elif isinstance(found, functools.cached_property):
            found = found.func
        found = inspect.unwrap(getattr(found, "__func__", found))
        assert isinstance(found, FunctionType), f"{self.module}.{self.qualname} is no function"
        return found


@dataclass(frozen=True)
class Mutant:
    """One change to one function."""

    site: Site
    line: int
    what: str
    code: CodeType

    def __str__(self) -> str:
        return f"{self.site.path.relative_to(ROOM.parents[1])}:{self.line} {self.site.qualname}: {self.what}"

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Let the mutant run in the place of the function."""
        function = self.site.live()
        healthy = function.__code__
        function.__code__ = self.code
        try:
            yield
        finally:
            function.__code__ = healthy


def sites(under: Path = ROOM) -> list[Site]:
    """Return every function and method of the modules under a folder."""
    found = []
    for path in sorted(under.rglob("*.py")):
        parts = path.relative_to(ROOM.parents[1]).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = ast.parse(path.read_text())
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                found.append(Site(module, path, node.name, node))
            elif isinstance(node, ast.ClassDef):
                methods = (each for each in node.body if isinstance(each, ast.FunctionDef))
                found += [Site(module, path, f"{node.name}.{each.name}", each) for each in methods]
    return found


def refusals(site: Site) -> list[ast.Call]:
    """Return the calls in a function that refuse."""
    calls = (node for node in ast.walk(site.node) if isinstance(node, ast.Call))
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in REFUSALS]


def mutants_of(site: Site, *, whole: bool = False) -> Iterator[Mutant]:
    """Make the mutants of a function.

    Each refusal is taken out, each comparison is moved or turned round, each clause of a condition is left out. With
    `whole`, *and* and *or* change places, a *not* is left out, *any* and *all* change places, and so do plus and minus.
    """
    nodes = list(ast.walk(site.node))
    for at, node in enumerate(nodes):
        for what, change in _changes(node, whole=whole):
            tree = copy.deepcopy(site.node)
            target = list(ast.walk(tree))[at]
            replaced = change(target)
            if replaced is not target:
                _Replace(target, replaced).visit(tree)
            yield Mutant(site, getattr(node, "lineno", 0), what, _compiled(site, tree))


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:  # noqa: ANN401 - as in ast.NodeTransformer
        return ast.copy_location(self.new, node) if node is self.old else self.generic_visit(node)


Change = Callable[[Any], ast.AST]


def _changes(node: ast.AST, *, whole: bool) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))) if name in REFUSALS:
            yield f"without {ast.unparse(node)[:60]}", lambda _: ast.Pass()
        case ast.Compare(ops=ops):
            for place, op in enumerate(ops):
                yield f"{ast.unparse(node)}: {_OTHER[type(op)].__name__}", functools.partial(_moved, place)
        case ast.BoolOp(op=op, values=values):
            for place, value in enumerate(values):
                yield f"without {ast.unparse(value)}", functools.partial(_without, place)
            if whole:
                other = ast.And() if isinstance(op, ast.Or) else ast.Or()
                yield f"{type(other).__name__} in {ast.unparse(node)[:60]}", lambda it: ast.BoolOp(other, it.values)
        case ast.UnaryOp(op=ast.Not()) if whole:
            yield f"without not: {ast.unparse(node)}", lambda it: it.operand
        case ast.Name(id="any" | "all" as name) if whole:
            other_name = "all" if name == "any" else "any"
            yield f"{other_name} for {name}", lambda it: ast.Name(other_name, it.ctx)
        case ast.BinOp(op=ast.Add() | ast.Sub() as sign) if whole:
            turned = ast.Sub() if isinstance(sign, ast.Add) else ast.Add()
            yield f"{type(turned).__name__} in {ast.unparse(node)}", lambda it: ast.BinOp(it.left, turned, it.right)
        case _:
            pass


def _moved(place: int, compare: ast.Compare) -> ast.AST:
    compare.ops[place] = _OTHER[type(compare.ops[place])]()
    return compare


def _without(place: int, condition: ast.BoolOp) -> ast.AST:
    del condition.values[place]
    return condition.values[0] if len(condition.values) == 1 else condition


def _compiled(site: Site, tree: ast.FunctionDef) -> CodeType:
    tree.decorator_list = []
    module = ast.fix_missing_locations(ast.Module([tree], []))
    code = compile(module, str(site.path), "exec", dont_inherit=True)
    (found,) = (each for each in code.co_consts if isinstance(each, CodeType))
    return found


def runs(work: Callable[[], object]) -> frozenset[CodeType]:
    """Return the code of every function that runs while `work` does."""
    seen: set[CodeType] = set()

    def note(frame: Any, event: str, _arg: object) -> None:  # noqa: ANN401 - a frame
        if event == "call":
            seen.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return frozenset(seen)
