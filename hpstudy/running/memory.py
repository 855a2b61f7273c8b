"""Whom the kernel killed for want of memory: what Linux counts of this process and its children.

The kernel says so to nobody: a process just ends by SIGKILL, as if somebody had sent it. But it
counts its victims for each control group, in which all processes of a run are (a container is one).
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hpstudy.wording import size

# Of a group's folder, in version 2 of control groups and in version 1.
_COUNTS = ("memory.events", "memory.oom_control")
_LIMITS = ("memory.max", "memory.limit_in_bytes")
_ROOT = Path("/")
_KILLED = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


class Killings:
    """Tells which deaths were for want of memory.

    The count is one for all processes: each death takes one of it, so that of two workers that died
    by SIGKILL only one was the kernel's where it counts one.
    """

    def __init__(self) -> None:
        self._told = 0

    def tell(self, exit_code: int, before: int) -> bool:
        """Tells whether a process that has died was killed for want of memory.

        Args:
            exit_code: The process's, as `multiprocessing` gives it: negative for a signal.
            before: The count as it began.
        """
        before = max(before, self._told)
        if killed_so_far() <= before or exit_code != -signal.SIGKILL:
            return False
        self._told = before + 1
        return True


def ended(exit_code: int, before: int) -> str:
    """Says how a process that is the only one of its kind was ended by a signal.

    Args:
        exit_code: The process's: negative for a signal.
        before: The count of killings as it began.
    """
    if Killings().tell(exit_code, before):
        return f"was killed for want of memory{room(None)}: a smaller batch may fit"
    return f"was ended by {signal.Signals(-exit_code).name}"


def killed_so_far() -> int:
    """Returns how many processes the kernel has killed for want of memory; 0 if it doesn't tell."""
    for text in _texts(_COUNTS):
        if match := _KILLED.search(text):
            return int(match[1])
    return 0


def taken(pid: int | None) -> int | None:
    """Returns the most memory that a process has had so far, in bytes, as far as that is known."""
    with suppress(OSError):
        match = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
        return None if match is None else int(match[1]) * 1024
    return None


def room(had: int | None) -> str:
    """Says how much memory a process had had, and how much there is for all of them.

    Args:
        had: What it had, in bytes; None where that is not known.
    """
    limits = [int(text) for text in _texts(_LIMITS) if text.strip().isdigit()]
    with suppress(OSError, ValueError):  # version 1 calls no limit a very large one
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    parts = [f"it had {size(had)}"] if had else []
    parts += [f"there are {size(min(limits))} for all"] if limits else []
    return f" ({', '.join(parts)})" if parts else ""


def _texts(names: tuple[str, ...]) -> Iterator[str]:
    for folder in _folders():
        for name in names:
            with suppress(OSError):
                yield (folder / name).read_text()


def _folders() -> Iterator[Path]:
    """Yields where the kernel tells of this process's control group, then of those around it.

    A container that sees no groups but its own finds it at the root, whatever it is called outside.
    """
    with suppress(OSError):
        for line in (_ROOT / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "memory"):
                group = Path(path)
                for folder in (group, *group.parents):
                    yield _ROOT / "sys/fs/cgroup" / controllers / f"{folder}".lstrip("/")
