"""What workers have imported when they are forked; imported by the fork server, and by it alone."""

from __future__ import annotations

import gc
import os
import signal
from contextlib import suppress

from hpstudy.running.interrupts import unblock_signals

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: who started it decides
os.register_at_fork(after_in_child=unblock_signals)  # it holds back all that ask it to stop

with suppress(Exception):  # what is wrong here is wrong in a worker too, which can say so
    import hpstudy.running.pool  # noqa: F401
    from hpstudy.store.creation import import_all

    import_all()

gc.freeze()  # no worker looks for garbage among what it shares with all others
