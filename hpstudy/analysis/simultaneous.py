"""How far the largest of several differences goes by luck: Dunnett's and Tukey's quantiles.

`scipy.stats` has neither for seeds as blocks, where the degrees of freedom aren't those of the
groups, and takes as long to load as all the rest of a command; `scipy.special` does.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

CONFIDENCE = 0.95
ALPHA = 1 - CONFIDENCE

_NODES = 96  # agrees with scipy's multivariate t and studentized range to four digits
_FEW = 5.0  # with fewer degrees of freedom than that, it's the small spreads that decide
_TAIL = 1e-13  # what is left out of a deviation's distribution at either end
_STEPS = 500_000  # to a factor of ten; 2**23 of them reach from 0.001 to 6e13


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
    return _quantile(lambda t: dunnett_p(t, count, freedom), alpha)


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
    return _quantile(lambda ratio: range_p(ratio, count, freedom), alpha)


def _quantile(p: Callable[[float], float], alpha: float) -> float:
    """Returns where a falling p comes down to alpha."""

    def at(step: int) -> float:
        return float(10 ** (step / _STEPS - 3))

    return at(bisect_left(range(2**23), True, key=lambda step: p(at(step)) <= alpha))


@lru_cache(maxsize=1)
def _normal() -> tuple[np.ndarray, np.ndarray]:
    """Returns points and weights of the normal distribution."""
    import numpy as np

    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    return points, weights / weights.sum()


@lru_cache(maxsize=256)
def _deviations(freedom: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns points and weights of a spread's estimate as a share of the spread."""
    import numpy as np
    from scipy import special

    low, high = (math.sqrt(special.chdtri(freedom, p) / freedom) for p in (1 - _TAIL, _TAIL))
    points, weights = np.polynomial.legendre.leggauss(_NODES)
    power = 4 if freedom < _FEW else 1
    places = (points + 1) / 2
    points = low + (high - low) * places**power
    logs = (freedom - 1) * np.log(points) - freedom * points**2 / 2
    weights = weights * places ** (power - 1) * np.exp(logs - logs.max())
    return points, weights / weights.sum()
