from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from hpstudy.running.interrupts import deferred_interrupts


def test_an_interrupt_waits_for_the_end_of_the_block():
    done = []

    def interrupted():
        with deferred_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("block")
        done.append("after")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == ["block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_in_the_block_is_not_hidden():
    def failing():
        with deferred_interrupts():
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        failing()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


ASKED = """
import os, signal, sys
from hpstudy.running.interrupts import Interrupted, heed_interrupts, was_interrupted

heed_interrupts(ignored=(signal.SIGHUP,))
os.kill(os.getpid(), signal.SIGHUP)
try:
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
except Interrupted:
    for _ in range(20):
        os.kill(os.getpid(), signal.SIGINT)
    assert was_interrupted()
    sys.exit(7)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_the_first_signal_interrupts_and_later_ones_change_nothing(name):
    ended = subprocess.run([sys.executable, "-c", ASKED, name], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (7, "")
