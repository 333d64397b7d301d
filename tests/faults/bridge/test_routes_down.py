"""Every route is down when she presses, and comes back: each failure is seen, and then each receiver has the alarm."""

from pathlib import Path
from typing import Any

import pytest

from device_bridge.routes.development_centre import DevelopmentAlarmCentre
from device_bridge.settings import BridgeSettings
from device_bridge.wire.message import Kind, Location, Told
from evidence import keyfile
from tests.support.bridge_world import World, start_bridge, world
from tests.support.control_room import control_room
from tests.support.lane_threads import reading_of
from tests.support.ports import free_ports
from tests.support.waiting import patience, until

KEY = b"00112233445566778899aabbccddeeff"
HERE = Location(51.9244, 4.4777, 12, 3, "gps")
ROUTES = {"dc09-c", "sip-mk"}


@pytest.mark.need("nats-server", "sipp")
def test_every_route_is_down_and_comes_back(tmp_path: Path) -> None:
    keyfile.load_or_create(tmp_path / "world" / "secrets" / "alarm-centre-c.key", lambda: KEY.hex().encode())
    centre_port, room_port = free_ports(2)
    with world(tmp_path / "world", count=1) as made:
        memory = made.new_device()
        made.bridge.stop()
        more = {
            "alarm_centres": (f"c=127.0.0.1:{centre_port}",),
            "control_rooms": (f"mk=sip:meldkamer@127.0.0.1:{room_port}",),
        }
        made.settings = BridgeSettings.model_validate({**made.settings.model_dump(), **more})
        made.bridge = start_bridge(made.settings)
        with made.switched_on(memory) as device:
            assert device.wait(device.press(Kind.PRESS, HERE), Told.STORED, patience(5)) is not None, (
                "no route holds up a press"
            )
        until(lambda: _outcomes(made, "failed") >= ROUTES, "each failure is in the history")
        (alarm,) = reading_of(made.bridge).newest_alarms(5)
        assert alarm.state == "raised"

        received: list[dict[str, Any]] = []
        centre = DevelopmentAlarmCentre(centre_port, KEY, received.append)
        centre.start()
        try:
            with control_room(tmp_path / "room", port=room_port) as room:
                until(lambda: _outcomes(made, "delivered") >= ROUTES, "each receiver has it", 60)
                until(lambda: [one for one in received if one["message"] != "NULL"], "the handler runs")
                (told,) = [one for one in received if one["message"] != "NULL"]
                assert len(room.received()) == 1
        finally:
            centre.stop()
        assert told["code"] == "PA"
        assert reading_of(made.bridge).alarm(alarm.alarm).state == "delivered"


def _outcomes(made: World, outcome: str) -> set[str]:
    (alarm,) = reading_of(made.bridge).newest_alarms(5)
    return {one.route for one in alarm.routes if one.outcome == outcome}
