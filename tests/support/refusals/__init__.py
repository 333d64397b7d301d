"""The table of refusals: for each reason and text that `evidence.statements` refuses with, a history and a statement.

Beside them stand statements at the very edge that are allowed, so that a rule that refuses too much is found out as
well. The families register their cases when they are imported; `world.told` returns them all.
"""

from tests.support.refusals import (
    alarms,
    cases,
    consent,
    devices,
    erasure,
    items,
    organisation,
    readers,
    rescue,
    signing,
)

FAMILIES = (signing, organisation, cases, devices, items, consent, readers, rescue, erasure, alarms)
