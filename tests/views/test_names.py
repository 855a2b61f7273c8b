"""Names that collide: a metric and a hyperparameter of one name, and a metric named as a column."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from optuna.distributions import CategoricalDistribution

from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.importance import Importances
from hpstudy.charts.explore import slice_figure, together_figure
from hpstudy.metric import Metric, Quantity
from hpstudy.running.progress_points import FinishedEpoch, Progress
from hpstudy.views.dashboard.note import grid_note, search_note
from hpstudy.views.tables.grid import levels_table
from hpstudy.views.tables.search import trials_table
from hpstudy.views.terminal.consoles import plain_console
from hpstudy.views.terminal.grid import grid_tables, search_tables
from hpstudy.views.terminal.live import PointsView


def printed(capsys, monkeypatch, table) -> str:
    monkeypatch.setenv("COLUMNS", "300")
    plain_console().print(table)
    return capsys.readouterr().out


def renamed(search, name: str, metric: str):
    """Returns a search whose hyperparameter `lr` and whose metric are named otherwise."""
    for trial in search.trials:
        trial.params = {name: trial.params["lr"], "batch_size": 7}
    return replace(search, metric=Metric.named(metric, search.metric.direction))


@pytest.mark.parametrize(
    ("name", "metric"),
    [("loss", "loss"), ("trial", "loss"), ("val_loss", "val_loss"), ("tried", "loss")],
)
def test_the_best_settings_have_the_metric_and_every_hyperparameter(
    made_search, made_searched, capsys, monkeypatch, name: str, metric: str
):
    search = renamed(made_search(5), name, metric)
    assert search.best is not None
    found = made_searched(search, importances=Importances((), None))
    table = trials_table(found, 10)
    assert table is not None
    best = dict(zip(table.columns, table.rows[0], strict=True))
    assert best["trial"] == f"{search.best.number}"
    assert best[metric.replace("_", " ")] == f"{search.best.values[0]:.5g}"
    assert f"{name} (hyperparameter)".replace("_", " ") in best or name == "tried"
    assert "batch size" in best
    told = search_note("t", found, None)
    assert f"{search.best.values[0]:.5g}".replace(".", r"\.") in told
    if name != "tried":
        assert "(hyperparameter" in told.replace("\\", "")
        text = printed(capsys, monkeypatch, search_tables(found))
        assert "(hyperparameter)" in text


@pytest.mark.parametrize("metric", ["level", "seeds", "verdict", "published"])
def test_a_grid_s_metric_may_be_named_as_a_column(made_findings, capsys, monkeypatch, metric: str):
    found = made_findings(
        published={"lr": {1: 0.75}}, lr={1: [0.725, 0.75, 0.775], 2: [0.825, 0.85, 0.875]}
    )
    found = replace(found, results=replace(found.results, metric=Metric.named(metric, "maximize")))
    table = levels_table(found.factors[0], found)
    assert table is not None
    assert {"level", f"{metric} (metric)"} <= set(table.columns)
    assert table.rows[1][0] == "2"
    assert table.rows[1][1].startswith("0.85")
    assert f"{metric} (metric)" in printed(capsys, monkeypatch, grid_tables(found))
    assert f"{metric} (metric" in grid_note("t", found, None).replace("\\", "")


@pytest.mark.parametrize("choices", [[False, True], [1e-5, 1.0], ["a", "b"], [64, 128]])
def test_a_choice_stands_where_its_axis_has_it(made_search, choices):
    search = made_search(10)
    for trial in search.trials:
        trial.params["lr"] = choices[trial.number % 2]
        trial.distributions["lr"] = CategoricalDistribution(choices)
    for figure in (slice_figure(search, "lr"), together_figure(search, "lr", "batch_size")):
        order = set(figure.layout.xaxis.categoryarray)
        for trace in figure.data:
            assert {x for x in trace.x if x is not None} <= order


@pytest.mark.parametrize("value", ["adam w", "a'b", "$x", "plain", ""])
def test_the_options_of_the_winner_are_what_a_shell_reads(
    made_searched, capsys, monkeypatch, value: str
):
    won = Confirmed(
        Metric.named("test_accuracy", "maximize"), {"batch_size": 3, "opt": value}, (100, 101),
        (0.99, 0.992), Quantity(0.991, 0.99, 0.992),
        (0.988, 0.989), Quantity(0.9885, 0.987, 0.99), Quantity(0.0025, 0.002, 0.003),
    )  # fmt: skip
    found = made_searched(confirmed=won, importances=Importances((), None))
    text = printed(capsys, monkeypatch, search_tables(found))
    line = next(line for line in text.splitlines() if line.startswith("as options: "))
    assert shlex.split(line)[2:] == ["--batch-size", "3", "--opt", value]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "epoch 2/3, diverged, 2 s"), (0.5, "epoch 2/3, val_loss 0.5, 2 s")]
)
def test_an_epoch_that_diverged_is_said_to_have(value: float | None, text: str):
    news = (FinishedEpoch("lr 1", 2, 3, value, 2.0),)
    seen = Progress(2, 3, 0, 1, (), news, 0, None, None)
    view = PointsView(lambda: seen, Metric.named("val_loss", "minimize"))
    view.look()
    assert list(view.news()) == [f"[2/3] lr 1: {text}"]
