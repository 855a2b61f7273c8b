"""Odd but honest data: every analysis, table, note, document, figure and page stands it."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import optuna
import plotly.graph_objects as go
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import TrialState
from rich.console import Console, RenderableType
from sqlalchemy import StaticPool, create_engine

from hpstudy.analysis.answer import answer
from hpstudy.analysis.findings import GridFindings, findings
from hpstudy.analysis.search import search_findings
from hpstudy.analysis.speed import search_tradeoffs
from hpstudy.charts.figures import grid_figures, search_figures
from hpstudy.metric import worst_value
from hpstudy.objective import Step
from hpstudy.results.curves import read_curves
from hpstudy.results.grid import GridResults
from hpstudy.results.origin import read_origin
from hpstudy.results.predictions import best_of_grid, best_of_search
from hpstudy.results.reading import read_grid
from hpstudy.results.rows import read_rows
from hpstudy.results.search import SearchResults, read_search
from hpstudy.store.database import Database
from hpstudy.store.records import Epoch, Identity, Records
from hpstudy.store.schema import make_tables
from hpstudy.store.trials import DIVERGED
from hpstudy.studyfile.file import StudyFile
from hpstudy.summary import StudySummary
from hpstudy.views.dashboard.note import grid_note, search_note
from hpstudy.views.files.document import document
from hpstudy.views.page.page import Content, page
from hpstudy.views.tables.grid import costs_table, levels_table
from hpstudy.views.tables.search import finalists_table, trials_table, winner_table
from hpstudy.views.terminal.grid import grid_tables, search_tables

LEVELS = (1, 2, 3, 4)
# By level and seed, None where it diverged; level 1 is the baseline.
Values = Mapping[int, Mapping[int, float | None]]

optuna.logging.set_verbosity(optuna.logging.ERROR)

VALUES: dict[str, Callable[[int, int], float]] = {
    "equal": lambda level, seed: 0.5,
    "huge": lambda level, seed: [1e308, -1.7e308, 1.7e308][(level + seed) % 3],
    "huge and equal": lambda level, seed: 1.7e308,
    "one level huge": lambda level, seed: 1e308 if level == 3 else level + seed % 3 / 10,
    "tiny": lambda level, seed: 5e-324 * (level + seed),
    "close": lambda level, seed: 1e12 + 100 * (seed % 3) + 7 * (seed * level % 5),
    "exact": lambda level, seed: level / 10,
    "exact but for the seed": lambda level, seed: level / 10 + seed / 100,
    "from end to end": lambda level, seed: float((level + seed * seed) % 2),
    "whole per cent": lambda level, seed: [100.0, 0.0, 97.5, 98.0][(level * seed) % 4],
    "plain": lambda level, seed: 0.9 + 0.01 * level + 0.003 * ((7 * seed + level * seed) % 5),
}
SEEDS: dict[str, dict[int, range | list[int]]] = {
    "nothing": {},
    "the baseline once": {1: [0]},
    "the baseline alone": {1: range(3)},
    "one seed": dict.fromkeys(LEVELS, range(1)),
    "two seeds": dict.fromkeys(LEVELS, range(2)),
    "all but one level": {1: range(3), 2: range(3), 3: range(3)},
    "unlike seeds": {1: range(5), 2: range(2), 3: [4], 4: [1, 3]},
    "seeds apart": {1: range(3), 2: range(3), 3: range(3, 6), 4: range(3, 6)},
    "no baseline": {2: range(3), 3: range(3)},
}


def study_file(metric: str, direction: str) -> StudyFile:
    claims = [
        {"says": "c", "factor": "a", "level": level, "expect": expect}
        for level, expect in (
            ([2], {"above": 0.5}), ([3], {"below": 0.5}), ([2], {"higher_than": 4}),
            ([4], {"lower_than": 1}), ([2], {"best": True}), ([1, 2, 4], {"rising": True}),
            ([1, 3], {"falling": True}), ([], {"matters_most": True}), ([1], {"rising": True}),
            ([1], {"higher_than": 1}),
        )
    ]  # fmt: skip
    return StudyFile.model_validate(
        {
            "title": "odd",
            "objective": "m:M",
            "fidelity": "epochs",
            "baseline": {"a": 1, "epochs": 2, "kind": "x"},
            "settings": {"test_images": 100},
            "grid": {
                "metric": metric,
                "direction": direction,
                "targets": [0.5, 1e300],
                "factors": {"a": list(LEVELS)},
            },
            "published": {"a": {"1": 1.0, "2": 0.0, "3": 0.97, "4": 97.0}},
            "claims": claims,
            "search": {
                "metric": metric,
                "direction": direction,
                "space": {
                    "a": {"low": 1, "high": 4},
                    "kind": {"choices": ["x", "y"]},
                },
            },
        }
    )


def memory() -> Database:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    make_tables(engine)
    return Database("sqlite:///nowhere.db", optuna.storages.InMemoryStorage(), engine)


def recorded(database: Database, params: dict[str, Any], seed: int, value: float | None) -> str:
    """Records two epochs of a training, the second with the value, and returns its key."""
    identity = Identity("m:M", 1, params, {}, seed, "fp32", "cpu", 1)
    for number, known in ((1, 0.25), (2, value)):
        metrics = {"value": known, "accuracy": known, "test_accuracy": known, "seconds": 1.5}
        metrics |= {"wall_seconds": 2.0, "peak_memory_mb": 3.0, "images_per_second": 1e308}
        steps = [Step(10 * number, math.nan if seed else 0.5, 0.25)]
        Records(database.engine).add(identity, Epoch(number, metrics), steps=steps)
    return identity.key


def read_made_grid(values: Values, metric: str, direction: str, database: Database) -> GridResults:
    made = study_file(metric, direction)
    name = "odd/grid"
    study = optuna.create_study(study_name=name, storage=database.storage, direction=direction)
    study.set_user_attr("fingerprint", {"settings": {"test_images": 100}})
    study.set_user_attr("seeds", sorted({seed for found in values.values() for seed in found}))
    space = {
        "a": IntDistribution(1, 4), "epochs": IntDistribution(2, 2),
        "kind": CategoricalDistribution(["x"]), "seed": IntDistribution(0, 2000),
    }  # fmt: skip
    for level, by_seed in values.items():
        for seed, value in by_seed.items():
            params = {"a": level, "epochs": 2, "kind": "x", "seed": seed}
            key = recorded(database, {"a": level}, seed, value)
            attributes = {"training": key, **({} if value is not None else {DIVERGED: 2})}
            study.add_trial(
                optuna.create_trial(
                    value=worst_value(direction) if value is None else value,
                    params=params,
                    distributions=space,
                    intermediate_values={1: 0.25, **({} if value is None else {2: value})},
                    user_attrs=attributes,
                )
            )
    found = read_grid(made, "odd", database)
    assert found is not None
    return found


def finite(found: Any, at: str = "") -> None:
    """Asserts that there is no NaN and no infinite number in values of any kind."""
    if isinstance(found, float):
        assert math.isfinite(found), at
    elif is_dataclass(found):
        for field in fields(found):
            finite(getattr(found, field.name), f"{at}.{field.name}")
    elif isinstance(found, go.Figure):
        finite(json.loads(found.to_json()), at)
    elif isinstance(found, Mapping):
        for key, value in found.items():
            finite(value, f"{at}.{key}")
    elif isinstance(found, (list, tuple)):
        for place, value in enumerate(found):
            finite(value, f"{at}[{place}]")


def sound(found: Any, bounds: tuple[float, float], at: str = "") -> None:
    """Asserts that each interval holds its value and ends where the metric does."""
    if isinstance(found, Mapping):
        for value, low, high in (
            ("mean", "low", "high"),
            ("value", "low", "high"),
            ("effect", "effect_low", "effect_high"),
            ("difference", "difference_low", "difference_high"),
            ("published", "published_low", "published_high"),
        ):
            if found.get(low) is None or found.get(value) is None:
                continue
            slack = 1e-9 * max(abs(found[low]), abs(found[high]))
            assert found[low] - slack <= found[value] <= found[high] + slack, (at, found)
            span = bounds[1] - bounds[0]
            ends = bounds if value == "mean" else (-span, span)
            if value != "published":
                assert ends[0] <= found[low] <= found[high] <= ends[1], (at, found)
        for key, value in found.items():
            sound(value, bounds, f"{at}.{key}")
    elif isinstance(found, list):
        for value in found:
            sound(value, bounds, at)


def printed(*tables: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=200)
    for table in tables:
        console.print(table)
    return console.file.getvalue()


def says_no_nan(text: str) -> None:
    assert re.search(r"(?<![\w/])[+-]?(nan|inf|infinity)(?![\w/])", text, re.IGNORECASE) is None


def summary(grid=None, search=None) -> StudySummary:
    return StudySummary("odd", "odd", address="", grid=grid, search=search)


def check_grid(found: GridFindings, curves=()) -> None:
    metric = found.metric
    finite(found)
    told = document(summary(grid=found.results))
    json.dumps(told, allow_nan=False)
    sound(told["grid"]["factors"], metric.bounds)
    sound(told["grid"]["importance"], metric.bounds)
    finite(answer(found, None))
    finite(best_of_grid(found.results))
    figures = grid_figures(found, curves=curves)
    finite(figures)
    texts = [printed(grid_tables(found)), grid_note("odd", found, answer(found, None))]
    for factor in found.factors:
        texts += [f"{levels_table(factor, found)}", f"{costs_table(factor, metric)}"]
    for text in [*texts, *(claim.why for claim in found.claims), f"{answer(found, None)}"]:
        says_no_nan(text)
    assert all(claim.why for claim in found.claims)


def check_search(search: SearchResults, database: Database) -> None:
    finite(replace(search, trials=()))
    found = search_findings(search)
    tradeoffs = search_tradeoffs(search, database)
    finite([found.importances, found.confirmed, found.finalists, tradeoffs])
    told = document(summary(search=search))
    json.dumps(told, allow_nan=False)
    sound(told["search"]["importance"], (0, 1))
    if told["search"]["confirmed"] is not None:
        assert found.confirmed is not None
        sound(told["search"]["confirmed"], found.confirmed.metric.bounds)
    finite(answer(None, found))
    finite(best_of_search(search))
    finite(search_figures(found, tradeoffs=tradeoffs))
    tables = [
        f"{trials_table(found, 10)}",
        f"{finalists_table(found)}",
        f"{winner_table(found)}",
    ]
    tables += [printed(search_tables(found))]
    for text in [*tables, search_note("odd", found, answer(None, found))]:
        says_no_nan(text)


def whole_page(found: GridFindings | None, search: SearchResults | None, database: Database) -> str:
    searched = None if search is None else search_findings(search)
    content = Content(
        name="odd", title="odd", database="x", quick=None, found=found,
        answer=answer(found, searched),
        curves=() if found is None else read_curves(found.factors, database),
        search=searched,
        tradeoffs=() if search is None else search_tradeoffs(search, database),
        reading=None, pictures=None, layers=(), origins={}, commands=["hpstudy grid"],
        written=datetime(2026, 1, 1),
    )  # fmt: skip
    return page(content)


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("values", VALUES)
def test_a_grid(values: str, seeds: str):
    made = {
        level: {seed: VALUES[values](level, seed) for seed in own}
        for level, own in SEEDS[seeds].items()
    }
    place = list(VALUES).index(values) + list(SEEDS).index(seeds)
    metric = ("value", "accuracy", "test_accuracy")[place % 3]
    database = memory()
    grid = read_made_grid(made, metric, ("maximize", "minimize")[place // 3 % 2], database)
    check_grid(findings(grid), read_curves(grid.factors, database))


@pytest.mark.parametrize("seeds", ["nothing", "the baseline once", "two seeds", "seeds apart"])
@pytest.mark.parametrize("values", ["equal", "huge", "plain"])
def test_a_page(values: str, seeds: str):
    made = {
        level: {seed: VALUES[values](level, seed) for seed in own}
        for level, own in SEEDS[seeds].items()
    }
    database = memory()
    found = findings(read_made_grid(made, "accuracy", "maximize", database))
    text = re.sub(r"<script.*?</script>", "", whole_page(found, None, database), flags=re.DOTALL)
    says_no_nan(re.sub(r"<[^>]*>", " ", text))
    finite(read_rows("odd", database))
    finite(read_origin("odd/grid", database))


def test_a_thousand_seeds():
    made = {level: {s: VALUES["plain"](level, s) for s in range(1000)} for level in (1, 2)}
    database = memory()
    check_grid(findings(read_made_grid(made, "accuracy", "maximize", database)))


@pytest.mark.parametrize("gone", [{2: 1}, {1: 1}, {2: 3}, {1: 3, 2: 3}, {1: 2, 2: 1, 3: 3, 4: 1}])
def test_levels_of_which_seeds_diverged(gone: dict[int, int]):
    """The last so many seeds of a level diverged."""
    made = {
        level: {
            s: VALUES["plain"](level, s) if s < 3 - gone.get(level, 0) else None for s in range(3)
        }
        for level in LEVELS
    }
    database = memory()
    grid = read_made_grid(made, "accuracy", "maximize", database)
    found = findings(grid)
    check_grid(found, read_curves(grid.factors, database))
    (factor,) = found.factors
    assert {row.level: len(row.diverged) for row in factor.levels if row.diverged} == gone
    for row in factor.levels:
        if row.diverged and not row.is_baseline:
            assert row.verdict in ("unstable", "worse", "diverges")


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    values=st.dictionaries(
        st.sampled_from(LEVELS),
        st.dictionaries(
            st.integers(0, 6),
            st.floats(allow_nan=False, allow_infinity=False)
            | st.sampled_from([0.0, 0.5, 1.0, None]),
            max_size=5,
        ),
    ),
    metric=st.sampled_from(["value", "accuracy", "test_accuracy"]),
    direction=st.sampled_from(["maximize", "minimize"]),
)
def test_any_grid(values: Values, metric: str, direction: str):
    found = findings(read_made_grid(values, metric, direction, memory()))
    finite(found)
    told = document(summary(grid=found.results))
    json.dumps(told, allow_nan=False)
    sound(told["grid"]["factors"], found.metric.bounds)
    sound(told["grid"]["importance"], found.metric.bounds)
    says_no_nan(printed(grid_tables(found)))
    finite(answer(found, None))


TRIALS: dict[str, Callable[[int], tuple[str, float]]] = {  # by number: state and value
    "plain": lambda n: ("complete", 0.9 + 0.01 * (n * 7 % 10)),
    "equal": lambda n: ("complete", 0.5),
    "huge": lambda n: ("complete", [1e308, -1.7e308, 1.7e308][n % 3]),
    "one huge": lambda n: ("complete", 1.7e308 if n == 1 else 0.1 * n),
    "tiny": lambda n: ("complete", 5e-324 * n),
    "per cent": lambda n: ("complete", 90.0 + n % 7),
    "huge and equal": lambda n: ("complete", 1.7e308),
    "from end to end": lambda n: ("complete", [-1.7e308, 1.7e308, 1e308][n % 3]),
    "all but one diverged": lambda n: ("complete" if n == 0 else "diverged", 0.5),
    "all diverged": lambda n: ("diverged", 0.5),
    "every other diverged": lambda n: (("complete", "diverged")[n % 2], 0.01 * n),
    "equal and diverged": lambda n: (("complete", "diverged")[n % 2], 0.5),
    "equal and pruned": lambda n: (("complete", "pruned")[n % 2], 0.5),
    "pruned before it said a number": lambda n: (("complete", "silent")[n % 2], 0.1 * n),
    "pruned and diverged": lambda n: (("pruned", "diverged", "complete")[n % 3], 0.1 * n),
}


def made_trial(number: int, state: str, value: float, direction: str) -> optuna.trial.FrozenTrial:
    space = {"a": IntDistribution(1, 4), "kind": CategoricalDistribution(["x", "y"])}
    diverged = state == "diverged"
    made = optuna.create_trial(
        state=TrialState.COMPLETE if diverged or state == "complete" else TrialState.PRUNED,
        value=worst_value(direction) if diverged else None if state != "complete" else value,
        params={"a": 1 + number % 4, "kind": "xy"[number // 4 % 2]},
        distributions=space,
        user_attrs={"training": f"{number}", **({DIVERGED: 2} if diverged else {})},
        intermediate_values={}
        if state == "silent"
        else {1: 0.1}
        if diverged
        else {1: 0.1, 2: value},
    )
    made.datetime_start = datetime(2026, 1, 1) + timedelta(seconds=number)
    made.datetime_complete = made.datetime_start + timedelta(seconds=1)
    return made


def read_made_search(
    trials: list[tuple[str, float]],
    metric: str,
    direction: str,
    database: Database,
    confirm: Callable[[int], float] | None = None,
    seeds: int = 3,
    *,
    announced: bool = False,
) -> SearchResults:
    study = optuna.create_study(
        study_name="odd/search", storage=database.storage, direction=direction
    )
    study.set_user_attr("fingerprint", {"settings": {}})
    for number, (state, value) in enumerate(trials):
        study.add_trial(made_trial(number, state, value, direction))
    if confirm is not None:
        confirmation = optuna.create_study(study_name="odd/confirm", storage=database.storage)
        confirmation.set_user_attr("fingerprint", {"settings": {}})
        choosing = range(200, 200 + seeds)
        if announced:  # as of this version; else as of earlier ones
            looks = {"counts": [max(seeds, 2)], "seeds": [*range(100, 100 + max(seeds, 2))]}
            confirmation.set_user_attr("looks", {**looks, "margin": 0.1, "in_points": False})
            choosing = range(0)
        space = {
            "a": IntDistribution(1, 4), "kind": CategoricalDistribution(["x", "y"]),
            "epochs": IntDistribution(1, 9), "validation": IntDistribution(0, 9),
            "seed": IntDistribution(0, 999),
        }  # fmt: skip
        for a in (1, 2, 3, 4):
            for kind in "xy":
                for seed in [*range(100, 100 + seeds), *choosing]:
                    params = {"a": a, "kind": kind, "epochs": 2, "validation": 0, "seed": seed}
                    confirmation.add_trial(
                        optuna.create_trial(
                            value=confirm(a + seed), params=params, distributions=space
                        )
                    )
    found = read_search(study_file(metric, direction), "odd", database)
    assert found is not None
    return found


@pytest.mark.parametrize("count", [0, 1, 2, 3, 12])
@pytest.mark.parametrize("values", TRIALS)
def test_a_search(values: str, count: int):
    place = list(TRIALS).index(values) + count
    database = memory()
    metric, direction = ("value", "accuracy")[place % 2], ("maximize", "minimize")[place // 2 % 2]
    made = [TRIALS[values](number) for number in range(count)]
    search = read_made_search(made, metric, direction, database)
    check_search(search, database)
    assert search.counts.diverged == sum(state == "diverged" for state, _ in made)


@pytest.mark.parametrize("seeds", [1, 2, 3])
@pytest.mark.parametrize(
    "value",
    [
        lambda n: 0.5,
        lambda n: float(n % 2),
        lambda n: 0.9 + 0.001 * (n * n % 7),
        lambda n: [1e308, -1e308][n % 2],
        lambda n: 1.7e308,
        lambda n: 90.0 + n % 3,
    ],
)
@pytest.mark.parametrize("announced", [True, False])
def test_a_confirmation(value: Callable[[int], float], seeds: int, announced: bool):
    made = [TRIALS["plain"](number) for number in range(12)]
    database = memory()
    search = read_made_search(
        made, "accuracy", "maximize", database, value, seeds, announced=announced
    )
    assert search_findings(search).finalists
    check_search(search, database)
    says_no_nan(whole_page(None, search, database).split("<script")[0])
