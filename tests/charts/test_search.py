from __future__ import annotations

from optuna.trial import TrialState

from hpstudy.charts.explore import contour_figure, slice_figure
from hpstudy.charts.parallel import parallel
from hpstudy.charts.search import history, history_figure, pruning_figure, thinned


def test_the_best_so_far_rises_only_at_complete_trials(made_search):
    search = made_search(25)
    course = history(search)
    values = [value for _, value in course.best]
    assert values == sorted(values)
    assert values[-1] == values[-2] == search.best.values[0]
    assert course.best[-1][0] == 24
    assert len(course.complete) + len(course.pruned) + course.outside == 25
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
    assert (course.outside, course.pruned) == (5, ())


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
    assert history_figure(search).layout.title.text.startswith(
        f"Best validation accuracy {100 * search.best.values[0]:.2f} %, at trial"
    )
    assert pruning_figure(search).layout.title.text == (
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
