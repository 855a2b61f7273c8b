"""The address of a database: checked, shown, and the file that it names."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from hpstudy.errors import UserError
from hpstudy.files import shown


def check_url(url: str) -> URL:
    """Parses a database address.

    Raises:
        UserError: It is no address, or not of a database that hpstudy works with.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UserError(
            "--storage: not a database address; expected sqlite:///path/to/file.db"
        ) from error
    if parsed.get_backend_name() != "sqlite":
        raise UserError(f"--storage: expected sqlite:///path/to/file.db, found {shown_url(url)}")
    if parsed.database in (None, "", ":memory:"):
        raise UserError("--storage: expected the path of a file: sqlite:///path/to/file.db")
    return parsed


def shown_url(url: str) -> str:
    """Returns a database address as it may be printed: from here, and without the password."""
    parsed = make_url(url)
    return parsed.set(database=shown(Path(parsed.database or ""))).render_as_string(
        hide_password=True
    )


def file_of(url: str) -> Path:
    """Returns the file that holds a database."""
    return Path(check_url(url).database or "")
