"""The block model: a value is its setting's, plus its seed's, plus luck."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

import numpy as np

from hpstudy.analysis.pool import Values
from hpstudy.numeric import ROUNDING, finite, mean

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
        self._components = self._connected()
        self._solve(gaps / self._unit)

    def _connected(self) -> np.ndarray:
        """Returns the number of the connected part that each setting, then each seed is in."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        settings, seeds = self._incidence.shape
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
        reduced = np.diag(self._incidence.sum(axis=0)) - self._incidence.T @ self._shares
        self._inverse = np.linalg.inv(reduced[np.ix_(self._free, self._free)])
        self._seeds = np.zeros(seeds)
        self._seeds[self._free] = self._inverse @ gaps.sum(axis=0)[self._free]
        of_seeds = self._seeds - (self._shares @ self._seeds)[:, None]
        left = (gaps - of_seeds)[self._incidence > 0]
        self.freedom = int(self._incidence.sum()) - settings - seeds + len(first)
        self.deviation = 0.0
        if self.freedom > 0:
            found = finite(self._unit * math.sqrt(float(left @ left) / self.freedom))
            self.deviation = 0.0 if found <= ROUNDING * self._largest else found

    def contrast(self, first: _Key, second: _Key) -> tuple[float, float] | None:
        """Returns the difference of two settings and its standard error, in deviations.

        Returns:
            Both, or None where no chain of shared seeds connects the two.
        """
        ours, theirs = self._rows[first], self._rows[second]
        if self._components[ours] != self._components[theirs]:
            return None
        apart = self._shares[ours] - self._shares[theirs]
        difference = self._means[first] - self._means[second]
        counts = self._incidence[[ours, theirs]].sum(axis=1)
        factor = float((1 / counts).sum())
        if apart.any():  # not on the same seeds
            difference -= self._unit * float(apart @ self._seeds)
            free = apart[self._free]
            factor += float(free @ self._inverse @ free)
        return finite(difference), math.sqrt(factor)
