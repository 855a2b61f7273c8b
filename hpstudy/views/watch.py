"""Looking at a running study once a second, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from hpstudy.errors import StoppedError
from hpstudy.running.output import Say

_LOOK_SECONDS = 1.0


class Watch:
    """Shows where a study stands while the block runs, at its beginning and at its end too.

    Args:
        show: Looks, and shows what it saw; it is told how often it was called before.
        say: Says a line: that nothing could be shown, if it couldn't at the end.
    """

    def __init__(self, show: Callable[[int], None], say: Say) -> None:
        self._show = show
        self._say = say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        with suppress(StoppedError):  # the run meets it too, and says it
            self._follow()

    def _follow(self) -> None:
        looks = 0
        while True:
            stopping = self._stop.wait(_LOOK_SECONDS if looks else 0)
            try:
                self._show(looks)
            except StoppedError:
                raise
            except Exception as error:  # such as a trial read while it is written: look again
                if stopping:
                    with suppress(Exception):
                        self._say(f"The progress can't be shown: {type(error).__name__}: {error}")
            if stopping:
                return
            looks += 1
