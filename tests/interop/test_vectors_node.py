"""The published vectors hold for the browser's modules too, run in Node: what must come out does, the rest is refused.

Vectors that need the whole schema of a statement are left to Python: the page shows only what the authority rules let
into the journal, and names no type that it does not know.
"""

import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.vectors import operations
from tests.vectors.operations import b64, un

pytestmark = pytest.mark.need("node")

RUNNER = Path(__file__).parent / "vectors.mjs"


def test_every_vector_holds_in_the_browsers_modules() -> None:
    files = [str(operations.FOLDER / f"{name}.json") for name in operations.FILES]
    vectors = [vector for name in operations.FILES for vector in operations.load(name)]
    left = sum("needs" in vector for vector in vectors)

    done = subprocess.run(["node", str(RUNNER), *files], capture_output=True, text=True, check=False)

    *wrong, count = done.stdout.splitlines() or [done.stderr]
    assert not wrong, "\n".join(wrong)
    assert json.loads(count) == {"right": len(vectors) - left, "left": left}, done.stderr


ALPHABET = "0123456789-:TZ+/.XX~?% 2\u0662"


def mutated_text(chance: random.Random, given: dict[str, Any]) -> dict[str, Any]:
    text = list(str(given["text"]))
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(text))
        text[at : at + chance.randint(0, 2)] = chance.choices(ALPHABET, k=chance.randint(0, 2))
    return {"text": "".join(text)}


def mutated_bytes(chance: random.Random, given: dict[str, Any]) -> dict[str, Any]:
    data = bytearray(un(given["bytes"]))
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, min(len(data), 200))
        data[at : at + chance.randint(0, 4)] = chance.randbytes(chance.randint(0, 4))
    return {"name": given["name"], "bytes": b64(bytes(data))}


@pytest.mark.parametrize(("name", "mutated"), [("time", mutated_text), ("type", mutated_bytes)])
def test_python_and_the_page_agree_on_what_nobody_wrote_down(
    name: str, mutated: Callable[[random.Random, dict[str, Any]], dict[str, Any]], tmp_path: Path
) -> None:
    """Thousands of texts and files that are nearly those of the vectors: whatever Python says, the page says too."""
    chance = random.Random(20261130)
    known, made = operations.load(name), []
    for number in range(4000):
        vector = chance.choice(known)
        given = mutated(chance, vector["given"])
        one = {"name": f"{number}: {given}"[:300], "do": vector["do"], "given": given}
        made.append({**one, **operations.perform(one)})
    (tmp_path / "made.json").write_text(json.dumps({"vectors": made}))
    done = subprocess.run(
        ["node", str(RUNNER), str(tmp_path / "made.json")], capture_output=True, text=True, check=False, timeout=120
    )
    *wrong, count = done.stdout.splitlines() or [done.stderr]
    assert not wrong, "\n".join(wrong[:5])
    assert json.loads(count) == {"right": len(made), "left": 0}, done.stderr
    assert len({"refused" in one for one in made} | {str(one.get("gives", {}).get("mime")) for one in made}) > 2
