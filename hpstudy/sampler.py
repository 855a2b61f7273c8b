"""An Optuna sampler for one-factor designs: a baseline, one hyperparameter changed at a time."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from optuna import Study
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

Level = bool | int | float | str
Point = dict[str, Level]

SEED = "seed"
_HOLDING = (TrialState.RUNNING, TrialState.WAITING, TrialState.COMPLETE, TrialState.PRUNED)


def one_factor_points(
    baseline: Mapping[str, Level],
    factors: Mapping[str, Sequence[Level]],
    seeds: Sequence[int] = (0,),
) -> list[Point]:
    """Lists the points of a one-factor design, each with its `seed`.

    Args:
        baseline: The setting that all hyperparameters but one are held at.
        factors: Each factor's levels; the baseline's own level may stand among them.
        seeds: The replicates of every point.

    Returns:
        Per seed the baseline, then each factor's other levels in the order given.
    """
    varied = [
        {**baseline, name: level}
        for name, levels in factors.items()
        for level in dict.fromkeys(levels)
        if level != baseline[name]
    ]
    return [{**point, SEED: seed} for seed in seeds for point in [dict(baseline), *varied]]


def known_params(trial: FrozenTrial) -> dict[str, Any]:
    """Returns what a trial's parameters are or will be: those suggested and those enqueued."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def points_to_do(
    points: Sequence[Point],
    trials: Iterable[FrozenTrial],
    promised: Mapping[int, Point] | None = None,
) -> list[Point]:
    """Returns the points that no live or successful trial holds.

    A trial holds the first point, not yet held, that its known parameters agree with; trials that
    more is known of choose first. So a trial that has suggested nothing yet holds the point that
    it is about to be given.

    Args:
        points: The design, in order; all points name the same hyperparameters.
        trials: The study's trials, in order of their numbers.
        promised: What a trial, by its number, will be given; adds to what is known of it.
    """
    promised = promised or {}
    names = list(points[0]) if points else []
    free = {tuple(p[name] for name in names): p for p in points}
    holding = [
        {**promised.get(trial.number, {}), **known_params(trial)}
        for trial in trials
        if trial.state in _HOLDING
    ]
    for known in sorted(holding, key=lambda known: -len(known.keys() & set(names))):
        if known.keys() >= set(names):
            free.pop(tuple(known[name] for name in names), None)
        else:
            held = next((key for key, p in free.items() if _agree(known, p)), None)
            if held is not None:
                del free[held]
    return list(free.values())


