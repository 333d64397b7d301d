"""Foreign text on a terminal: one line, as it was written, with nothing in it that a terminal or an eye would act on.

Titles and file names come from whoever holds her phone. A control sequence could clear the screen of whoever reads
them, a direction override could turn a name round, and rich would take brackets for markup.
"""

from typing import Final

_JOINERS: Final = frozenset("\u200c\u200d")
"""Without these Persian and emoji families fall apart; they move nothing."""


def one_line(text: str) -> str:
    r"""Return `text` with what cannot be seen written out, such as `\u202e`."""
    return "".join(one if one.isprintable() or one in _JOINERS else f"\\u{ord(one):04x}" for one in text)
