"""How far the largest of several differences goes by luck: Dunnett's and Tukey's quantiles.

`scipy.stats` has neither for seeds as blocks, where the degrees of freedom aren't those of the
groups, and takes as long to load as all the rest of a command; `scipy.special` does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

ALPHA = 0.05
CONFIDENCE = 1 - ALPHA

_NODES = 96  # agrees with scipy's multivariate t and studentized range to four digits
_FEW = 5.0  # with fewer degrees of freedom than that, it's the small spreads that decide
_TAIL = 1e-13  # what is left out of a deviation's distribution at either end
_CLOSE = 1e-6  # how close a quantile is found, as a share of it


def t_quantile(freedom: float, alpha: float = ALPHA) -> float:
    """Returns Student's t that luck exceeds, on either side, with probability alpha."""
    from scipy import special

    return float(-special.stdtrit(freedom, alpha / 2))


def t_p(t: float, freedom: float) -> float:
    """Returns how probable a t this far from 0 is by luck."""
    from scipy import special

    return float(2 * special.stdtr(freedom, -abs(t)))


def dunnett_p(t: float, count: int, freedom: float) -> float:
    """Returns how probable it is that the largest of several |t| is this large by luck.

    Source: Dunnett, "A multiple comparison procedure for comparing several treatments with a
    control", 1955, two-sided; the correlation of any two differences from one baseline is 1/2.

    Args:
        t: The statistic.
        count: How many settings are compared with the baseline.
        freedom: The degrees of freedom of the spread that all of them share.
    """
    if count == 1:
        return t_p(t, freedom)
    import numpy as np
    from scipy import special

    z, z_weights = _normal()
    u, u_weights = _deviations(freedom)
    reach = math.sqrt(2) * abs(t) * u[:, None]
    inside = special.ndtr(reach + z) - special.ndtr(z - reach)
    # expm1 and log keep what is far below the rounding of 1.
    with np.errstate(divide="ignore"):
        outside = -np.expm1(count * np.log(np.clip(inside, 0.0, 1.0)))
    return float(np.clip(u_weights @ outside @ z_weights, 0.0, 1.0))


@lru_cache(maxsize=4096)
def dunnett_quantile(count: int, freedom: float, alpha: float = ALPHA) -> float:
    """Returns the |t| that the largest of several exceeds by luck with probability alpha.

    Its arguments are those of `dunnett_p`.
    """
    if count == 1:
        return t_quantile(freedom, alpha)
    ends = t_quantile(freedom, alpha), t_quantile(freedom, alpha / count)
    return _root(lambda t: dunnett_p(t, count, freedom), alpha, *ends)


def chosen_p(t: float, count: int, share: float, freedom: float) -> float:
    """Returns how probable a |t| this large is by luck where the best of several was chosen.

    The best of several settings on their first seeds goes on alone, beside a baseline. What chose
    it flatters it, but only on that share of its seeds: where all are equal its z is the largest
    of several on its half of the first seeds' luck, and one like any other on the rest. Settings
    that aren't equal are chosen less by luck.

    Sources: Thall, Simon and Ellenberg, "Two-stage selection and testing designs for comparative
    clinical trials", 1988; Stallard and Todd, "Sequential designs for phase III clinical trials
    incorporating treatment selection", 2003.

    Args:
        t: The statistic, of all seeds.
        count: How many settings it was chosen from.
        share: The share of its seeds that it was chosen by.
        freedom: The degrees of freedom of the spread.
    """
    if count < 3 or share == 0:  # the larger of two lies as far from 0 as either, on one side
        return t_p(t, freedom)
    import numpy as np
    from scipy import special

    z, z_weights = _normal()
    u, u_weights = _deviations(freedom)
    largest = z_weights * count * special.ndtr(z) ** (count - 1)
    flattered, rest = math.sqrt(share / 2) * z, math.sqrt(1 - share / 2)
    reach = abs(t) * u[:, None]
    outside = special.ndtr((flattered - reach) / rest) + special.ndtr(-(flattered + reach) / rest)
    return float(np.clip(u_weights @ outside @ largest, 0.0, 1.0))