class OneFactorSampler(BaseSampler):
    """Samples a baseline, then every other level of each factor with the rest at the baseline.

    The baseline counts for every factor and is sampled once per seed. The study stops by itself
    when every point is done, and a study that was interrupted goes on with what is left. Trials
    that were enqueued or retried keep their own values. A point whose trial failed is still to
    do, but a sampler hands it out once only before it stops the study; the next `optimize` takes
    it up again. Parameters that the design does not name go to the fallback sampler.

    Example:
        ```python
        import optuna
        from hpstudy import OneFactorSampler


        def objective(trial: optuna.Trial) -> float:
            lr = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
            layers = trial.suggest_int("layers", 1, 4)
            return (lr - 0.01) ** 2 + layers


        sampler = OneFactorSampler(
            baseline={"lr": 0.01, "layers": 2},
            factors={"lr": [0.001, 0.01, 0.1], "layers": [1, 2, 4]},
        )
        study = optuna.create_study(sampler=sampler)
        study.optimize(objective)  # five trials, then it stops
        ```

    Args:
        baseline: Every hyperparameter's value at the baseline.
        factors: The levels of the hyperparameters to vary, by name.
        seeds: Replicates: each point is sampled once per seed. The objective reads its seed with
            `trial.suggest_int("seed", …)`; where it doesn't, the replicates are told apart by
            their number only.
        order: Points (without or with their `seed`) to take first; the rest follow in the default
            order, which is per seed the baseline and then factor by factor.
        fallback: Samples the parameters that the design does not name; random by default.

    Raises:
        ValueError: A factor has no baseline value or no levels, or no seed is given.
    """

    def __init__(
        self,
        baseline: Mapping[str, Level],
        factors: Mapping[str, Sequence[Level]],
        seeds: Sequence[int] = (0,),
        order: Iterable[Mapping[str, Level]] | None = None,
        fallback: BaseSampler | None = None,
    ) -> None:
        for name, levels in factors.items():
            if name not in baseline:
                raise ValueError(f"factor {name!r} has no baseline value")
            if not levels:
                raise ValueError(f"factor {name!r} has no levels")
        if SEED in baseline:
            raise ValueError("'seed' is not a hyperparameter: give the replicates as seeds=")
        if not seeds:
            raise ValueError("at least one seed is needed")
        points = one_factor_points(baseline, factors, list(dict.fromkeys(seeds)))
        self._points = _ordered(points, order or ())
        self._fallback = fallback or RandomSampler()
        self._promised: dict[int, Point] = {}
        self._failed: list[Point] = []
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def remaining(self, study: Study) -> list[Point]:
        """Returns the points that no live or successful trial of `study` holds, in order."""
        return points_to_do(self._points, study.get_trials(deepcopy=False))

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Chooses the point of a new trial; an enqueued one is completed, not replaced."""
        self._fallback.before_trial(study, trial)
        with self._lock:
            others = [t for t in study.get_trials(deepcopy=False) if t.number != trial.number]
            self._promised[trial.number] = self._choose(others, known_params(trial))

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Returns the fallback's search space without the parameters of the design."""
        space = self._fallback.infer_relative_search_space(study, trial)
        return {name: dist for name, dist in space.items() if name not in self._points[0]}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Leaves what is not of the design to the fallback."""
        return self._fallback.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:  # noqa: ANN401 - Optuna's signature
        """Returns the chosen point's value.

        Raises:
            ValueError: The objective's distribution does not hold the design's level.
        """
        point = self._promised.get(trial.number, {})
        if param_name not in point:
            return self._fallback.sample_independent(study, trial, param_name, param_distribution)
        level = point[param_name]
        if not _holds(param_distribution, level):
            raise ValueError(
                f"level {level!r} of {param_name!r} is outside what the objective suggests: "
                f"{param_distribution}"
            )
        return level

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Stops the study when no point is left but those that failed meanwhile."""
        self._fallback.after_trial(study, trial, state, values)
        with self._lock:
            trials = study.get_trials(deepcopy=False)
            if state == TrialState.FAIL:
                # Optuna stores the state after this call: to the others this trial still runs.
                trials = [t for t in trials if t.number != trial.number]
                if trial.number in self._promised:
                    self._failed.append(self._promised[trial.number])
            left = points_to_do(self._points, trials, self._promised)
            self._promised.pop(trial.number, None)
            if all(p in self._failed for p in left):
                self._failed.clear()
                self._stop(study)

    def reseed_rng(self) -> None:
        """Reseeds the fallback; the design itself is not random."""
        self._fallback.reseed_rng()

    def _choose(self, others: Iterable[FrozenTrial], known: Mapping[str, Any]) -> Point:
        left = points_to_do(self._points, others, self._promised)
        free = [p for p in left if _agree(known, p)]
        untried = [p for p in free if p not in self._failed]
        if untried or free:
            return (untried or free)[0]
        if not known:
            warnings.warn(
                "every point of the one-factor design is done or running; this trial repeats one",
                stacklevel=2,
            )
        return next((p for p in self._points if _agree(known, p)), self._points[0])

    @staticmethod
    def _stop(study: Study) -> None:
        with suppress(RuntimeError):  # under ask and tell there is no loop to stop
            study.stop()


def _agree(known: Mapping[str, Any], point: Point) -> bool:
    return all(known[name] == level for name, level in point.items() if name in known)


def _ordered(points: list[Point], first: Iterable[Mapping[str, Level]]) -> list[Point]:
    head: list[Point] = []
    for wanted in first:
        matching = [p for p in points if wanted.items() <= p.items()]
        if not matching:
            raise ValueError(f"order names {dict(wanted)}, which is not a point of the design")
        head += [p for p in matching if p not in head]
    return head + [p for p in points if p not in head]


def _holds(distribution: BaseDistribution, level: Level) -> bool:
    if isinstance(distribution, CategoricalDistribution):
        return level in distribution.choices
    if isinstance(distribution, (IntDistribution, FloatDistribution)):
        return not isinstance(level, str) and distribution.low <= level <= distribution.high
    return True
