"""`getuige serve`: the API and the pages, until SIGTERM or Ctrl-C."""

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def serve() -> None:
        """Serve the API and the pages. Settings come from variables that begin with GETUIGE_."""
        from server.serving import serve as run
        from server.settings import Settings

        run(Settings.load())
