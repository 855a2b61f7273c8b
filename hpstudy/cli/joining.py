"""Printing what a worker did that has joined a command."""

from __future__ import annotations

import json
from dataclasses import asdict

from hpstudy.cli.app import tell
from hpstudy.store.addresses import shown_url
from hpstudy.study.joining import Joined
from hpstudy.views.states import alike_failures
from hpstudy.wording import counted, elapsed


def print_joined(joined: Joined, url: str, *, as_json: bool) -> None:
    """Prints what came of joining a command.

    Args:
        joined: What came of it.
        url: The database's address.
        as_json: Whether to print one JSON document.
    """
    for line in alike_failures(joined.failed):
        tell(f"Failed: {line}", err=True)
    if as_json:
        failed = [{k: v for k, v in asdict(one).items() if k != "trace"} for one in joined.failed]
        told = {**asdict(joined), "failed": failed, "storage": shown_url(url)}
        tell(json.dumps(told, indent=2, allow_nan=False))
        return
    what = f"the {'comparison' if joined.command == 'compare' else joined.command}"
    did = f"{counted(joined.trainings, 'training')}, {counted(joined.epochs, 'epoch')}"
    raised = f", {counted(len(joined.failed), 'point')} failed" if joined.failed else ""
    left = f"; {counted(joined.left, 'point')} of it left" if joined.left else ""
    took = elapsed(joined.seconds)
    tell(f"Joined {what} of {joined.study!r}: {did} in {took}{raised}{left}.")
