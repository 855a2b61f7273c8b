"""What trainings at any setting would show, made of the recorded curves.

A setting that was not recorded has the curve that lies linearly between those of the recorded
settings around it, on log scales. So the best value is a measured one, nothing is smoothed, and
there are no steps that a real search would not meet. The nearest setting's curve can be taken
instead, to see whether an answer hangs on this.

A search sees the curves of seed 0. True is what the same setting reaches after the same epochs
from the other seeds, on average, which the search never saw; settings without other seeds, none
of the best, keep their own.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from record_curves import SPACE, Curve
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

Accuracies = NDArray[np.float64]


class Landscape:
    """Curves at any setting of the space.

    Attributes:
        best_seen: The best value of seed 0, over settings and epochs.
        best_true: The best mean over all seeds, of the settings that have several.
        digest: Tells apart what searches see.

    Args:
        curves: Seed 0 at every setting, other seeds at some.
        between: "linear" interpolates between recorded settings, "nearest" takes the nearest.
    """

    def __init__(self, curves: Iterable[Curve], between: str) -> None:
        first: dict[tuple[float, int, int], Sequence[float]] = {}
        others: dict[tuple[float, int, int], list[Sequence[float]]] = defaultdict(list)
        for curve in curves:
            if curve.seed == 0:
                first[curve.setting] = curve.accuracies
            else:
                others[curve.setting].append(curve.accuracies)
        self._seen = np.array(list(first.values()))
        self._true = np.array([np.mean(others.get(s, [own]), axis=0) for s, own in first.items()])
        self.best_seen = float(self._seen.max())
        self.best_true = float(max(np.mean([first[s], *others[s]], axis=0).max() for s in others))
        make = LinearNDInterpolator if between == "linear" else NearestNDInterpolator
        units = np.array([_unit(*setting) for setting in first])
        # Both tables in one: the triangulation is searched once a setting.
        self._between = make(units, np.stack([self._seen, self._true], axis=1))
        self.digest = hashlib.sha256(units.tobytes() + self._seen.tobytes()).hexdigest()[:8]

    def curves(self, setting: tuple[float, int, int]) -> tuple[Accuracies, Accuracies]:
        """Returns what a search sees after each epoch at a setting, and what is true."""
        seen, true = self._between(_unit(*setting))[0]
        return seen, true

    def whole_table(self) -> tuple[float, float]:
        """Returns the best value seen at a recorded setting, and what is true there."""
        best = np.unravel_index(self._seen.argmax(), self._seen.shape)
        return float(self._seen[best]), float(self._true[best])


def _unit(*setting: float) -> NDArray[np.float64]:
    """Returns a setting as a point of the unit cube."""
    return np.array(
        [
            math.log(value / low) / math.log(high / low)
            for value, (low, high) in zip(setting, SPACE.values(), strict=True)
        ]
    )
