from __future__ import annotations

import os
import signal

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
