"""Tags of what he did, for which the pages have a word. Another tag is kept, and shown, as it was written."""

from typing import Final

TAGS: Final = ("visit", "threat", "following", "message", "call", "online", "tracking", "gift", "damage", "other")
