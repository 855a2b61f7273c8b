"""A plain function as a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hpstudy.objective.training import Params, Runtime, Settings
from hpstudy.objective.whole import Runner, WholeTraining


class FunctionTraining(WholeTraining):
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

    def run(self, runner: Runner) -> Mapping[str, float]:
        """Calls the function; a bare number becomes the metric `value`."""
        result = self._function(self._params, seed=self._seed, settings=self._settings)
        return result if isinstance(result, Mapping) else {"value": result}
