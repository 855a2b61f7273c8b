from __future__ import annotations

import copy
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpstudy.analysis.answer import answer
from hpstudy.analysis.chosen import WinnersLook
from hpstudy.analysis.confirmed import Confirmed, Finalist
from hpstudy.analysis.findings import GridFindings
from hpstudy.charts.factors import finding
from hpstudy.metric import Metric, Quantity, Verdict
from hpstudy.results.confirmation import Confirmation
from hpstudy.results.grid import Failure
from hpstudy.views.tables.grid import levels_table

BETTER, WORSE, NOT_SHOWN = Verdict.BETTER, Verdict.WORSE, Verdict.NOT_SHOWN
CANNOT_TELL, UNSTABLE, DIVERGES = Verdict.CANNOT_TELL, Verdict.UNSTABLE, Verdict.DIVERGES
BASE = [0.9862, 0.9881, 0.9898, 0.9871, 0.9885]
SAME = [0.9865, 0.9880, 0.9901, 0.9868, 0.9888]
MORE = [0.9922, 0.9925, 0.9951, 0.9926, 0.9938]
LOWER = [0.9802, 0.9815, 0.9838, 0.9806, 0.9828]


def test_with_one_seed_nothing_can_be_chosen(made_findings):
    told = answer(made_findings(epochs={5: [0.986], 10: [0.9915]}), None)
    assert told.headline.startswith("Too early to choose: one training a setting")
    assert told.why == ("The best value seen is 99.15 %, at epochs 10; the baseline has 98.60 %.")
    assert told.params == {"epochs": 5}
    assert told.changed == ()
    assert (told.value, told.trainings) == (Quantity(0.986), 1)


def test_the_best_of_the_levels_that_are_better_is_to_be_used(made_findings):
    found = made_findings(epochs={5: BASE, 10: MORE}, width={8: BASE, 16: SAME, 32: LOWER})
    told = answer(found, None)
    assert told.headline == "Use epochs 10, and keep the rest of the baseline."
    assert told.why.startswith("+0.53 points against the baseline (95 % +0.")
    assert told.params == {"epochs": 10, "width": 8}
    assert told.changed == ("epochs",)
    assert told.value.value == pytest.approx(sum(MORE) / 5)
    assert told.value.low < told.value.value < told.value.high
    assert told.notes == ("Shown to be worse: width 32 (-0.62 points).",)


def test_levels_that_are_better_each_by_itself_are_not_put_together(made_findings):
    found = made_findings(epochs={5: BASE, 10: MORE}, width={8: BASE, 16: [v + 1e-4 for v in MORE]})
    told = answer(found, None)
    assert told.params == {"epochs": 5, "width": 16}
    assert told.notes[0] == (
        "Also better, each by itself: epochs 10 (+0.53 points). Together they were not trained: "
        "--combine trains them."
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ({8: 2.0, 16: 3.0, 32: 4.0}, "equal within ±0.2 points; the quickest is 8."),
        ({8: 3.0, 16: 2.0, 32: 4.0}, "equal within ±0.2 points; the quickest is 16."),
        ({}, "equal within ±0.2 points, and about as quick."),
    ],
)
def test_of_levels_that_are_equal_any_can_be_used(made_findings, seconds, told: str):
    widths = {8: BASE, 16: SAME, 32: [0.9863, 0.9881, 0.9899, 0.9867, 0.9887], 64: LOWER}
    found = answer(made_findings(width=widths, margin=0.002, seconds=seconds), None)
    assert found.headline == "Keep the baseline: no other setting is shown to be better."
    assert found.why == "No other level gains 0.20 points or more (95 % for all together)."
    assert f"width: any of 8, 16, 32: {told}" in found.notes


def test_without_a_better_level_the_baseline_stays_and_the_bound_is_told(made_findings):
    told = answer(made_findings(width={8: BASE, 16: SAME}), None)
    assert told.headline == "Keep the baseline: no other setting is shown to be better."
    assert told.why.startswith("1 level shows no difference from it; the data exclude differences")


