"""Paths as the user gives them, and files that are written whole or not at all."""

from __future__ import annotations

import errno
import gc
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hpstudy.errors import UserError
from hpstudy.expected import one_line

_LONGEST_PATH = 400  # characters of one that a message shows; file systems take 255 a part
_started: list[str] = []  # the folders that commands began in, the innermost last


_HOLD_BACK = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)


def flush_files() -> None:
    """Writes out what open files hold back.

    As Python ends it closes them only where it still looks for garbage.
    """
    for one in gc.get_objects():
        if issubclass(type(one), _HOLD_BACK):
            with suppress(Exception):  # closed, or what it writes to is
                one.flush()


@contextmanager
def started_here() -> Iterator[None]:
    """In the block, paths are printed from the folder where one is now.

    A command begins so: an objective may go elsewhere, what was given relative to here may not.
    """
    _started.append(_here())
    try:
        yield
    finally:
        _started.pop()


def _here() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:  # a folder that is gone
        return os.environ.get("PWD", "")


def absolute(path: Path, option: str = "") -> Path:
    """Returns a path that means the same file wherever the process goes.

    Args:
        path: The path as given.
        option: The option that gave it, for the message.

    Raises:
        UserError: There can be no such path.
    """
    where = one_line(f"{option} {path}" if option else f"{path}", _LONGEST_PATH)
    try:
        found = path.absolute()
        found.exists()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{error}"
        raise UserError(f"{where}: no path: {reason}") from error
    return found


def shown(path: Path) -> str:
    """Returns a path as it is printed: from the folder where the command began, if it is in there.

    A program that is no command begins one nowhere: there it is the folder where one is now. An
    absolute path made of a relative one comes back as it was given.
    """
    start = _started[-1] if _started else _here()
    return str(path.relative_to(start) if path.is_relative_to(start) else path)


# What the system says of its limits, whatever one was about to do.
_LIMITS = {
    errno.EMFILE: "too many open files: raise the limit (ulimit -n), or take fewer --workers",
    errno.ENFILE: "too many open files on this machine",
    errno.EAGAIN: "no more processes can be started: raise the limit (ulimit -u), or take fewer",
    errno.ENOMEM: "there is no memory left to start a process",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full for this user (quota)",
}


def limit_met(error: OSError) -> str | None:
    """Says which of the system's limits an error is about; None for any other error."""
    where = f"{shown(Path(error.filename))}: " if isinstance(error.filename, str) else ""
    return f"{where}{_LIMITS[error.errno]}" if error.errno in _LIMITS else None


def identity(path: Path) -> tuple[int, int] | None:
    """Returns which file is at a path now, as long as somebody has it open; None for none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def replacing(path: Path, name: str = "") -> Iterator[Path]:
    """Gives a draft beside a file to write to, and puts it in the file's place at the end.

    Whoever reads the file never sees half of it, and where writing fails the old one stays.

    Args:
        path: The file; its folder is created if it is missing.
        name: What the message calls it, if not its path.

    Raises:
        UserError: It can't be written.
    """
    whole = Path(os.path.realpath(path))
    draft = whole.with_name(f".{whole.name}.{os.getpid()}")
    try:
        if whole.exists() and not whole.is_file():
            yield whole  # such as /dev/stdout: written as it is, never replaced
            return
        whole.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        draft.replace(whole)
    except OSError as error:
        reason = error.strerror or f"{error}"
        if isinstance(error, FileExistsError | NotADirectoryError):
            reason = f"{shown(path.parent)} is no folder"
        raise UserError(f"{name or shown(path)}: can't be written: {reason}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
