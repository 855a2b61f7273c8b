"""Which settings have a spread alike, so that what luck does can be learned from all of them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, TypeVar

from hpstudy.numeric import deviation

if TYPE_CHECKING:
    import numpy as np

Values = Mapping[int, float]  # by seed
_Key = TypeVar("_Key", bound=Hashable)

_SPREAD_ALPHA = 0.001  # a setting whose spread differs this clearly is left out of the pool
_FARTHEST = 700.0  # logarithm of a ratio that a float can hold


def alike(values: Mapping[_Key, Values]) -> dict[_Key, Values]:
    """Returns the settings whose spread is alike: the one that differs most goes, repeatedly.

    Each setting's variance is compared with that of all others pooled (F test, two-sided, at
    0.001 over the number of settings). Logarithms hold variances of any size.

    Args:
        values: Each setting's values by seed, two of them at least.
    """
    pool = dict(values)
    spreads = {key: deviation(list(found.values())) for key, found in pool.items()}
    while len(pool) > 2:
        ps = _ps([spreads[key] for key in pool], [len(found) - 1 for found in pool.values()])
        oddest = int(ps.argmin())
        if ps[oddest] >= _SPREAD_ALPHA / len(values):
            break
        del pool[list(pool)[oddest]]
    return pool


def _ps(spreads: list[float], freedoms: list[int]) -> np.ndarray:
    """Returns for each setting the p of its variance against the others' pooled."""
    import numpy as np
    from scipy import stats

    freedom = np.array(freedoms, dtype=float)
    own = np.array([2 * math.log(s) if s > 0 else -math.inf for s in spreads])
    sums = own + np.log(freedom)  # logarithms of sums of squares
    before = np.logaddexp.accumulate([-math.inf, *sums[:-1]])
    after = np.logaddexp.accumulate([-math.inf, *sums[:0:-1]])[::-1]
    others = freedom.sum() - freedom
    rest = np.logaddexp(before, after) - np.log(others)
    same = own == rest  # all of them without spread, too
    gap = np.subtract(own, rest, out=np.zeros_like(own), where=~same)
    ratio = np.exp(np.clip(gap, -_FARTHEST, _FARTHEST))
    below = stats.f.cdf(ratio, freedom, others)
    above = stats.f.sf(ratio, freedom, others)
    ps: np.ndarray = 2 * np.minimum(below, above)
    ps[same] = 1.0
    ps[~same & (np.isneginf(own) | np.isneginf(rest))] = 0.0  # one has none, the other has
    return ps
