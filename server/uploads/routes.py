"""Uploads over HTTP, in both dialects; an upload that was begun in one may go on in the other."""

from fastapi import APIRouter

from server.auth.door import DoorRoute
from server.uploads import resumable_routes, tus_routes

router = APIRouter(route_class=DoorRoute)
router.include_router(tus_routes.router)
router.include_router(resumable_routes.router)
