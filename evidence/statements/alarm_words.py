"""Kinds of alarms, and reasons to close one: words that the press lane needs without the rest of the statements."""

from typing import Literal

AlarmKind = Literal["press", "duress", "test", "tamper", "overdue"]
CloseReason = Literal["genuine", "accidental", "test", "technical"]