UNCLEAR = Quantity(0.004, -0.001, 0.007)
WON = Confirmed(
    metric=Metric.named("test_accuracy", "maximize"),
    params={"lr": 0.002}, seeds=(100, 101), values=(0.992, 0.993),
    mean=Quantity(0.9925, 0.991, 0.994), baseline_values=(0.988, 0.989),
    baseline_mean=Quantity(0.9885), difference=Quantity(0.004, 0.001, 0.007),
)  # fmt: skip


@pytest.mark.parametrize(
    ("won", "headline", "value", "changed"),
    [
        (WON, "Use lr 0.002, batch size 100.", 0.9925, ("lr",)),
        (
            replace(WON, difference=Quantity(0.004, -0.001, 0.007)),
            "Keep the baseline: ",
            0.9885,
            (),
        ),
        (
            replace(WON, difference=Quantity(0.004)),
            "Too early to choose: ",
            0.9925,
            ("lr",),
        ),
    ],
)
def test_a_confirmed_search_decides(made_searched, won, headline, value, changed):
    whole = replace(won, params={"lr": 0.002, "batch_size": 100})
    told = answer(None, made_searched(confirmed=whole))
    assert told.headline.startswith(headline)
    assert told.value.value == value
    assert told.changed == changed
    assert told.params == {"lr": 0.002 if changed else 0.001, "batch_size": 100}


def test_what_is_not_confirmed_says_how_to_tell(made_searched):
    won = replace(WON, difference=UNCLEAR, seeds_needed=5)
    assert answer(None, made_searched(confirmed=won)).notes == (
        "5 seeds would show a difference of this size in four searches of five: --confirm 5.",
    )
    assert answer(None, made_searched(confirmed=replace(won, seeds_needed=2))).notes == ()
    looked = replace(won, announced=(2,), looks=(WinnersLook(2, 0.05, UNCLEAR, None),))
    assert answer(None, made_searched(confirmed=looked)).notes == (
        "5 seeds would show a difference of this size in four searches of five: --confirm 5, "
        "announced beforehand in a search to come.",
    )


@pytest.mark.parametrize(
    ("verdict", "headline"),
    [
        (Verdict.OPEN, "Too early to choose: "),
        (Verdict.EQUAL, "Keep the baseline: the search's winner is equal within ±0.3 points."),
        (Verdict.NO_GAIN, "Keep the baseline: the search's winner has no gain of 0.30 points."),
    ],
)
def test_what_a_look_decided_is_told(made_searched, made_findings, verdict: Verdict, headline: str):
    decided = None if verdict == Verdict.OPEN else verdict
    won = replace(
        WON,
        difference=UNCLEAR,
        verdict=verdict,
        announced=(2, 4),
        margin=0.003,
        looks=(WinnersLook(2, 0.0125, UNCLEAR, decided),),
    )
    told = answer(None, made_searched(confirmed=won))
    assert told.headline.startswith(headline)
    if decided is None:
        assert told.why.startswith("The next look, after 4 fresh seeds, tells more: ")
    beside = answer(made_findings(width={8: LOWER, 16: BASE}), made_searched(confirmed=won))
    note = next(note for note in beside.notes if note.startswith("The search's winner, lr 0.002: "))
    assert ("The next look" in note) == (decided is None)
    assert ("no gain of" in note, "equal within" in note) == (
        verdict == Verdict.NO_GAIN,
        verdict == Verdict.EQUAL,
    )


def test_less_can_be_better(made_search, made_searched):
    won = replace(WON, difference=Quantity(-0.004, -0.007, -0.001))
    assert answer(None, made_searched(confirmed=won)).headline.startswith("Keep the baseline")
    won = replace(won, metric=replace(won.metric, direction="minimize"))
    less = made_searched(made_search(direction="minimize"), confirmed=won)
    assert answer(None, less).headline == "Use lr 0.002."


