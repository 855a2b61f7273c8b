"""The block model: a value is its setting's, plus its seed's, plus luck."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

import numpy as np

from hpstudy.numeric import ROUNDING, finite, mean

Values = Mapping[int, float]  # by seed
_Key = TypeVar("_Key", bound=Hashable)


class Blocks(Generic[_Key]):
    """Least squares of settings and seeds.

    The settings are eliminated: what a setting's values are beside their own mean tells the
    seeds, in as many equations as there are seeds. Settings that no chain of shared seeds
    connects can't be told from seeds; only those that are connected have a contrast.

    Source: the reduced normal equations of incomplete blocks, as in Searle, "Linear Models",
    1971, chapter 7.

    Args:
        values: Each setting's values by seed, two of them at least.

    Attributes:
        freedom: Degrees of freedom of what is left to luck.
        deviation: Its standard deviation; 0 where it is the computer's rounding, or where there
            is no freedom.
        total_deviation: The standard deviation of a single value, luck and its seed's together.
        total_freedom: The degrees of freedom of that (Satterthwaite); 0 where there are none.
    """

    def __init__(self, values: Mapping[_Key, Values]) -> None:
        self._rows = {key: place for place, key in enumerate(values)}
        self._means = {key: mean(found.values()) for key, found in values.items()}
        self._largest = max((abs(v) for f in values.values() for v in f.values()), default=0.0)
        seeds = {s: n for n, s in enumerate(sorted({s for f in values.values() for s in f}))}
        self._incidence = np.zeros((len(values), len(seeds)))
        gaps = np.zeros_like(self._incidence)
        for row, (key, found) in enumerate(values.items()):
            for seed, value in found.items():
                self._incidence[row, seeds[seed]] = 1.0
                gaps[row, seeds[seed]] = finite(value - self._means[key])
        self._unit = float(np.abs(gaps).max(initial=0.0)) or 1.0
        self._shares = self._incidence / self._incidence.sum(axis=1, keepdims=True)
        self._is_whole = bool(self._incidence.all())  # no seed is missing: there is less to solve
        self._components = self._connected()
        self._solve(gaps / self._unit)

    def _connected(self) -> np.ndarray:
        """Returns the number of the connected part that each setting, then each seed is in."""
        settings, seeds = self._incidence.shape
        if self._incidence.all(axis=0).any():  # a seed that all settings have
            return np.zeros(settings + seeds, dtype=int)
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        rows, columns = self._incidence.nonzero()
        edges = coo_array(
            (np.ones(len(rows)), (rows, settings + columns)), shape=(settings + seeds,) * 2
        )
        _, components = connected_components(edges, directed=False)
        return np.asarray(components)

    def _solve(self, gaps: np.ndarray) -> None:
        settings, seeds = self._incidence.shape
        parts = self._components[settings:]
        first = np.unique(parts, return_index=True)[1]  # each part's first seed stands at 0
        self._free = np.setdiff1d(np.arange(seeds), first)
        self._seeds = np.zeros(seeds)
        told = gaps.sum(axis=0)[self._free]
        self.freedom = int(self._incidence.sum()) - settings - seeds + len(first)
        self.deviation, self.total_deviation, self.total_freedom = 0.0, 0.0, 0.0
        self._left = np.zeros_like(gaps)
        if not self.freedom:  # as where nothing pairs values: nothing is left to luck
            return
        if self._is_whole:
            self._seeds = (gaps - gaps[:, :1]).mean(axis=0)
        else:
            reduced = np.diag(self._incidence.sum(axis=0)) - self._incidence.T @ self._shares
            self._inverse = np.linalg.inv(reduced[np.ix_(self._free, self._free)])
            self._seeds[self._free] = self._inverse @ told
        of_seeds = self._seeds - (self._shares @ self._seeds)[:, None]
        self._left = np.where(self._incidence > 0, gaps - of_seeds, 0.0)
        luck = float((self._left**2).sum()) / self.freedom
        self.deviation = self._in_units(luck)
        self._join(float(told @ self._seeds[self._free]), luck)

    def _join(self, squares: float, luck: float) -> None:
        """Joins what seeds and luck do to a single value; all in squared units.

        Source: Henderson, "Estimation of variance and covariance components", 1953, method 3;
        Satterthwaite, "An approximate distribution of estimates of variance components", 1946.

        Args:
            squares: The sum of squares of the seeds beside the settings.
            luck: The variance of luck.
        """
        settings, _ = self._incidence.shape
        free, within = len(self._free), int(self._incidence.sum()) - settings
        of_seeds, of_luck = squares / within, (1 - free / within) * luck
        total = of_seeds + of_luck
        self.total_deviation = self._in_units(total)
        parts = of_seeds**2 / max(free, 1) + of_luck**2 / self.freedom
        self.total_freedom = total**2 / parts if parts > 0 else float(self.freedom)

    def _in_units(self, variance: float) -> float:
        found = finite(self._unit * math.sqrt(variance))
        return 0.0 if found <= ROUNDING * self._largest else found

    def contrast(self, weights: Mapping[_Key, float]) -> tuple[float, float] | None:
        """Returns a weighed sum of settings and its standard error, in deviations.

        Args:
            weights: The weights, which add up to 0.

        Returns:
            Both, or None where no chain of shared seeds connects the settings.
        """
        places = [self._rows[key] for key in weights]
        if len(set(self._components[places])) > 1:
            return None
        own = np.array([*weights.values()])
        apart = own @ self._shares[places]
        value = sum(weight * self._means[key] for key, weight in weights.items())
        factor = float((own**2 / self._incidence[places].sum(axis=1)).sum())
        if np.abs(apart).max() > ROUNDING:  # not on the same seeds
            value -= self._unit * float(apart @ self._seeds)
            free = apart[self._free]
            factor += float(free @ self._inverse @ free)
        return finite(value), math.sqrt(factor)

    def shares_of_luck(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns by how much each setting adds to what is left to luck, in squared units.

        Returns:
            For each setting, in order: the sum of squares by which the others alone leave less,
            and the degrees of freedom of that; the two are independent of what the others leave.
        """
        counts = self._incidence.sum(axis=1).astype(int)
        if not self.freedom:
            return np.zeros(len(counts)), np.zeros(len(counts))
        if self._is_whole and len(counts) > 1:
            own = (self._left**2).sum(axis=1) * len(counts) / (len(counts) - 1)
            return own, counts - 1.0
        squares, freedoms = np.zeros(len(counts)), np.zeros(len(counts))
        seeds = np.eye(self._incidence.shape[1])
        for count in np.unique(counts):
            rows = np.flatnonzero(counts == count)
            cells = np.nonzero(self._incidence[rows])[1].reshape(len(rows), count)
            design = (seeds[cells] - self._shares[rows][:, None, :])[:, :, self._free]
            # What is left of values is this times them (each setting's mean is out already).
            maker = np.eye(count) - 1 / count - design @ self._inverse @ design.transpose(0, 2, 1)
            inverse = np.linalg.pinv(maker, rcond=1e-9, hermitian=True)
            left = np.take_along_axis(self._left[rows], cells, axis=1)
            squares[rows] = np.einsum("ri,rij,rj->r", left, inverse, left)
            freedoms[rows] = np.rint(np.einsum("rij,rji->r", maker, inverse))
        return squares, freedoms

    @property
    def squares_left(self) -> float:
        """The sum of squares that is left to luck, in squared units."""
        return float((self._left**2).sum())

    @property
    def unit(self) -> float:
        """What these units are."""
        return self._unit
