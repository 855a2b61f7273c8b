"""Replays searches on the recorded curves: which sampler and which pruner spend epochs best?

What a trial would train is looked up in `curves.csv.gz` (see record_curves.py and landscape.py).
The first trial is the report's baseline. Each repetition goes on until it has both finished the
trials and spent the epochs asked for, and is kept in a file: a second run goes on with those that
are missing.

Printed are thousandths of accuracy, with standard errors. Regret: how far the true value of the
best trial lies below the best one, after a number of trials (and the epochs they took) and within
budgets of epochs. Missed, of the largest budget: how far the best value seen lies below the best
that could be seen; it tells how well a search climbs, be it by luck. Luck: how much more was seen
of the best trial than is true of it. The whole table's regret and luck are those of one who saw
every recorded setting at all epochs.

Run by hand:

    nice -n 19 python tests/bench/replay_search.py --samplers random tpe --repetitions 50
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import optuna
import scipy
from landscape import Landscape
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    SuccessiveHalvingPruner,
)
from optuna.samplers import BaseSampler
from record_curves import MAX_EPOCHS, SPACE, TABLE, cpu, read_table

from hpstudy.plans import samplers

DISTRIBUTIONS: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(*SPACE["lr"], log=True),
    "epochs": IntDistribution(1, MAX_EPOCHS),
    "hidden": IntDistribution(*SPACE["hidden"], log=True),
    "batch_size": IntDistribution(*SPACE["batch_size"], log=True),
}
BASELINE = {"lr": 0.001, "epochs": 5, "hidden": 512, "batch_size": 100}
SAMPLERS: dict[str, Callable[[int, int], BaseSampler]] = {
    name: partial(samplers.sampler, name) for name in samplers.SAMPLERS
}
VARIANTS: dict[str, Callable[[], BasePruner]] = {
    "median, Optuna's": MedianPruner,
    "median, from epoch 3": partial(MedianPruner, n_warmup_steps=3, n_min_trials=4),
    "median, from epoch 5": partial(MedianPruner, n_warmup_steps=5, n_min_trials=4),
    "halving, Optuna's": partial(SuccessiveHalvingPruner, min_resource=1),
    "halving by 2": partial(SuccessiveHalvingPruner, min_resource=1, reduction_factor=2),
    "halving from 3": partial(SuccessiveHalvingPruner, min_resource=3, reduction_factor=3),
    "hyperband by 2": partial(
        HyperbandPruner, min_resource=1, max_resource=MAX_EPOCHS, reduction_factor=2
    ),
    "hyperband from 2": partial(
        HyperbandPruner, min_resource=2, max_resource=MAX_EPOCHS, reduction_factor=3
    ),
}


@dataclass(frozen=True)
class Outcome:
    """A trial: its setting, the epochs that it trained, and what was seen after the last."""

    setting: tuple[float, int, int]
    epochs: int
    pruned: bool
    seen: float


@dataclass(frozen=True)
class Standing:
    """What a search has reached: epochs spent, and the best trial's value as seen and in truth."""

    epochs: int
    seen: float
    true: float


def replay(
    landscape: Landscape,
    sampler: Callable[[int, int], BaseSampler],
    pruner: BasePruner,
    *,
    seed: int,
    trials: int,
    budget: int,
) -> list[Outcome]:
    """Searches until so many trials are finished and so many epochs spent.

    As in `hpstudy search`, every trial has a sampler of its own, seeded from the search's seed
    and the trial's number.
    """
    study = optuna.create_study(study_name=f"replay-{seed}", direction="maximize", pruner=pruner)
    study.enqueue_trial(BASELINE)
    outcomes: list[Outcome] = []
    while len(outcomes) < trials or sum(outcome.epochs for outcome in outcomes) < budget:
        study.sampler = sampler(seed, len(outcomes))
        outcomes.append(_run(study, study.ask(DISTRIBUTIONS), landscape))
    return outcomes


def _run(study: optuna.Study, trial: optuna.Trial, landscape: Landscape) -> Outcome:
    params = trial.params
    setting = tuple(params[name] for name in SPACE)
    seen, _ = landscape.curves(setting)
    for epoch in range(1, params["epochs"] + 1):
        trial.report(seen[epoch - 1], epoch)
        if epoch < params["epochs"] and trial.should_prune():  # after the last nothing is saved
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return Outcome(setting, epoch, True, float(seen[epoch - 1]))
    study.tell(trial, seen[epoch - 1])
    return Outcome(setting, epoch, False, float(seen[epoch - 1]))


