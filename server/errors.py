"""The one error root of the `server` package."""


class ServerError(Exception):
    """The server could not do what was asked; `server.problems` says it to people."""
