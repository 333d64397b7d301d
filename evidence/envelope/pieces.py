"""Pieces of a text: whoever writes it cuts it after sentences and lines, so that a sentence can be withheld by itself.

No reader needs a rule for where it was cut: joined again, the pieces are the words.
"""

import itertools
import re
from typing import Final

from evidence import schema

_ENDS: Final = re.compile(r"""\n|[.!?\u2026]+["'\u2019\u201d\u00bb)]*[ \t]+""")
"""The end of a line or of a sentence, with the blanks after it."""


def cut(text: str) -> schema.Pieces:
    """Return `text` in sentences and lines, or in runs of them where there are more than `schema.MAX_TOLD`."""
    ends = [0, *(match.end() for match in _ENDS.finditer(text)), len(text)]
    found = [text[start:end] for start, end in itertools.pairwise(ends) if start < end]
    run = -(-len(found) // schema.MAX_TOLD) or 1
    return schema.Pieces(tuple("".join(found[at : at + run]) for at in range(0, len(found), run)))
