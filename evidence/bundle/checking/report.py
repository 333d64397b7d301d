"""The verifier's report: one verdict per claim, as codes for machines and for people in Dutch and English."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from evidence.bundle.checking.names import Language, Owner, Tally
from evidence.bundle.checking.texts import STEP_OF, TEXTS

EXIT_PROVEN: Final = 0
EXIT_FAILED: Final = 1
EXIT_UNREADABLE: Final = 2
"""Exit codes of `getuige verify`: everything claimed holds; something does not; it could not be read at all."""


class Verdict(Enum):
    """PROVEN: it holds. FAILED: it does not. NOTE: true and worth knowing, proves nothing by itself."""

    PROVEN = "proven"
    FAILED = "failed"
    NOTE = "note"


MARKS: Final = {Verdict.PROVEN: "✓", Verdict.FAILED: "✗", Verdict.NOTE: "·"}
WORDS: Final[dict[Language, dict[Verdict, str]]] = {
    "nl": {Verdict.PROVEN: "bewezen", Verdict.FAILED: "NIET BEWEZEN", Verdict.NOTE: "let op"},
    "en": {Verdict.PROVEN: "proven", Verdict.FAILED: "NOT PROVEN", Verdict.NOTE: "note"},
}
VERDICT_CHARACTERS: Final = 12
"""The width of the column of verdicts, so that the numbers of the steps stand below each other."""


@dataclass(frozen=True)
class Claim:
    """One verdict. `code` names the claim (a key of `texts.TEXTS`), `about` the item or event it is about."""

    code: str
    verdict: Verdict
    about: str = ""
    values: dict[str, str] = field(default_factory=dict)
    named: dict[str, Owner | Tally] = field(default_factory=dict)
    """Those of `values` that a reader's language says differently."""

    @property
    def step(self) -> int:
        """The number of the step of the check that the claim belongs to (`evidence.bundle.checking.verify`)."""
        return STEP_OF[self.code]

    def text(self, language: Language) -> str:
        """Return the claim as a sentence."""
        said = self.values | {name: one.text(language) for name, one in self.named.items()}
        return TEXTS[self.code][language].format(about=self.about, **said)


@dataclass(frozen=True)
class Report:
    """All claims about one piece of evidence, in the order in which they were checked."""

    subject: str
    claims: tuple[Claim, ...]

    @property
    def failed(self) -> tuple[Claim, ...]:
        """The claims that do not hold."""
        return tuple(claim for claim in self.claims if claim.verdict is Verdict.FAILED)

    @property
    def exit_code(self) -> int:
        """0 if every claim holds, else 1."""
        return EXIT_FAILED if self.failed else EXIT_PROVEN

    def lines(self, language: Language) -> list[tuple[Verdict, str]]:
        """Return one line per claim for people: mark, verdict in words, number of the step, sentence."""
        return [
            (claim.verdict, f"{_column(claim.verdict, language)} {claim.step:>2}  {claim.text(language)}")
            for claim in self.claims
        ]

    def to_json(self) -> dict[str, object]:
        """Return the report as plain JSON."""
        return {
            "subject": self.subject,
            "proven": not self.failed,
            "claims": [
                {"step": claim.step, "code": claim.code, "verdict": claim.verdict.value, "about": claim.about}
                | claim.values
                for claim in self.claims
            ],
        }


def _column(verdict: Verdict, language: Language) -> str:
    return f"{MARKS[verdict]} {WORDS[language][verdict]:<{VERDICT_CHARACTERS}}"


Progress = Callable[[str, int, int], None]
"""Called with what happens, how much of it is done and how much there is."""


class Findings:
    """Collects claims while a verifier works."""

    def __init__(self, progress: Progress = lambda _what, _done, _of: None) -> None:
        self.progress = progress
        """To be called while a step goes on that a large bundle makes long."""

        self._claims: list[Claim] = []

    def proven(self, code: str, about: str = "", **values: object) -> None:
        """Record that a claim holds."""
        self._add(code, Verdict.PROVEN, about, values)

    def failed(self, code: str, about: str = "", **values: object) -> None:
        """Record that a claim does not hold."""
        self._add(code, Verdict.FAILED, about, values)

    def note(self, code: str, about: str = "", **values: object) -> None:
        """Record something worth knowing."""
        self._add(code, Verdict.NOTE, about, values)

    def report(self, subject: str) -> Report:
        """Return everything that was recorded."""
        return Report(subject, tuple(self._claims))

    def _add(self, code: str, verdict: Verdict, about: str, values: dict[str, object]) -> None:
        said = {name: str(value) for name, value in values.items()}
        named = {name: value for name, value in values.items() if isinstance(value, Owner | Tally)}
        self._claims.append(Claim(code, verdict, about, said, named))
