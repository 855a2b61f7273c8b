from __future__ import annotations

from dataclasses import replace

import pytest

from hpstudy.analysis.answer import answer
from hpstudy.analysis.confirmed import Confirmed
from hpstudy.metric import Metric

BASE = [0.9862, 0.9881, 0.9898, 0.9871, 0.9885]
SAME = [0.9865, 0.9880, 0.9901, 0.9868, 0.9888]
MORE = [0.9922, 0.9925, 0.9951, 0.9926, 0.9938]
WORSE = [0.9802, 0.9815, 0.9838, 0.9806, 0.9828]


def test_with_one_seed_nothing_can_be_chosen(made_findings):
    told = answer(made_findings(epochs={5: [0.986], 10: [0.9915]}), None)
    assert told.headline.startswith("Too early to choose: one training a setting")
    assert told.why == ("The best value seen is 99.15 %, at epochs 10; the baseline has 98.60 %.")
    assert told.params == {"epochs": 5}
    assert told.changed == ()
    assert (told.value, told.low, told.trainings) == (0.986, None, 1)


def test_the_best_of_the_levels_that_are_better_is_to_be_used(made_findings):
    found = made_findings(epochs={5: BASE, 10: MORE}, width={8: BASE, 16: SAME, 32: WORSE})
    told = answer(found, None)
    assert told.headline == "Use epochs 10, and keep the rest of the baseline."
    assert told.why.startswith("+0.53 points against the baseline (95 % +0.")
    assert told.params == {"epochs": 10, "width": 8}
    assert told.changed == ("epochs",)
    assert told.value == pytest.approx(sum(MORE) / 5)
    assert told.low < told.value < told.high
    assert told.notes == ("Shown to be worse: width 32 (-0.62 points).",)


def test_levels_that_are_better_each_by_itself_are_not_put_together(made_findings):
    found = made_findings(epochs={5: BASE, 10: MORE}, width={8: BASE, 16: [v + 1e-4 for v in MORE]})
    told = answer(found, None)
    assert told.params == {"epochs": 5, "width": 16}
    assert told.notes[0] == (
        "Also better, each by itself: epochs 10 (+0.53 points). Together they were not trained."
    )


def test_without_a_better_level_the_baseline_stays_and_the_bound_is_told(made_findings):
    told = answer(made_findings(width={8: BASE, 16: SAME}), None)
    assert told.headline == "Keep the baseline: no other setting is shown to be better."
    assert told.why.startswith("1 level shows no difference from it; the data exclude differences")


WON = Confirmed(
    metric=Metric.named("test_accuracy", "maximize"),
    params={"lr": 0.002}, seeds=(100, 101), values=(0.992, 0.993),
    mean=0.9925, low=0.991, high=0.994, baseline_values=(0.988, 0.989), baseline_mean=0.9885,
    difference=0.004, difference_low=0.001, difference_high=0.007,
)  # fmt: skip


@pytest.mark.parametrize(
    ("won", "headline", "value", "changed"),
    [
        (WON, "Use lr 0.002.", 0.9925, ("lr",)),
        (replace(WON, difference_low=-0.001), "Keep the baseline: ", 0.9885, ()),
        (
            replace(WON, difference_low=None, difference_high=None),
            "Too early to choose: ",
            0.9925,
            ("lr",),
        ),
    ],
)
def test_a_confirmed_search_decides(made_search, won, headline, value, changed):
    told = answer(None, made_search(confirmed=won))
    assert told.headline.startswith(headline)
    assert told.value == value
    assert told.changed == changed
    assert told.params == {"lr": 0.002 if changed else 0.001, "batch_size": 100}


def test_what_is_not_confirmed_says_how_to_tell(made_search):
    won = replace(WON, difference_low=-0.001, seeds_needed=5)
    assert answer(None, made_search(confirmed=won)).notes == (
        "5 seeds would show a difference of this size in four searches of five: --confirm 5.",
    )
    assert answer(None, made_search(confirmed=replace(won, seeds_needed=2))).notes == ()


def test_less_can_be_better(made_search):
    won = replace(WON, difference=-0.004, difference_low=-0.007, difference_high=-0.001)
    assert answer(None, made_search(confirmed=won)).headline.startswith("Keep the baseline")
    won = replace(won, metric=replace(won.metric, direction="minimize"))
    assert (
        answer(None, made_search(direction="minimize", confirmed=won)).headline == "Use lr 0.002."
    )


def test_an_unconfirmed_search_is_a_note_beside_the_grid_and_a_suggestion_without(
    made_findings, made_search
):
    alone = answer(None, made_search())
    assert alone.headline.startswith("Try lr ")
    assert "flatters itself" in alone.why
    beside = answer(made_findings(epochs={5: BASE, 10: MORE}), made_search())
    assert beside.headline.startswith("Use epochs 10")
    assert beside.notes[-1].startswith("The search's best trial has ")


def test_nothing_trained_has_no_answer(made_findings, made_search):
    assert answer(None, None) is None
    assert answer(None, made_search(0)) is None
