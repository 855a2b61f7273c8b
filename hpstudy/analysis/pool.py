"""Which settings have a spread alike, so that what luck does can be learned from all of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from itertools import pairwise
from statistics import median
from typing import TypeVar

import numpy as np

from hpstudy.analysis.blocks import Blocks, Values
from hpstudy.analysis.simultaneous import ALPHA
from hpstudy.numeric import ROUNDING, deviation, finite, mean

_Key = TypeVar("_Key", bound=Hashable)

_FAR = 30.0  # spreads from the other settings' means: a network that learned nothing


def alike(values: Mapping[_Key, Values]) -> dict[_Key, Values]:
    """Returns the settings whose spread is alike.

    First those go whose mean lies far from the others': what has collapsed to one answer has no
    luck, nor a seed's effect, and would put the other settings' seeds into what is left to luck.
    Of the rest the one whose share of what is left to luck differs most goes, repeatedly (F test,
    two-sided, at 5 % over the number of settings): not its spread, as in that of a few seeds the
    seeds' own effect is mostly what one sees.

    Args:
        values: Each setting's values by seed, two of them at least.
    """
    pool = _near(values)
    while len(pool) > 2:
        ps, ratios = _ps(pool)
        oddest = int(np.lexsort((-ratios, ps))[0])  # one that is wild makes others look calm
        if ps[oddest] >= ALPHA / len(values):
            break
        del pool[list(pool)[oddest]]
    return pool


def resolution(values: Iterable[Values]) -> float:
    """Returns the smallest gap between two values: what they are rounded to is no more.

    Args:
        values: The settings' values by seed.
    """
    known = sorted({value for found in values for value in found.values()})
    gaps = [
        finite(after - before)
        for before, after in pairwise(known)
        if after - before > ROUNDING * max(abs(before), abs(after))
    ]
    return min(gaps, default=0.0)


def _near(values: Mapping[_Key, Values]) -> dict[_Key, Values]:
    means = {key: mean(found.values()) for key, found in values.items()}
    if len(means) <= 2:
        return dict(values)
    spread = median([deviation(found.values()) for found in values.values()])
    middle = median(means.values())
    if spread == 0:
        return dict(values)
    reach = finite(_FAR * spread)
    return {k: found for k, found in values.items() if abs(finite(means[k] - middle)) <= reach}


def _ps(pool: Mapping[_Key, Values]) -> tuple[np.ndarray, np.ndarray]:
    """Returns for each setting the p of its share of luck against the others', and their ratio.

    What values are rounded to is luck, too: without it, settings whose few values are equal by
    chance would look as if they had none.
    """
    from scipy import special

    blocks = Blocks(pool)
    own, freedom = blocks.shares_of_luck()
    others = blocks.freedom - freedom
    rest = np.maximum(blocks.squares_left - own, 0.0)
    rounding = (resolution(pool.values()) / blocks.unit) ** 2 / 12
    is_told = (freedom > 0) & (others > 0)
    least = max(rounding, np.finfo(float).tiny)
    own = np.maximum(own / np.maximum(freedom, 1), least)
    rest = np.maximum(rest / np.maximum(others, 1), least)
    with np.errstate(over="ignore"):
        ratio = own / rest
    ends = np.where(is_told, (freedom, others), 1.0)
    below, above = special.fdtr(*ends, ratio), special.fdtrc(*ends, ratio)
    return np.where(is_told, 2 * np.minimum(below, above), 1.0), ratio