def test_an_unconfirmed_search_is_a_note_beside_the_grid_and_a_suggestion_without(
    made_findings, made_searched
):
    alone = answer(None, made_searched())
    assert alone.headline.startswith("Try lr ")
    assert "flatters itself" in alone.why
    beside = answer(made_findings(epochs={5: BASE, 10: MORE}), made_searched())
    assert beside.headline.startswith("Use epochs 10")
    assert beside.notes[-1].startswith("The search's best trial has ")


def test_nothing_trained_has_no_answer(made_findings, made_search, made_searched):
    assert answer(None, None) is None
    assert answer(None, made_searched(made_search(0))) is None


# What grid and search say together. The grid has lr at 0.001 (the baseline) and two other levels.
LEVELS = (0.001, 0.01, 0.1)
SIGNS = {BETTER: 1, WORSE: -1, NOT_SHOWN: 0.1, CANNOT_TELL: 0.1}


@pytest.fixture
def judged(made_findings):
    """Makes a grid's findings of verdicts: of lr 0.01 and 0.1, with how far they lie off."""

    found = made_findings(lr={lr: [*BASE] for lr in LEVELS}, batch_size={100: BASE})

    def make(*verdicts: str | None, size: float = 0.02, lost: int = 0) -> GridFindings:
        rows = list(found.factors[0].levels)
        rows[0] = with_losses(rows[0], lost)
        for place, verdict in enumerate(verdicts, 1):
            seeds = {UNSTABLE: 2, DIVERGES: 5, None: 5}.get(verdict, 0)
            row = with_losses(rows[place], seeds)
            off = SIGNS.get(verdict, 0) * size * place
            ends = (None, None) if verdict == CANNOT_TELL or not off else (off - 0.01, off + 0.01)
            rows[place] = replace(
                row,
                diverged=() if verdict is None else row.diverged,
                difference=Quantity(off, *ends) if off else None,
                verdict=verdict,
                p=None, test=None, within=None, seeds_needed=None,
            )  # fmt: skip
        lr, batch_size = found.factors
        same = with_losses(batch_size.levels[0], lost)
        factors = (replace(lr, levels=tuple(rows)), replace(batch_size, levels=(same,)))
        return replace(found, factors=factors)

    return make


def with_losses(row, lost: int):
    """Returns a level of which so many seeds, from the last one on, diverged."""
    runs = row.runs[: len(row.runs) - lost]
    mean = Quantity(sum(r.value for r in runs) / len(runs)) if runs else None
    return replace(row, runs=runs, mean=mean, diverged=tuple(range(len(runs), len(row.runs))))


def won(difference: float | None, width: float | None = 0.001, **changes) -> Confirmed:
    """Returns a winner so far above the baseline, the interval so wide to either side."""
    gap = None
    if difference is not None:
        gap = Quantity(difference)
        if width is not None:
            gap = Quantity(difference, difference - width, difference + width)
    return replace(WON, difference=gap, **changes)


