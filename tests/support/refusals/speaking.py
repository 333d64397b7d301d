"""Who of the world of refusals may say which act, and the names that a hostile body may rightly use there."""

from typing import Any, Final

from evidence import ids
from tests.support.refusals.world import World

SPEAKERS: Final = {
    "root": "root",
    "server": "server",
    "bridge": "bridge",
    "caseworker": "lead",
    "investigator": "investigator",
    "dispatcher": "dispatcher",
    "vault": "here.vault",
    "phone": "here.phone",
    "newcomer": "nobody",
}


def names_in(w: World) -> dict[Any, str]:
    return {
        ids.CaseId: w.here.case,
        ids.ItemId: w.here.item,
        ids.DeviceId: w.button,
        ids.TeamId: w.team,
        ids.KeyId: w.lead.kid,
        ids.Time: w.now,
    }
