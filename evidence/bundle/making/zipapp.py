"""The verifier as one file: `python -m evidence.bundle.making.zipapp OUT` (or `make verifier`).

The file holds the modules of `evidence` that the verifier imports and nothing else; the same sources give the same
bytes, so that two people who build it can compare. It needs Python 3.11, PyNaCl and `cryptography`.
"""

import ast
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from evidence.bundle.making.sealed import ZIP_EPOCH

ENTRY: Final = "evidence.bundle.checking.cli"
SHEBANG: Final = b"#!/usr/bin/env python3\n"
_PACKAGE: Final = Path(__file__).parents[2]
_SCRIPT: Final = "bundle/checking/shell/*.sh"
"""The verifier knows what they make, byte for byte: one that somebody swapped in a bundle is not ours."""

_MAIN: Final = """\
import sys

if sys.version_info < (3, 11):
    sys.exit("Python 3.11 is nodig / Python 3.11 is needed")
try:
    import nacl
    from cryptography import cobblestone
except ImportError as error:
    sys.stderr.write(f"{error}\\nNodig / needed: pip install pynacl 'cryptography>=50'\\n")
    sys.exit(2)
from evidence.bundle.checking.cli import main

sys.exit(main())
"""


def build(target: Path) -> list[str]:
    """Write the file to `target`, executable; return the names of the modules in it."""
    modules = sorted(_needed(ENTRY))
    with target.open("wb") as file:
        file.write(SHEBANG)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, "__main__.py", _MAIN.encode())
            for path in (*sorted(_PACKAGE.glob(_SCRIPT)), *map(_file, modules)):
                _add(archive, f"evidence/{path.relative_to(_PACKAGE).as_posix()}", path.read_bytes())
    target.chmod(0o755)
    return modules


def _needed(entry: str) -> set[str]:
    """Return `entry`, all that it imports of `evidence`, and the packages around them."""
    found: set[str] = set()
    waiting = [entry]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        waiting += [module.rpartition(".")[0]] if "." in module else []
        waiting += _imports(module)
    return found


def _imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(_file(module).read_bytes())):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            named = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in named if name.split(".")[0] == "evidence" and _file(name).exists())


def _file(module: str) -> Path:
    path = _PACKAGE.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, ZIP_EPOCH)
    info.external_attr = 0o644 << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and its one argument
        sys.exit("python -m evidence.bundle.making.zipapp OUT")
    out = Path(sys.argv[1])
    sys.stdout.write(f"{out}: {len(build(out))} modules, {out.stat().st_size:,} bytes\n")
