"""Which settings have a spread alike, so that what luck does can be learned from all of them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from itertools import pairwise
from statistics import median
from typing import TypeVar

import numpy as np

from hpstudy.analysis.blocks import Blocks, Values
from hpstudy.analysis.simultaneous import ALPHA
from hpstudy.numeric import ROUNDING, deviation, finite, mean

_Key = TypeVar("_Key", bound=Hashable)

_WHOLE = 1e-4  # of a step: how far from a whole one values may lie
_SEEMS = 0.1  # the p of a share of luck from which it counts by itself
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
    pool = near(values)
    while len(pool) > 2:
        ratios, below, above, _ = _shares(pool, Blocks(pool))
        ps = 2 * np.minimum(below, above)
        oddest = int(np.lexsort((-ratios, ps))[0])  # one that is wild makes others look calm
        if ps[oddest] >= ALPHA / len(values):
            break
        del pool[list(pool)[oddest]]
    return pool


def surplus(pool: Mapping[_Key, Values], blocks: Blocks[_Key]) -> dict[_Key, float]:
    """Returns what luck does to settings of a pool beyond what it does to all, where it seems to.

    A spread that is twice the others' is seldom found out with three seeds, and would be taken for
    theirs. So a setting whose share of luck is larger than luck itself makes it in nine of ten
    cases counts with its own.

    Args:
        pool: Each setting's values by seed.
        blocks: The model of them.

    Returns:
        The standard deviation of a value to add to the pool's; 0 for most.
    """
    if blocks.freedom < 1:
        return dict.fromkeys(pool, 0.0)
    _, _, above, own = _shares(pool, blocks)
    more = np.where(above < _SEEMS, own - blocks.squares_left / blocks.freedom, 0.0)
    found = blocks.unit * np.sqrt(np.maximum(more, 0.0))
    return dict(zip(pool, found.tolist(), strict=True))


def resolution(values: Iterable[Values]) -> float:
    """Returns what values are rounded to; 0 where they aren't.

    Those that are rounded lie whole steps apart, the smallest gap between two of them.

    Args:
        values: The settings' values by seed.
    """
    known = sorted({value for found in values for value in found.values()})
    gaps = [
        finite(after - before)
        for before, after in pairwise(known)
        if after - before > ROUNDING * max(abs(before), abs(after))
    ]
    step = min(gaps, default=0.0)
    is_rounded = all(abs(math.remainder(gap, step)) < _WHOLE * step for gap in gaps)
    return step if is_rounded else 0.0


def near(values: Mapping[_Key, Values]) -> dict[_Key, Values]:
    """Returns the settings whose mean lies among the others': those that haven't collapsed.

    Args:
        values: Each setting's values by seed, two of them at least.
    """
    means = {key: mean(found.values()) for key, found in values.items()}
    if len(means) <= 2:
        return dict(values)
    spread = median([deviation(found.values()) for found in values.values()])
    middle = median(means.values())
    if spread == 0:
        return dict(values)
    reach = finite(_FAR * spread)
    return {k: found for k, found in values.items() if abs(finite(means[k] - middle)) <= reach}


def _shares(
    pool: Mapping[_Key, Values], blocks: Blocks[_Key]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Compares each setting's share of luck with the others'.

    What values are rounded to is luck, too: without it, settings whose few values are equal by
    chance would look as if they had none.

    Returns:
        The ratio of the two, the p of one as small, the p of one as large, and the share, as a
        variance in squared units.
    """
    from scipy import special

    squares, freedom = blocks.shares_of_luck()
    others = blocks.freedom - freedom
    rest = np.maximum(blocks.squares_left - squares, 0.0)
    rounding = (resolution(pool.values()) / blocks.unit) ** 2 / 12
    is_told = (freedom > 0) & (others > 0)
    least = max(rounding, np.finfo(float).tiny)
    own = np.maximum(squares / np.maximum(freedom, 1), least)
    with np.errstate(over="ignore"):
        ratio = own / np.maximum(rest / np.maximum(others, 1), least)
    ends = np.where(is_told, (freedom, others), 1.0)
    below, above = (np.where(is_told, f(*ends, ratio), 1.0) for f in (special.fdtr, special.fdtrc))
    return ratio, below, above, own
