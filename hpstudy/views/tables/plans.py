"""What a plan would take, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hpstudy.expected import listed
from hpstudy.plans.forecast_looks import LooksForecast
from hpstudy.plans.forecast_points import Forecast
from hpstudy.plans.forecast_search import SearchForecast
from hpstudy.plans.search import SearchPlan, search_of
from hpstudy.sampler import Level
from hpstudy.views.tables.table import Table, table
from hpstudy.wording import counted, duration, enumerated, level, size, within, words


def plan_table(
    title: str, plan: Forecast | LooksForecast, combined: Forecast | None = None
) -> Table:
    """Returns what a grid would take, a fact a line; with looks, the least and the most.

    Args:
        title: The study's title.
        plan: What it would take.
        combined: What its better levels together would take at most, where that is asked for.
    """
    if isinstance(plan, Forecast):
        return _facts(title, _points_facts(plan) | _combined_fact(combined))
    least = _points_facts(plan.least)
    most = _points_facts(plan.most) | _combined_fact(combined)
    after = enumerated([f"{count}" for count in plan.looks.counts])
    looks = f"Looks after {after} seeds, until each level is decided "
    return Table(
        title,
        ("", "at least", "at most"),
        tuple((name, least.get(name, ""), told) for name, told in most.items()),
        text=frozenset({"", "at least", "at most"}),
        footnotes=(f"{looks}{within(plan.looks.margin, plan.metric)}.",),
    )


def _points_facts(plan: Forecast) -> dict[str, str]:
    """Returns what a plan of known points would take, by what it is of."""
    by_epoch = plan.epochs_shared > plan.trainings
    left = counted(plan.epochs_left, "epoch" if by_epoch else "training")
    facts = {
        "points": f"{plan.points}, from {counted(plan.trainings, 'training')}",
        "epochs": f"{plan.epochs_asked} row by row, {plan.epochs_shared} shared",
        "to train": "nothing: all is recorded"
        if not plan.epochs_left
        else f"{left}, the others are recorded"
        if plan.epochs_left < plan.epochs_shared
        else left,
        "time": f"about {duration(plan.seconds_left)} with {counted(plan.workers, 'worker')}"
        if plan.seconds_left is not None
        else f"not known before the first {'epoch' if by_epoch else 'training'} is recorded",
        "disk": f"up to {size(plan.checkpoint_bytes)} for checkpoints{_again_at(plan)}"
        if plan.checkpoint_bytes is not None
        else "not known: the objective doesn't say how large its state is",
    }
    if not by_epoch:
        del facts["epochs"]
    if plan.checkpoint_bytes == 0:
        del facts["disk"]  # a function leaves no checkpoints
    return facts


def _again_at(plan: Forecast) -> str:
    return "" if plan.checkpoints_at is None else f", as much again at {plan.checkpoints_at}"


def _combined_fact(plan: Forecast | None) -> dict[str, str]:
    """Returns what better levels together would take at most."""
    if plan is None:
        return {}
    if not plan.epochs_left:
        return {"together": "nothing: all is recorded"}
    by_epoch = plan.epochs_shared > plan.trainings
    time = "" if plan.seconds_left is None else f", about {duration(plan.seconds_left)}"
    left = counted(plan.epochs_left, "epoch" if by_epoch else "training")
    return {"together": f"at most {left}{time}, if two factors have a better level"}


def space_table(title: str, plan: SearchPlan) -> Table | None:
    """Returns where a search looks."""
    asked, base = search_of(plan.study).space, plan.study.whole()
    rows = [
        {
            "hyperparameter": words(name),
            "range": _range(dimension),
            "baseline": level(base[name]) if name in base else "–",
            **({"where": _condition(when)} if (when := asked[name].when) else {}),
        }
        for name, dimension in plan.space.items()
    ]
    return table(title, rows, text=("hyperparameter", "range", "baseline", "where"))


def _condition(when: Mapping[str, Sequence[Level]]) -> str:
    values = {words(name): listed(map(level, values)) for name, values in when.items()}
    return enumerated([f"{name} is {value}" for name, value in values.items()])


def search_plan_table(plan: SearchPlan, expected: SearchForecast) -> Table:
    """Returns what a search would take, a fact a line."""
    left = f", {expected.trials_left} left" if expected.trials_left < expected.trials else ""
    by_epoch = plan.study.fidelity is not None
    unit = "epoch" if by_epoch else "training"
    workers = counted(expected.workers, "worker")
    facts = {
        "trials": f"{expected.trials}{left}; {plan.sampler}, pruner {plan.pruner}",
        "epochs": f"about {expected.epochs_left} if nothing is pruned",
        "confirmation": _confirmation(expected, unit),
        "ablation": f"at most about {counted(expected.ablating_epochs, unit)}",
        "time": f"about {duration(expected.seconds_left)} with {workers}"
        if expected.seconds_left is not None
        else "not known before the first trial is finished",
    }
    if not expected.ablating_epochs:
        del facts["ablation"]
    if not by_epoch:
        facts |= {"trials": f"{expected.trials}{left}; {plan.sampler}"}
        del facts["epochs"]
    return _facts("", facts)


def _confirmation(expected: SearchForecast, unit: str) -> str:
    least, most = expected.least_confirming_epochs, expected.confirming_epochs
    if not most:
        return "none"
    return (
        f"about {least} to {counted(most, unit)}"
        if least < most
        else f"about {counted(most, unit)}"
    )


def _facts(title: str, facts: Mapping[str, str]) -> Table:
    """Returns a table without a header, a fact a line."""
    return Table(title, ("", ""), tuple(facts.items()), text=frozenset({""}))


def _range(dimension: BaseDistribution) -> str:
    if isinstance(dimension, CategoricalDistribution):
        return ", ".join(level(choice) for choice in dimension.choices)
    assert isinstance(dimension, (IntDistribution, FloatDistribution))
    step = f", step {dimension.step}" if dimension.step not in (None, 1) else ""
    log = ", logarithmic" if dimension.log else ""
    return f"{level(dimension.low)} to {level(dimension.high)}{step}{log}"
