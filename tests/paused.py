"""A walk that waits in its fourth epoch, so that whoever trains it can be killed just there."""

from __future__ import annotations

PAUSED = """
import os, time
from walk import Walk

class Paused(Walk):
    def epoch(self):
        while self.number == 3 and not os.path.exists("hurry"):
            open("paused", "w").close()
            time.sleep(0.05)
        return super().epoch()
"""
CHANGES = (
    ("walk:Walk", "paused:Paused"),
    ("epochs = 2\n", "epochs = 5\n"),
    ("epochs = [2, 4]", "epochs = [5, 6]"),
)
