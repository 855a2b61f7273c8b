"""The consoles that everything is printed on."""

from __future__ import annotations

from rich.console import Console


def plain_console(*, stderr: bool = False) -> Console:
    """Returns a console that prints text as it is: names and titles are the user's, not markup.

    Args:
        stderr: Whether it prints there rather than on stdout.
    """
    return Console(stderr=stderr, markup=False, emoji=False)
