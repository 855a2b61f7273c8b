"""A training whose values, times and memory are the same every time; some of it diverges."""

import math


class Score:
    version = 1

    def __init__(self, params, *, seed, settings, runtime):
        self.lr, self.width, self.seed, self.number = params["lr"], params["width"], seed, 0

    def epoch(self):
        self.number += 1
        luck = (self.seed * 7 + self.width) % 5 / 1000
        skill = 0.05 * math.exp(-((math.log10(self.lr) + 2) ** 2)) + self.width / 10000
        value = 0.9 + skill + self.number / 1000 + luck
        if self.lr > 1 and self.seed:
            value = math.nan
        return {
            "test_accuracy": value,
            "validation_accuracy": value - 0.004,
            "seconds": 0.5 * self.width,
            "images_per_second": 100.0,
            "peak_memory_mb": 50.0 + self.width,
        }

    def state_dict(self):
        return {"number": self.number}

    def load_state_dict(self, state):
        self.number = state["number"]
