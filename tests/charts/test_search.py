from __future__ import annotations

import math
from dataclasses import replace

from optuna.trial import TrialState

from hpstudy.analysis.search import search_findings
from hpstudy.charts.explore import contour_figure, slice_figure, together_figure
from hpstudy.charts.figures import search_figures
from hpstudy.charts.parallel import parallel
from hpstudy.charts.search import history, history_figure, pruning_figure, thinned
from hpstudy.metric import Metric
from hpstudy.store.trials import DIVERGED


def test_the_best_so_far_rises_only_at_complete_trials(made_search):
    search = made_search(25)
    course = history(search)
    values = [value for _, value in course.best]
    assert values == sorted(values)
    assert values[-1] == values[-2] == search.best.values[0]
    assert course.best[-1][0] == 24
    assert len(course.complete) + len(course.pruned) + len(course.outside) == 25
    falling = [value for _, value in history(made_search(25, direction="minimize")).best]
    assert falling == sorted(falling, reverse=True)


def test_what_was_pruned_early_does_not_widen_the_axis(made_search):
    search = made_search(25)
    window = history(search).window
    for trial in search.trials:
        if trial.state == TrialState.PRUNED:
            trial.intermediate_values = {1: 0.1}
    course = history(search)
    assert course.window == window
    assert ([value for _, value in course.outside], course.pruned) == ([0.1] * 5, ())
    assert (
        "5 trials lie beyond the axis, as far as 10.00 %"
        in history_figure(search).layout.meta["title"]
    )


def test_where_most_were_pruned_early_they_are_on_the_axis(made_search):
    search = made_search(60)
    for trial in search.trials:
        if trial.number % 5:
            trial.state = TrialState.PRUNED
            trial.intermediate_values = {1: 0.3 + trial.number / 200}
    assert sum(t.state == TrialState.PRUNED for t in search.trials) == 48
    assert history(search).outside == ()


def test_what_lies_beyond_stands_at_the_edge_and_says_its_value(made_search):
    search = made_search(60, direction="minimize")
    search = replace(search, metric=Metric.named("loss", "minimize"))
    for trial in search.trials:
        if trial.number % 10 == 3:
            trial.values = [5e3 + trial.number]
    slices = slice_figure(search, "lr")
    (edge,) = [trace for trace in slices.data if trace.name == "beyond the axis"]
    assert len(edge.x) == 6
    assert set(edge.y) == {history(search).window.high}
    assert "5003" in edge.customdata
    figure = history_figure(search)
    assert "6 trials lie beyond the axis, as far as 5053" in figure.layout.meta["title"]


def test_diverged_trials_stand_at_the_worse_edge_and_are_counted(made_search):
    search = made_search(30)
    for trial in search.trials[-3:]:
        trial.values, trial.user_attrs = [-math.inf], {DIVERGED: 2}
        trial.state = TrialState.COMPLETE
    search = replace(
        search,
        trials=search.trials[:-3],
        diverged=search.trials[-3:],
        counts=replace(search.counts, complete=22, pruned=5, diverged=3),
    )
    figures = search_figures(search_findings(search))
    title = figures["search-history"].layout.meta["title"]
    assert title.endswith("of 30; 3 trials diverged")
    for name in ("search-history", "search-slice-lr"):
        (marks,) = [trace for trace in figures[name].data if trace.name == "diverged"]
        assert len(marks.x) == 3
        assert set(marks.y) == {history(search).window.low}
    rates = [trial.params["lr"] for trial in search.diverged]
    (marks,) = [t for t in figures["search-slice-lr"].data if t.name == "diverged"]
    assert list(marks.x) == rates
    del figures["search-timeline"]  # they ran
    for name, figure in figures.items():
        assert "nfinity" not in figure.to_json(), name


def test_nothing_is_interpolated_from_a_few_trials(made_search):
    few = together_figure(made_search(12), "lr", "batch_size")
    assert {trace.type for trace in few.data} == {"scatter"}
    assert len(few.data[0].x) == 10
    many = together_figure(made_search(60), "lr", "batch_size")
    assert "contour" in {trace.type for trace in many.data}
    for figure in (few, many):
        assert "0.001" in [
            *(figure.layout.xaxis.ticktext or ()),
            *(figure.layout.yaxis.ticktext or ()),
        ]


def test_each_kind_of_line_has_one_name(made_search):
    search = made_search(25)
    search.trials[0].state = TrialState.RUNNING
    lines = pruning_figure(search).data
    assert sorted(line.name for line in lines if line.showlegend) == ["not pruned", "pruned"]


def test_thinning_keeps_the_best_and_some_of_all_times(made_search):
    trials = list(made_search(1000).trials)
    kept = thinned(trials, 100, maximize=True)
    assert len(kept) == len({t.number for t in kept}) == 100
    best = sorted(trials, key=lambda t: t.values[0], reverse=True)[:50]
    assert {t.number for t in best} <= {t.number for t in kept}
    assert kept[0].number < 50
    assert kept[-1].number > 950
    assert [t.number for t in kept] == sorted(t.number for t in kept)


def test_titles_say_the_best_and_what_was_saved(made_search):
    search = made_search(25)
    assert (
        history_figure(search)
        .layout.meta["title"]
        .startswith(f"Best validation accuracy {100 * search.best.values[0]:.2f} %, at trial")
    )
    assert pruning_figure(search).layout.meta["title"] == (
        "5 trials pruned; 75 of 125 epochs not trained"
    )


def test_pictures_of_many_trials_stay_small(made_search):
    search = made_search(1000)
    assert sum(t.state == TrialState.COMPLETE for t in search.trials) == 800
    assert len(contour_figure(search, "lr", "batch_size").to_json()) < 500_000
    assert len(slice_figure(search, "lr").to_json()) < 100_000


def test_lines_over_the_hyperparameters_run_from_end_to_end_of_their_scale(made_search):
    search = made_search(1000)
    lines = parallel(search, ["lr", "batch_size"])
    assert [axis.name for axis in lines.axes] == ["lr", "batch_size"]
    assert (lines.axes[0].low, lines.axes[1].low) == ("0.0001", "1")
    drawn = [*lines.others, *lines.good]
    assert len(drawn) == 150
    assert all(0 <= place <= 1 for line in drawn for place in line)
    # Both grow with the trial's number, the rate by its logarithm: each line is level.
    assert all(abs(first - second) < 1e-6 for first, second in drawn)
    assert lines.best in lines.good
