"""Words for kinds of items. One word is sealed for all that a device says; a press is no position."""

from typing import Final

from evidence.envelope.meta import Alarm, Meta

POSITION: Final = "position"
"""Where a device was while its alarm was open: sealed with kind `alarm`, and `position` as the kind of message
(`docs/formats/device.md`). Counted as an alarm it would make hundreds of one press."""


def kind_of(meta: Meta) -> str:
    """Return the kind of an item for people and for counting: its own, or `position`."""
    return POSITION if isinstance(meta, Alarm) and meta.alarm.kind == POSITION else meta.kind
