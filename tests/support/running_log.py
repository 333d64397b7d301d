"""The log of a running server: an event that comes in, and the proof of it."""

from evidence import ids
from evidence.statements import bodies
from server.rotation import rotating
from tests.support.server_world import World
from tests.support.waiting import until


def add(world: World) -> int:
    """Have an event recorded; return its number."""
    world.root.act("team.open", bodies.TeamOpen(ids.TeamId(ids.new_id()), "Team"))
    return rotating.plan(world.settings).events - 1


def proof(world: World, index: int) -> bytes:
    where = f"/api/v1/receipts/{index}/proof"
    until(lambda: world.root.http.get(where).status_code == 200, f"event {index} is proven")
    return world.root.http.get(where).content