ITSELF = won(None, is_baseline=True, params={"lr": 0.001, "batch_size": 100})
LOST = {"values": (), "mean": None, "seeds": ()}
ROWS = {
    "grid better, search not confirmed": (
        (BETTER, WORSE), None, "Use lr 0.01, and keep the rest", ("lr",)),
    "grid better, winner not shown": (
        (NOT_SHOWN, BETTER), won(0.001, 0.01), "Use lr 0.1, and keep the rest", ("lr",)),
    "grid better by more than the winner": (
        (BETTER, NOT_SHOWN), won(0.004), "Use lr 0.01, and keep the rest", ("lr",)),
    "winner better by more than the grid": (
        (BETTER, NOT_SHOWN), won(0.04), "Use lr 0.002.", ("lr",)),
    "grid better, winner on one seed": (
        (BETTER, NOT_SHOWN), won(0.04, None), "Use lr 0.01, and keep the rest", ("lr",)),
    "grid better, winner diverged": (
        (BETTER, NOT_SHOWN), won(0.04, diverged=(102,)), "Use lr 0.01, and keep", ("lr",)),
    "grid better, winner is the baseline": (
        (BETTER, NOT_SHOWN), ITSELF, "Use lr 0.01, and keep the rest", ("lr",)),
    "winner better, grid not": (
        (NOT_SHOWN, WORSE), won(0.004), "Use lr 0.002.", ("lr",)),
    "winner is a level that is worse": (
        (WORSE, NOT_SHOWN), won(0.004, params={"lr": 0.01, "batch_size": 100}),
        "Keep the baseline: grid and search contradict one another", ()),
    "winner is a level that is unstable": (
        (NOT_SHOWN, UNSTABLE), won(0.004, params={"lr": 0.1, "batch_size": 100}),
        "Keep the baseline: grid and search contradict one another", ()),
    "winner has a level that is worse by itself": (
        (WORSE, NOT_SHOWN), won(0.004, params={"lr": 0.01, "batch_size": 7}),
        "Use the search's winner.", ("lr", "batch_size")),
    "winner worse": (
        (NOT_SHOWN, NOT_SHOWN), won(-0.004),
        "Keep the baseline: the search's winner is worse.", ()),
    "winner is the baseline": (
        (NOT_SHOWN, WORSE), ITSELF,
        "Keep the baseline: it won among the search's finalists itself.", ()),
    "winner diverged": (
        (NOT_SHOWN, WORSE), won(0.04, diverged=(102,)),
        "Keep the baseline: the search's winner diverged on 1 of 3 fresh seeds.", ()),
    "winner diverged on every seed": (
        None, won(None, diverged=(100, 101), **LOST),
        "Keep the baseline: the search's winner diverged on 2 of 2 fresh seeds.", ()),
    "baseline diverged on a fresh seed": (
        None, won(0.001, 0.01, baseline_diverged=(102,)),
        "Keep the baseline with care, as it diverged on 1 of 3 fresh seeds: the search's", ()),
    "baseline diverged on every fresh seed": (
        None, won(None, baseline_values=(), baseline_mean=None, baseline_diverged=(100, 101)),
        "Use lr 0.002.", ("lr",)),
    "a level is unstable, one diverges": (
        (UNSTABLE, DIVERGES), None, "Keep the baseline: no other setting is shown", ()),
    "some levels have too few seeds, one is better": (
        (BETTER, CANNOT_TELL), None, "Use lr 0.01, and keep the rest", ("lr",)),
    "some levels have too few seeds": (
        (NOT_SHOWN, CANNOT_TELL), None, "Too early to choose: one training", ()),
    "a level has no result yet": (
        (NOT_SHOWN, None), None, "Keep the baseline: no other setting is shown", ()),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_the_answer_takes_all_evidence_together(judged, made_searched, row: str):
    verdicts, confirmed, headline, changed = ROWS[row]
    found = None if verdicts is None else judged(*verdicts)
    told = answer(found, made_searched(confirmed=confirmed))
    assert told.headline.startswith(headline)
    assert told.changed == changed
    assert told.why.endswith(".")
    assert all(note.endswith(".") for note in told.notes)


def test_a_baseline_that_diverged_is_not_simply_kept(judged):
    told = answer(judged(NOT_SHOWN, WORSE, lost=1), None)
    assert told.headline == (
        "Keep the baseline with care, as it diverged on 1 of 5 seeds: no other setting is shown "
        "to be better."
    )
    told = answer(judged(NOT_SHOWN, UNSTABLE, lost=5), None)
    assert told.headline == "Not the baseline, which diverges: try lr 0.01."
    assert told.changed == ("lr",)
    told = answer(judged(DIVERGES, UNSTABLE, lost=5), None)
    assert told.headline.startswith("No setting is shown to be fit")


def test_what_speaks_against_levels_is_told(judged):
    told = answer(judged(UNSTABLE, WORSE), None)
    assert told.why == "Every other level is shown to be worse, or diverges."
    assert told.notes == (
        "Shown to be worse: lr 0.1 (-4.00 points).",
        "Not to be relied on: lr 0.01 (diverged on 2 of 5 seeds).",
    )
    assert answer(judged(NOT_SHOWN, None), None).notes == ("1 level has no result yet.",)


def test_what_of_the_confirmation_is_not_done_is_told(made_search, made_searched):
    state = Confirmation((100, 101), (Failure({"lr": 0.1}, 100, "no data"),), 2)
    told = answer(
        None, made_searched(replace(made_search(), confirmation=state), confirmed=won(0.004))
    )
    assert told.notes == ("Of the confirmation's trainings 1 raised, 2 are still to do.",)


@pytest.mark.parametrize(
    ("seeds", "why"),
    [(1, "One seed cannot tell: +"), (2, "Two seeds cannot tell: +"), (0, "There is nothing to")],
)
def test_too_few_seeds_say_how_few(made_searched, seeds: int, why: str):
    few = won(0.2 if seeds else None, None, baseline_values=(0.9,) * seeds)
    told = answer(None, made_searched(confirmed=few))
    assert told.headline.startswith("Too early to choose: ")
    assert told.why.startswith(why)


def test_finalists_that_diverged_on_fresh_seeds_are_not_to_be_tried(made_searched):
    def finalist(lr: float, mean: float | None, *diverged: int) -> Finalist:
        return Finalist({"lr": lr, "batch_size": 7}, 0.9, (200,), (0.9,), mean, diverged)

    steady, lost = finalist(0.02, 0.8), finalist(0.03, 0.9, 201)
    told = answer(None, made_searched(finalists=(steady, lost)))
    assert told.headline.startswith("Try lr 0.02, batch size 7: ")
    assert told.value == Quantity(0.8)
    told = answer(None, made_searched(finalists=(lost,)))
    assert (
        told.headline == "Keep the baseline: every finalist of the search diverged on fresh seeds."
    )


@pytest.fixture
def searched(made_searched):
    return made_searched()


def test_where_every_trial_diverged_no_setting_is_fit(made_search, made_searched):
    search = made_search()
    lost = replace(search, trials=(), diverged=search.trials[:3])
    told = answer(None, made_searched(lost))
    assert told.headline == "No setting is shown to be fit: every trial of the search diverged."
    assert told.why == "3 trials without a finite validation accuracy."


def one_trial(search, lr: float):
    """Returns a search's trial at such a learning rate, all else at the baseline."""
    trial = copy.deepcopy(search.trials[0])
    trial.params = {"lr": lr, "batch_size": 100}
    return trial


# What the search says of lr 0.01, that the grid shows to be better, and what the answer is then.
AT_LEVEL = {"lr": 0.01, "batch_size": 100}
LOST_AT_LEVEL = Finalist(AT_LEVEL, 0.9, (200,), (0.9,), 0.9, (201,))
AGAINST = {
    "winner diverged on every fresh seed": (
        {"confirmed": won(None, params=AT_LEVEL, diverged=(100, 101, 102), **LOST)},
        "Keep the baseline: the search's winner diverged on 3 of 3 fresh seeds.",
        "diverged on 3 of 3 fresh seeds."),
    "winner is shown to be worse": (
        {"confirmed": won(-0.004, params=AT_LEVEL)},
        "Keep the baseline: the search's winner is worse.", "is worse on fresh seeds."),
    "the only finalist diverged": (
        {"finalists": (LOST_AT_LEVEL,)},
        "Keep the baseline: the search speaks against what the grid shows to be better.",
        "diverged on 1 of 2 fresh seeds."),
    "a finalist diverged, another one won": (
        {"finalists": (LOST_AT_LEVEL,), "confirmed": won(0.004)},
        "Use lr 0.002.", "diverged on 1 of 2 fresh seeds."),
    "a trial of the search diverged": (
        {"lost": 0.01},
        "Keep the baseline: the search speaks against what the grid shows to be better.",
        "diverged."),
    "nothing": ({"confirmed": won(0.001, 0.01)}, "Use lr 0.01, and keep the rest", None),
    "another value besides": (
        {"confirmed": won(-0.004, params={"lr": 0.01, "batch_size": 7})},
        "Use lr 0.01, and keep the rest", None),
    "the winner is not shown to be worse": (
        {"confirmed": won(-0.004, 0.01, params=AT_LEVEL)}, "Use lr 0.01, and keep the rest", None),
}  # fmt: skip


@pytest.mark.parametrize("row", AGAINST)
def test_what_the_search_speaks_against_is_not_recommended(
    judged, made_search, made_searched, row: str
):
    changes, headline, objection = AGAINST[row]
    search = made_search()
    if "lost" in changes:
        search = replace(search, diverged=(one_trial(search, changes["lost"]),))
        changes = {}
    told = answer(judged(BETTER, NOT_SHOWN), made_searched(search, **changes))
    assert told.headline.startswith(headline)
    against = [note for note in told.notes if "to be better, but in the search it" in note]
    assert against == (
        []
        if objection is None
        else [
            f"The grid shows lr 0.01 (+2.00 points) to be better, but in the search it {objection}"
        ]
    )


def test_a_next_best_level_is_used_where_the_search_speaks_against_the_best(judged, made_searched):
    search = made_searched(finalists=(LOST_AT_LEVEL,))
    assert answer(judged(BETTER, BETTER), search).headline.startswith("Use lr 0.1, and keep")
    told = answer(judged(NOT_SHOWN, UNSTABLE, lost=5), search)
    assert told.headline.startswith("No setting is shown to be fit")


def test_a_winner_that_is_worse_is_said_to_be(judged, made_searched):
    told = answer(judged(NOT_SHOWN, BETTER), made_searched(confirmed=won(-0.004)))
    assert any(n.startswith("The search's winner, lr 0.002, is worse: -0.40") for n in told.notes)


VERDICTS = st.sampled_from([BETTER, WORSE, NOT_SHOWN, CANNOT_TELL, UNSTABLE, DIVERGES, None])
WINNERS = st.builds(
    lambda lr, batch, difference, width, lost, base_lost, base: won(
        None if (lr, batch) == (0.001, 100) or not base else difference,
        width,
        params={"lr": lr, "batch_size": batch},
        is_baseline=(lr, batch) == (0.001, 100),
        diverged=tuple(range(100, 100 + lost)),
        baseline_diverged=tuple(range(110, 110 + base_lost)),
        baseline_values=WON.baseline_values if base else (),
        baseline_mean=WON.baseline_mean if base else None,
    ),
    st.sampled_from([*LEVELS, 0.002]),
    st.sampled_from([100, 7]),
    st.floats(-0.1, 0.1),
    st.sampled_from([None, 0.001, 0.05]),
    st.sampled_from([0, 0, 1]),
    st.sampled_from([0, 0, 2]),
    st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    verdicts=st.none() | st.tuples(VERDICTS, VERDICTS),
    size=st.floats(0.001, 0.1),
    lost=st.sampled_from([0, 0, 1, 5]),
    confirmed=st.none() | WINNERS,
    is_searched=st.booleans(),
)
def test_no_answer_contradicts_what_stands_below_it(
    judged, searched, verdicts, size, lost, confirmed, is_searched
):
    found = None if verdicts is None else judged(*verdicts, size=size, lost=lost)
    told = answer(found, replace(searched, confirmed=confirmed) if is_searched else None)
    if told is None:
        return
    verdicts = verdicts or ()
    for level, verdict in zip(LEVELS[1:], verdicts, strict=False):
        if verdict in (WORSE, UNSTABLE, DIVERGES):
            assert not re.search(rf"lr {level}(?![\d])", told.headline)
            assert told.params["lr"] != level or len(told.changed) > 1
    against = None
    if is_searched and confirmed is not None and confirmed.params.get("batch_size") == 100:
        gap = confirmed.difference
        is_worse = gap is not None and (gap.high or 0.0) < 0
        against = confirmed.params["lr"] if confirmed.diverged or is_worse else None
        assert against in (None, 0.001) or dict(told.params) != confirmed.params
    if any(v == BETTER and lr != against for lr, v in zip(LEVELS[1:], verdicts, strict=False)):
        assert "the baseline:" not in told.headline
        assert told.headline.startswith("Use ")
    if is_searched and confirmed is not None and confirmed.diverged and not confirmed.is_baseline:
        assert dict(told.params) != confirmed.params or not told.headline.startswith("Use the se")
        assert told.value != confirmed.mean
    has_lost = (lost and verdicts) or (is_searched and confirmed and confirmed.baseline_diverged)
    assert not has_lost or not told.headline.startswith("Keep the baseline:")


# The baseline diverged on 17 of 20 seeds; the levels on none, though they lie below the others.
FEW = [0.95, 0.96, 0.97, *[None] * 17]
BELOW = [0.90 + seed / 1000 for seed in range(20)]
ABOVE = [0.92 + seed / 1000 for seed in range(20)]


@pytest.mark.parametrize(
    ("direction", "best", "other"), [("maximize", 0.3, 0.5), ("minimize", 0.5, 0.3)]
)
def test_what_is_better_by_rank_has_no_difference(made_findings, direction, best, other):
    found = made_findings(lr={0.1: FEW, 0.5: BELOW, 0.3: ABOVE}, direction=direction)
    told = answer(found, None)
    assert told.headline == f"Use lr {best}, and keep the rest of the baseline."
    assert told.why == f"The baseline diverged on 17 of 20 seeds, lr {best} on none."
    assert told.notes == (
        f"Also better, each by itself: lr {other} (by rank, as the baseline diverged on 17 of 20 "
        "seeds).",
    )
    factor = found.factors[0]
    assert finding(factor, found.metric) == (
        "lr: better at 0.5 and 0.3; the baseline diverged on 17 of 20 seeds"
    )
    table = levels_table(factor, found)
    cells = [row[table.columns.index("difference")] for row in table.rows]
    assert cells == ["baseline", "–", "–"]


@pytest.mark.parametrize(
    ("levels", "title", "note"),
    [
        ({0.1: BASE, 1.0: [0.99, 0.99, *[None] * 3]},
         "lr: unstable at 1 (diverged on 3 of 5 seeds)",
         "Not to be relied on: lr 1 (diverged on 3 of 5 seeds)."),
        ({0.1: BASE, 1.0: [None] * 5}, "lr: diverges at 1",
         "Not to be relied on: lr 1 (diverged on 5 of 5 seeds)."),
        ({0.1: [*ABOVE[:19], None], 1.0: [v - 0.5 for v in BELOW]},
         "lr: worse at 1; the baseline diverged on 1 of 20 seeds",
         "Shown to be worse: lr 1 (by rank, as the baseline diverged on 1 of 20 seeds)."),
        ({0.1: [None], 1.0: [0.9], 2.0: [None]},
         "lr: diverges at 2; one seed cannot tell at 1; the baseline diverged on 1 of 1 seeds",
         "Too few seeds for a verdict: lr 1 (the baseline diverged on 1 of 1 seeds)."),
    ],
)  # fmt: skip
def test_what_diverged_is_told_and_not_how_far_the_rest_lies_off(
    made_findings, levels, title, note
):
    found = made_findings(lr=levels)
    assert note in answer(found, None).notes
    assert finding(found.factors[0], found.metric) == title
