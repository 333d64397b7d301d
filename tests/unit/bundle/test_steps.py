"""Proves that the steps of the check have the same numbers in the verifier, in its sentences and on the format page."""

import re
from pathlib import Path

from evidence.bundle.checking import texts, verify

PAGE = Path(__file__).parents[3] / "docs/formats/sealed-bundle.md"
CHECKING = Path(verify.__file__).parent


def numbered(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]


def test_the_page_and_the_sentences_have_the_same_steps() -> None:
    section = PAGE.read_text().split("## What `getuige verify` says")[1].split("###")[0]
    assert numbered(section) == list(texts.BY_STEP)


def test_the_verifier_lists_the_steps_of_a_bundle() -> None:
    assert numbered(verify.__doc__ or "") == list(texts.BY_STEP)[:-2], "a receipt and an erasure are checked alone"


def test_each_claim_that_is_made_belongs_to_one_step() -> None:
    made = {
        code
        for path in CHECKING.glob("*.py")
        for code in re.findall(r"findings\.(?:proven|failed|note)\(\s*\"([a-z-]+)\"", path.read_text())
    }
    assert len(made) > 30
    assert made <= set(texts.STEP_OF)
    assert len(texts.TEXTS) == sum(len(step) for step in texts.BY_STEP.values()), "no code stands in two steps"
