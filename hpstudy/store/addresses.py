"""The address of a database: checked, shown, and the file that it names."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from hpstudy.errors import UserError
from hpstudy.files import shown

_EXPECTED = "expected sqlite:///path/to/file.db or postgresql://user@host/database"
_SERVER = "postgresql+psycopg"
_SERVERS = ("postgres", "postgresql", _SERVER)
_SECRET = ("password", "sslpassword")  # what may stand behind the "?" of a server's address


def check_url(url: str) -> URL:
    """Parses a database address; a server's names its driver from here on.

    Raises:
        UserError: It is no address, or not of a database that hpstudy works with.
    """
    parsed = _parsed(url)
    if parsed.drivername in _SERVERS:
        _check_driver()
        return parsed.set(drivername=_SERVER)
    if parsed.get_backend_name() != "sqlite":
        raise UserError(f"--storage: {_EXPECTED}, found {shown_url(url)}")
    if parsed.database in (None, "", ":memory:"):
        raise UserError("--storage: expected the path of a file: sqlite:///path/to/file.db")
    return parsed


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:  # what it says may hold the password
        raise UserError(f"--storage: not a database address; {_EXPECTED}") from error


def _check_driver() -> None:
    try:
        import psycopg  # noqa: F401 - only PostgreSQL's users have it
    except ImportError as error:
        raise UserError(
            "--storage: PostgreSQL needs a driver: pip install 'hpstudy[postgres]'"
        ) from error


def is_file(url: str) -> bool:
    """Tells whether a database is a file, not a server's."""
    return check_url(url).get_backend_name() == "sqlite"


def whole_url(url: str) -> str:
    """Returns an address as SQLAlchemy takes it, with its password."""
    return check_url(url).render_as_string(hide_password=False)


def shown_url(url: str) -> str:
    """Returns a database address as it may be printed: from here, and without a password.

    A server's can be typed in as it is shown: the driver finds a password in PGPASSWORD or
    ~/.pgpass.
    """
    parsed = _parsed(url)
    if parsed.drivername in _SERVERS:
        query = {name: value for name, value in parsed.query.items() if name not in _SECRET}
        parts = (parsed.username, None, parsed.host, parsed.port, parsed.database)
        return URL.create(_SERVER, *parts, query).render_as_string()
    return parsed.set(database=shown(Path(parsed.database or ""))).render_as_string(
        hide_password=True
    )


def file_of(url: str) -> Path:
    """Returns the file that holds a database."""
    return Path(check_url(url).database or "")
