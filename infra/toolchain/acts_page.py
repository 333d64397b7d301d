"""Write docs/formats/acts.md, who signs which act, from the catalogue; `--check` only compares.

`python infra/toolchain/acts_page.py [--check]`
"""

import difflib
import sys
from pathlib import Path
from typing import Final, get_args

from evidence.statements import catalogue
from evidence.statements.catalogue import Act, Speaker

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "formats" / "acts.md"
ROLES: Final[tuple[str, ...]] = get_args(Speaker)

HEAD: Final = """\
<!-- Made by infra/toolchain/acts_page.py from evidence/statements/catalogue.py; do not edit. -->

# Who signs which act

● signs it; every other role, a desk and an alarm device among them, is refused it, with one answer, and nothing of it
is kept. *+ name* is a member that names a second key, which signs it too where there is one. *Rules*: its signer's role
is not enough ([statement](statement.md#rules-beyond-the-signers-role)). *Erased*: its event goes with an item that it
is about.
"""


def page() -> str:
    """Return the Markdown page."""
    heads = ("act", *ROLES, "about", "rules", "erased")
    rows = [_row(act) for act in catalogue.ACTS.values()]
    lines = [heads, ("---", *(":-:" for _ in ROLES), "---", ":-:", ":-:"), *rows]
    return HEAD + "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n\n" + _counted() + "\n"


def _row(act: Act) -> tuple[str, ...]:
    name = f"`{act.name}`" if act.cosigner is None else f"`{act.name}` + `{act.cosigner}`"
    signs = ("●" if role in act.signers else "" for role in ROLES)
    return name, *signs, act.scope, "yes" if act.rule else "", "yes" if act.erasable else ""


def _counted() -> str:
    signed = sum(len(act.signers) for act in catalogue.ACTS.values())
    cells = len(catalogue.ACTS) * len(ROLES)
    return f"{len(catalogue.ACTS)} acts, {len(ROLES)} roles: {signed} of {cells} cells are allowed."


def main(arguments: list[str]) -> int:
    """Write or compare the page; return the exit code."""
    made = page()
    if "--check" not in arguments:
        PAGE.write_text(made)
        return 0
    kept = PAGE.read_text() if PAGE.exists() else ""
    if kept == made:
        return 0
    print("\n".join(difflib.unified_diff(kept.splitlines(), made.splitlines(), str(PAGE), "catalogue", "", "", 1)))
    print("\nMend: make docs, and read what changed")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
