"""`hpstudy dashboard`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpstudy.cli.app import app, tell
from hpstudy.cli.options import RunsOption, StorageOption


@app.command()
def dashboard(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.")] = 8080,
    runs: RunsOption = Path("runs"),
    storage: StorageOption = None,
) -> None:
    """Open optuna-dashboard on the database, on this machine alone."""
    import signal

    from hpstudy.store.addresses import shown_url
    from hpstudy.store.database import nothing_at, reading
    from hpstudy.study.opened import runs_at
    from hpstudy.views.dashboard.guard import is_loopback
    from hpstudy.views.dashboard.serve import serve

    where = runs_at(runs, storage)

    if not is_loopback(host):
        tell(
            f"Note: {host} can be reached from elsewhere, and the dashboard has no login: whoever "
            "reaches it can change and delete studies.",
            err=True,
        )

    def announce(address: str) -> None:
        tell(f"{address} shows {shown_url(where.url)}; Ctrl-C ends it.")

    with reading(where) as database:
        if database is None:
            raise nothing_at(where.url)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        serve(database, where.artifacts, host=host, port=port, announce=announce)