@lru_cache(maxsize=4096)
def chosen_quantile(count: int, share: float, freedom: float, alpha: float = ALPHA) -> float:
    """Returns the |t| that the chosen one of several exceeds by luck with probability alpha.

    Its arguments are those of `chosen_p`.
    """
    if count < 3 or share == 0:
        return t_quantile(freedom, alpha)
    ends = t_quantile(freedom, alpha), t_quantile(freedom, alpha / count)
    return _root(lambda t: chosen_p(t, count, share, freedom), alpha, *ends)


def range_p(ratio: float, count: int, freedom: float) -> float:
    """Returns how probable it is that several means differ this far by luck.

    Source: Tukey's studentized range, as in Miller, "Simultaneous statistical inference", 1981.

    Args:
        ratio: The largest mean less the smallest, in standard errors of one of them.
        count: How many means there are.
        freedom: The degrees of freedom of the standard error.
    """
    import numpy as np
    from scipy import special

    z, z_weights = _normal()
    u, u_weights = _deviations(freedom)
    below = special.ndtr(z) - special.ndtr(z - ratio * u[:, None])  # the largest mean is at z
    inside = count * np.clip(below, 0.0, 1.0) ** (count - 1)
    return float(np.clip(1 - u_weights @ inside @ z_weights, 0.0, 1.0))


@lru_cache(maxsize=4096)
def range_quantile(count: int, freedom: float, alpha: float = ALPHA) -> float:
    """Returns the range, in standard errors, that luck exceeds with probability alpha."""
    ends = (t_quantile(freedom, alpha / times) for times in (1, math.comb(count, 2)))
    low, high = (math.sqrt(2) * end for end in ends)
    return _root(lambda ratio: range_p(ratio, count, freedom), alpha, low, high)


def _root(p: Callable[[float], float], alpha: float, low: float, high: float) -> float:
    """Returns where a falling p comes down to alpha, between two points of which it holds that.

    Source: Dowell and Jarratt, "A modified regula falsi method for computing the root of an
    equation", 1971 ("Illinois"), in logarithms; scipy.optimize takes a tenth of a second to load.
    """
    ends = [math.log(low), math.log(high)]
    gaps = [math.log(p(end) / alpha) for end in (low, high)]
    moved = -1
    while ends[1] - ends[0] > _CLOSE:
        share = gaps[0] / (gaps[0] - gaps[1]) if gaps[0] > 0 > gaps[1] else 0.5
        middle = ends[0] + share * (ends[1] - ends[0])
        gap = math.log(p(math.exp(middle)) / alpha)
        if abs(gap) < _CLOSE:
            return math.exp(middle)
        side = int(gap < 0)  # which end moves
        ends[side], gaps[side] = middle, gap
        if side == moved:
            gaps[1 - side] /= 2
        moved = side
    return math.exp(ends[1])


@lru_cache(maxsize=1)
def _normal() -> tuple[np.ndarray, np.ndarray]:
    """Returns points and weights of the normal distribution."""
    import numpy as np

    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    return points, weights / weights.sum()


@lru_cache(maxsize=1)
def _between() -> tuple[np.ndarray, np.ndarray]:
    """Returns points and weights between -1 and 1."""
    import numpy as np

    return np.polynomial.legendre.leggauss(_NODES)


@lru_cache(maxsize=256)
def _deviations(freedom: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns points and weights of a spread's estimate as a share of the spread."""
    import numpy as np
    from scipy import special

    low, high = (math.sqrt(special.chdtri(freedom, p) / freedom) for p in (1 - _TAIL, _TAIL))
    points, weights = _between()
    power = 4 if freedom < _FEW else 1
    places = (points + 1) / 2
    points = low + (high - low) * places**power
    logs = (freedom - 1) * np.log(points) - freedom * points**2 / 2
    weights = weights * places ** (power - 1) * np.exp(logs - logs.max())
    return points, weights / weights.sum()
