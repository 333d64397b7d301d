"""Step 4: her alarm device presses; a dispatcher sees it, acts by name, and the device hears it."""

import json
from typing import Final

from evidence import ids
from server.clients.caseworker import Caseworker, Device
from server.demo import story
from server.demo.stage import Stage

HEARD_WITHIN_S: Final = 20.0
"""A press is stored in milliseconds; this leaves room for a bridge that has just learned of the device."""

ACTS: Final = ("alarm.claim", "alarm.accept", "alarm.dispatch", "alarm.on_scene")


def device(stage: Stage) -> str:
    """The caseworker lends out an alarm device, with the dispatcher card."""
    made = json.loads(stage.command("device", "new", *_folder(stage), "--json"))
    worker = Caseworker(stage.signer(story.CASEWORKER.handle))
    lent = Device(ids.DeviceId(made["device"]), ids.PublicKey(made["sign"]), "30min", story.COVENANT)
    card = ids.ItemId(stage.ledger.new_id("item-card"))
    stage.ledger.once("device-lent", lambda: worker.lend(stage.case, lent, card))
    return f"alarm device {lent.device[:8]}… lent out; supervision class {lent.profile}"


def _folder(stage: Stage) -> tuple[str, str]:
    return ("--folder", str(stage.people.alarm_device))


def alarm(stage: Stage) -> str:
    """She presses; a dispatcher hears it live, opens the card, and acts until it is closed."""
    raise NotImplementedError
