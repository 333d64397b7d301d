"""The tables of the page's verifier, made from the code that they copy.

`core/acts.js` says who signs each type of statement (`evidence.statements.catalogue`), `core/verifier/pinned.js` the
SHA-256 of the two texts that every bundle brings, the step of each claim, and what roles are called, `sentences.js`
what is said of a claim in Dutch and English, `made.js` what stands in the files that are made from an opened bundle.
`python -m server.web.verifier_tables` (part of `make docs`) writes them; a test compares.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from evidence.bundle.checking import names, report, shell
from evidence.bundle.checking.texts import ONLY_IN_PAGES, STEP_OF, TEXTS
from evidence.bundle.format import kinds, layout
from evidence.bundle.format.howto import HOWTO_TEXT
from evidence.bundle.opening import case_uco, derived, timeline_csv
from evidence.statements import catalogue
from evidence.statements.rules.erasure import ERASE_CLOCK, ERASE_DELAY

_CORE: Final = Path(__file__).parent / "static/core"
_BY: Final = "made by `python -m server.web.verifier_tables`: not by hand"


def texts() -> dict[Path, str]:
    """Return the files."""
    acts = (
        f"  {json.dumps(name)}: {{ signers: {json.dumps(sorted(act.signers))}, "
        f"caseless: {json.dumps(act.scope == 'organisation')}"
        f"{'' if act.cosigner is None else f', cosigner: {json.dumps(act.cosigner)}'}"
        f"{', erasable: true' if act.erasable else ''} }},\n"
        for name, act in catalogue.ACTS.items()
    )
    pinned = {layout.HOWTO: HOWTO_TEXT.encode(), layout.SCRIPT: shell.script()}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in pinned.items()}
    roles = {role: {"nl": dutch, "en": english} for role, (dutch, english) in names.ROLES.items()}
    verdicts = {
        one.value: {"mark": mark, **{language: words[one] for language, words in report.WORDS.items()}}
        for one, mark in report.MARKS.items()
    }
    return {
        _CORE / "acts.js": f"/** Who signs each type of statement, who signs it too, and what is erased, {_BY}. */\n\n"
        "/** @type {Record<string, {signers: string[], caseless: boolean, cosigner?: string, erasable?: boolean}>} */\n"
        f"export const ACTS = {{\n{''.join(acts)}}};\n",
        _CORE / "verifier/pinned.js": f"/** What the verifiers have in common, {_BY}. */\n\n"
        "/** SHA-256 of the texts that Getuige puts into a bundle. @type {Record<string, string>} */\n"
        f"export const TEXTS = {_members(hashes)};\n\n"
        "/** The step of each claim; of what is not checked, that of the limits. @type {Record<string, number>} */\n"
        f"export const STEPS = {_members({**STEP_OF, 'not-checked-here': STEP_OF['limits']})};\n\n"
        "/** How long an erasure waits, less what her clock may be off. */\n"
        f"export const ERASURE_WAITS_MS = {(ERASE_DELAY - ERASE_CLOCK) // timedelta(milliseconds=1)};\n\n"
        "/** What the roles of keys are called. @type {Record<string, {nl: string, en: string}>} */\n"
        f"export const ROLES = {_members(roles)};\n",
        _CORE / "verifier/sentences.js": f"/** The sentences of the verifiers, {_BY}. */\n\n"
        "/** `{name}` is a value of the claim. @type {Record<string, {nl: string, en: string}>} */\n"
        f"export const SENTENCES = {_members({**TEXTS, **ONLY_IN_PAGES})};\n\n"
        "/** @type {Record<string, {mark: string, nl: string, en: string}>} */\n"
        f"export const VERDICTS = {_members(verdicts)};\n\n"
        f"export const VERDICT_CHARACTERS = {report.VERDICT_CHARACTERS};\n\n"
        f"export const INVITED = {_members(names.INVITED)};\n",
        _CORE / "verifier/made.js": f"/** What stands in `timeline.csv` and `case.jsonld`, {_BY}. */\n\n"
        f"export const MAKER = {json.dumps(derived.MAKER)};\n\n"
        "/** The members of all kinds, in the order of the columns. */\n"
        f"export const PATHS = [\n{''.join(f'  {json.dumps(path)},{chr(10)}' for path in kinds.MEMBERS)}];\n\n"
        "/** What is known of an item beside its description. @type {Record<string, string[]>} Dutch, English */\n"
        f"export const AROUND = {_members(timeline_csv.AROUND)};\n\n"
        "/** @type {Record<string, string[]>} Dutch, English */\n"
        f"export const NOT_OPENED = {_members(timeline_csv.NOT_OPENED)};\n\n"
        f"export const CONTEXT = {_members(case_uco.CONTEXT)};\n\n"
        "/** Names are UUIDs (version 5) under this one. */\n"
        f"export const NAMES = {json.dumps(case_uco.NAMES.hex)};\n",
    }


def _members(table: Mapping[Any, object]) -> str:
    lines = (f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},\n" for name, value in table.items())
    return f"{{\n{''.join(lines)}}}"


if __name__ == "__main__":
    for path, text in texts().items():
        path.write_text(text, "utf-8")
