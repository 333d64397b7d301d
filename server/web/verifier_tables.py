"""The tables of the page's verifier, made from the code that they copy.

`core/acts.js` says who signs each type of statement (`evidence.statements.catalogue`), `core/verifier/pinned.js` the
SHA-256 of the two texts that every bundle brings, the step of each claim, and what roles are called. `python -m
server.web.verifier_tables` (part of `make docs`) writes both; a test compares.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

from evidence.bundle.checking import names
from evidence.bundle.checking.texts import STEP_OF
from evidence.bundle.format import layout
from evidence.bundle.format.howto import HOWTO_TEXT
from evidence.statements import catalogue

_CORE: Final = Path(__file__).parent / "static/core"
_BY: Final = "made by `python -m server.web.verifier_tables`: not by hand"


def texts() -> dict[Path, str]:
    """Return the files."""
    acts = (
        f"  {json.dumps(name)}: {{ signers: {json.dumps(sorted(act.signers))}, "
        f"caseless: {json.dumps(act.scope == 'organisation')} }},\n"
        for name, act in catalogue.ACTS.items()
    )
    script = (resources.files("evidence.bundle.checking") / layout.SCRIPT).read_bytes()
    pinned = {layout.HOWTO: HOWTO_TEXT.encode(), layout.SCRIPT: script}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in pinned.items()}
    roles = {role: {"nl": dutch, "en": english} for role, (dutch, english) in names.ROLES.items()}
    return {
        _CORE / "acts.js": f"/** Who signs each type of statement, {_BY}. */\n\n"
        "/** @type {Record<string, {signers: string[], caseless: boolean}>} */\n"
        f"export const ACTS = {{\n{''.join(acts)}}};\n",
        _CORE / "verifier/pinned.js": f"/** What the verifiers have in common, {_BY}. */\n\n"
        "/** SHA-256 of the texts that Getuige puts into a bundle. @type {Record<string, string>} */\n"
        f"export const TEXTS = {_members(hashes)};\n\n"
        "/** The step of each claim; of what is not checked, that of the limits. @type {Record<string, number>} */\n"
        f"export const STEPS = {_members({**STEP_OF, 'not-checked-here': STEP_OF['limits']})};\n\n"
        "/** What the roles of keys are called. @type {Record<string, {nl: string, en: string}>} */\n"
        f"export const ROLES = {_members(roles)};\n",
    }


def _members(table: Mapping[str, object]) -> str:
    lines = (f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},\n" for name, value in table.items())
    return f"{{\n{''.join(lines)}}}"


if __name__ == "__main__":
    for path, text in texts().items():
        path.write_text(text, "utf-8")
