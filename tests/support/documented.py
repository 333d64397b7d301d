"""The server's application and its OpenAPI document as tests walk them, made once: that takes most of a second."""

from functools import cache
from typing import Any

from fastapi import FastAPI

from server import openapi
from server.app import create_app
from server.settings import Settings


@cache
def application() -> FastAPI:
    """The application with the settings that hold when nobody chose any; it was never started."""
    return create_app(Settings())


@cache
def document() -> dict[str, Any]:
    """What it says of itself; nobody changes it."""
    return openapi.build(application())
