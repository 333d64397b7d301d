"""Every act in Getuige as a typed value: the body of each statement type, one file a family.

The files are leaves: they know names (`evidence.ids`) and each other's parts, no rule and no table. Which acts there
are, who signs each and what becomes of it says `evidence.statements.catalogue`. This room shows all bodies by one name.
"""

from evidence.statements.alarm_words import *  # noqa: F403 - the words of alarms
from evidence.statements.bodies.alarms import *  # noqa: F403 - all of each family, so that a new body is said once
from evidence.statements.bodies.body import Body as Body
from evidence.statements.bodies.cases import *  # noqa: F403
from evidence.statements.bodies.consent import *  # noqa: F403
from evidence.statements.bodies.devices import *  # noqa: F403
from evidence.statements.bodies.erasure import *  # noqa: F403
from evidence.statements.bodies.items import *  # noqa: F403
from evidence.statements.bodies.organisation import *  # noqa: F403
from evidence.statements.bodies.rescue import *  # noqa: F403
