"""A plain function as a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hpstudy.objective.training import Params, Runtime, Settings


class FunctionTraining:
    """A plain function as a training of exactly one epoch."""

    def __init__(
        self,
        function: Callable[..., float | Mapping[str, float]],
        params: Params,
        *,
        seed: int,
        settings: Settings,
        runtime: Runtime | None = None,  # which no function is told
    ) -> None:
        self._function = function
        self._params = dict(params)
        self._seed = seed
        self._settings = dict(settings)

    def epoch(self) -> Mapping[str, float]:
        """Calls the function; a bare number becomes the metric `value`."""
        result = self._function(self._params, seed=self._seed, settings=self._settings)
        return result if isinstance(result, Mapping) else {"value": result}

    def state_dict(self) -> dict[str, Any]:
        """Returns nothing: one call leaves no state."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes nothing up."""
