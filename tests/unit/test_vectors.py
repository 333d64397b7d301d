"""The published vectors are what Python makes and refuses, and writing them anew changes nothing.

`tests/interop/test_vectors_node.py` puts the same files to the browser's modules.
"""

from typing import Any

import pytest

from tests.vectors import make, operations

VECTORS = [
    pytest.param(vector, id=f"{name}: {vector['name']}")
    for name in operations.FILES
    for vector in operations.load(name)
]


@pytest.mark.parametrize("vector", VECTORS)
def test_a_vector_comes_out(vector: dict[str, Any]) -> None:
    expected = {member: vector[member] for member in ("gives", "refused") if member in vector}
    assert operations.perform(vector) == expected


def test_making_them_anew_changes_nothing() -> None:
    for name, document in make.documents().items():
        assert (operations.FOLDER / f"{name}.json").read_text(encoding="utf-8") == make.text(document)


def test_every_file_holds_what_must_come_out_and_what_must_be_refused() -> None:
    for name in operations.FILES:
        vectors = operations.load(name)
        nothing_refused = name in {"type", "pattern"}  # every file has a type, every case figures
        assert nothing_refused or {"gives", "refused"} <= set().union(*vectors), name
        assert len({vector["name"] for vector in vectors}) == len(vectors), name