def standing(
    landscape: Landscape,
    outcomes: Sequence[Outcome],
    *,
    trials: float = math.inf,
    budget: float = math.inf,
) -> Standing:
    """Returns where a search stands after so many trials, or within so many epochs."""
    spent, best = 0, outcomes[0]  # the first trial has nothing to be pruned by
    for number, outcome in enumerate(outcomes):
        if number >= trials or spent + outcome.epochs > budget:
            break
        spent += outcome.epochs
        if not outcome.pruned and outcome.seen > best.seen:
            best = outcome
    _, true = landscape.curves(best.setting)
    return Standing(spent, best.seen, float(true[best.epochs - 1]))


class Kept:
    """The repetitions' outcomes, by what was replayed, in a file that only grows.

    It knows samplers and pruners by name: after changing what a name means, start another file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[str, list[Any]] = {}
        if path.exists():
            self._lines = dict(map(json.loads, path.read_text().splitlines()))

    def outcomes(self, key: str, run: Callable[[], list[Outcome]]) -> list[Outcome]:
        """Returns what is kept under a key, or else runs it and keeps it."""
        if key not in self._lines:
            self._lines[key] = [[o.setting, o.epochs, o.pruned, o.seen] for o in run()]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(json.dumps([key, self._lines[key]]) + "\n")
        return [Outcome(tuple(setting), *rest) for setting, *rest in self._lines[key]]


def row(
    name: str, runs: Sequence[Sequence[Outcome]], landscape: Landscape, args: argparse.Namespace
) -> str:
    """Returns a line of the table: thousandths of accuracy, with standard errors."""

    def regret(standings: Sequence[Standing]) -> str:
        return _mean([1000 * (landscape.best_true - s.true) for s in standings])

    after = [standing(landscape, run, trials=args.trials) for run in runs]
    within = [[standing(landscape, run, budget=b) for run in runs] for b in args.budgets]
    cells = [
        name,
        f"{len(runs)}",
        regret(after),
        f"{statistics.fmean(s.epochs for s in after):.0f}",
        *map(regret, within),
        _mean([1000 * (landscape.best_seen - s.seen) for s in within[-1]]),
        _mean([1000 * (s.seen - s.true) for s in within[-1]]),
    ]
    return f"| {' | '.join(cells)} |"


def _mean(values: Sequence[float]) -> str:
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{statistics.fmean(values):.1f} ± {error:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--results", type=Path, default=Path("runs/replay.jsonl"))
    parser.add_argument("--samplers", nargs="+", default=["random", "tpe", "gp"], choices=SAMPLERS)
    parser.add_argument(
        "--pruners", nargs="+", default=samplers.PRUNERS, choices=[*samplers.PRUNERS, *VARIANTS]
    )
    parser.add_argument("--between", default="linear", choices=["linear", "nearest"])
    parser.add_argument("--repetitions", type=int, default=50)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--budgets", type=int, nargs="+", default=[100, 200, 300], help="epochs")
    args = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    landscape = Landscape(read_table(args.table), args.between)
    seen, true = landscape.whole_table()
    print(
        f"{cpu()}, optuna {optuna.__version__}, scipy {scipy.__version__}, {args.between}; best "
        f"true value {landscape.best_true:.4f}; whole table: regret "
        f"{1000 * (landscape.best_true - true):.1f}, luck {1000 * (seen - true):.1f}"
    )
    budgets = " | ".join(f"in {budget} epochs" for budget in args.budgets)
    print(
        f"| search | n | regret after {args.trials} trials | epochs | {budgets} | missed | luck |"
    )
    print("|---|" + "--:|" * (len(args.budgets) + 5))
    kept, limits = Kept(args.results), {"trials": args.trials, "budget": max(args.budgets)}
    for sampler in args.samplers:
        for name in args.pruners:
            runs = [
                kept.outcomes(
                    f"{landscape.digest}/{args.between}/{sampler}/{name}/{limits}/{seed}",
                    partial(
                        replay, landscape, SAMPLERS[sampler], _pruner(name), seed=seed, **limits
                    ),
                )
                for seed in range(args.repetitions)
            ]
            print(row(f"{sampler}, {name}", runs, landscape, args), flush=True)


def _pruner(name: str) -> BasePruner:
    return VARIANTS[name]() if name in VARIANTS else samplers.pruner(name, MAX_EPOCHS)


if __name__ == "__main__":
    main()
