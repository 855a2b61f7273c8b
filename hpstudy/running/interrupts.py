"""Being asked to stop: by Ctrl-C, by a signal, by a terminal that closes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

_GONE_SECONDS = 0.05  # a process that is being killed loses its files one after another


class Interrupted(KeyboardInterrupt):
    """This process was asked to stop; a KeyboardInterrupt that an objective raises is not this."""


_asked: list[int] = []  # signals are the process's own, and so is what it was asked
_held_back: list[int] = []  # asked meanwhile, to be heeded later


def heed_interrupts(*, ignored: tuple[int, ...] = ()) -> None:
    """Makes the first signal that asks this process to stop raise `Interrupted`.

    Those after it change nothing: it is stopping. What the caller ignores (`nohup`) stays ignored.

    Args:
        ignored: Signals that somebody else decides on.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # Python takes signals in the main thread alone
    sys.unraisablehook = _unraisable
    os.register_at_fork(after_in_child=default_interrupts)
    for number in SIGNALS:
        if number in ignored:
            signal.signal(number, signal.SIG_IGN)
        elif signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def check_interrupts() -> None:
    """Raises `Interrupted` if this process was asked to stop and something swallowed that.

    An objective may, and so does the garbage collector where the signal came in the middle of it.
    """
    if _asked:
        raise Interrupted


def is_asked_to_stop() -> bool:
    """Tells whether this process was asked to stop, be it to take effect only later."""
    return bool(_asked or _held_back)


def was_interrupted() -> bool:
    """Tells whether this process was asked to stop, whatever became of the exception.

    A worker whose parent is gone is asked by that: what it writes has no reader any more.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join(_GONE_SECONDS)
    return bool(_asked) or (parent is not None and not parent.is_alive())


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    _asked.append(number)
    for other in SIGNALS:
        if signal.getsignal(other) is not signal.SIG_IGN:
            signal.signal(other, _pass)
    raise Interrupted


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    if unraisable.exc_type is not Interrupted:
        sys.__unraisablehook__(unraisable)


def default_interrupts() -> None:
    """Lets signals end this process as they end any: a forked child, or what has done its work."""
    for number in SIGNALS:
        if signal.getsignal(number) in (_interrupt, _pass):
            signal.signal(number, signal.SIG_DFL)


def _pass(number: int, frame: FrameType | None) -> None:
    """Does nothing; with SIG_IGN, Python complains of a signal that is on its way already."""


@contextmanager
def kept_handlers() -> Iterator[None]:
    """Gives signals back to whoever had them: an import in the block may take them for itself."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                if handler is not None:  # else it is no handler of Python's
                    signal.signal(number, handler)


@contextmanager
def blocked_signals() -> Iterator[None]:
    """Holds back the signals that ask to stop, in processes started in the block too."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unblock_signals() -> None:
    """Lets a process that was started with its signals held back have them."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Lets the signals that ask to stop take effect only when the block is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def hold_back(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        _held_back.append(number)

    before = {
        number: signal.signal(number, hold_back)
        for number in SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _held_back.clear()
    if caught:
        signal.raise_signal(caught[0])
