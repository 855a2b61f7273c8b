"""How often the confirmation of a search is right, simulated with the code that judges it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from hpstudy.analysis.chosen import Choice, compare_chosen, winners_looks
from hpstudy.analysis.comparisons import Comparisons
from hpstudy.analysis.confirmed import Confirmed, confirmed
from hpstudy.metric import ALIKE, OWN, Metric, Spreads, Verdict
from hpstudy.results.confirmation import Candidate, Winner, winner
from hpstudy.results.fresh import CHOOSING, confirming_seeds
from hpstudy.results.looks import Looks

METRIC = Metric("accuracy", "maximize", "%")
BASE, SEED_SD = 95.0, 0.35
EPOCHS = (18, 15, 16, 5)  # of the three finalists of the report's search, and of its baseline


@dataclass(frozen=True)
class Rates:
    """What came of many searches, in per cent, and the epochs of a confirmation on average."""

    better: float
    wrong: float
    covered: float
    epochs: float


def confirmations(
    gains: Sequence[float],
    spread: float,
    *,
    looks: Sequence[int] = (4, 8),
    margin: float | None = None,
    times: int = 200,
    seed: int = 0,
    baseline: float = 1.0,
    spreads: Spreads = ALIKE,
) -> Rates:
    """Confirms searches whose finalists have these gains, each training with this spread.

    That of the baseline may be larger, so many times.
    """
    random = np.random.default_rng(seed)
    better, wrong, covered, epochs = [], [], [], []
    for _ in range(times):
        seeds = confirming_seeds(looks[-1])
        luck = spread * random.standard_normal((len(gains) + 1, len(seeds)))
        luck[-1] *= baseline
        values = BASE + luck
        values += SEED_SD * random.standard_normal(len(seeds))
        values[:-1] += np.array(gains)[:, None]
        rows = [dict(zip(seeds, map(float, row), strict=True)) for row in values]
        first = [{s: row[s] for s in seeds[:CHOOSING]} for row in rows]
        finalists = [Candidate({"n": n}, 0.0, first[n]) for n in range(len(gains))]
        chosen = winner(finalists, METRIC)
        assert chosen is not None
        n = int(chosen.setting["n"])
        made = winners_looks(
            Winner(
                METRIC,
                chosen.setting,
                rows[n],
                (),
                rows[-1],
                (),
                looks=Looks(tuple(looks), tuple(seeds), margin, spreads),
                chosen_on=tuple(seeds[:CHOOSING]),
                rivals=tuple(first[other] for other in range(len(gains)) if other != n),
            )
        )
        last = made[-1]
        assert last.difference is not None
        assert last.difference.ends is not None
        better.append(last.verdict == Verdict.BETTER)
        truth = np.sign(gains[n])
        wrong.append(
            (last.verdict == Verdict.BETTER and truth <= 0)
            or (last.verdict == Verdict.WORSE and truth >= 0)
        )
        covered.append(last.difference.ends[0] <= gains[n] <= last.difference.ends[1])
        trained = CHOOSING * sum(EPOCHS) + (last.count - CHOOSING) * (EPOCHS[n % 3] + EPOCHS[-1])
        epochs.append(trained)
    return Rates(*(100 * float(np.mean(x)) for x in (better, wrong, covered)), np.mean(epochs))


def finalists(gain: float) -> tuple[float, ...]:
    return gain, gain - 0.05, gain - 0.15


def test_a_gain_is_confirmed_at_the_cost_of_earlier_versions():
    """There it took 213 epochs and was shown in 22 of 100."""
    found = confirmations(finalists(0.3), 0.17)
    assert found.better >= 70
    assert found.covered >= 94
    assert found.epochs < 225


def test_finalists_that_are_no_better_are_called_so_in_at_most_5_of_100():
    found = confirmations((0.0, 0.0, 0.0), 0.17, times=400)
    assert found.wrong <= 5 + 2 * 1.1  # two standard errors
    assert found.covered >= 95 - 2 * 1.1


def test_a_noisy_baseline_lets_no_more_be_called_by_their_own_seeds():
    found = confirmations((0.0, 0.0, 0.0), 0.17, times=300, baseline=5, spreads=OWN)
    assert found.wrong <= 5 + 2 * 1.3
    assert found.covered >= 95 - 2 * 1.3


@pytest.mark.slow
def test_the_rates_of_confirmations(capsys):
    rows = [
        *((f"gain {g} s {s}", finalists(g), s) for s, g in CASES),
        ("none, equal", (0.0, 0.0, 0.0), 0.17),
        ("none, unlike", finalists(0.0), 0.17),
        ("none, ten equal", (0.0,) * 10, 0.17),
        ("one of three good", (0.3, 0.0, 0.0), 0.17),
    ]
    with capsys.disabled():
        print("\nlooks     case               shown  wrong  covered  epochs")
        for looks in ((4, 8), (7,), (3, 6, 9)):
            for name, gains, spread in rows:
                found = confirmations(gains, spread, looks=looks, times=2000)
                print(
                    f"{'/'.join(map(str, looks)):9} {name:18} {found.better:5.1f} "
                    f"{found.wrong:6.1f} {found.covered:8.1f} {found.epochs:7.0f}",
                    flush=True,
                )
                assert found.wrong <= 6
                assert found.covered >= 94


CASES = [(0.17, 0.2), (0.17, 0.3), (0.17, 0.4), (0.10, 0.2), (0.10, 0.3), (0.35, 0.4)]


def test_values_that_chance_has_no_part_in_need_no_interval():
    both = {"winner": {100: 2.0, 101: 2.0, 102: 2.0}, "baseline": {100: 1.0, 101: 1.0, 102: 1.0}}
    found = compare_chosen(both, Choice(3, (100, 101)), Metric("m", "maximize"))
    assert found.is_shown
    assert found.difference.ends == (1.0, 1.0)
    assert compare_chosen({**both, "baseline": {100: 1.0}}, Choice(3, (100,)), METRIC) is None
    assert Comparisons(both, METRIC).between("winner", "baseline").test == "exact"


def told(ours: dict[int, float], theirs: dict[int, float], **changes: object) -> Confirmed:
    """Returns what is said of a winner whose looks are after two and four seeds."""
    found = Winner(
        METRIC, {"n": 1}, ours, (), theirs, (), Looks((2, 4), (100, 101, 102, 103), None)
    )
    found = replace(found, chosen_on=(100, 101), **changes)
    made = confirmed(SimpleNamespace(winner=found, baseline={"n": 0}))
    assert made is not None
    return made


OURS = {100: 95.0, 101: 95.4, 102: 95.1, 103: 95.2}
THEIRS = {100: 95.1, 101: 95.2, 102: 95.3, 103: 95.0}


def first(count: int, values: dict[int, float]) -> dict[int, float]:
    return dict([*values.items()][:count])


@pytest.mark.parametrize(
    ("found", "verdict", "following", "looks"),
    [
        (told(first(1, OURS), first(1, THEIRS)), Verdict.OPEN, 2, 0),
        (told(first(3, OURS), first(3, THEIRS)), Verdict.OPEN, 4, 1),
        (told(OURS, THEIRS), Verdict.NOT_SHOWN, None, 2),
        # A look doesn't wait for what raised; one seed tells nothing.
        (told(first(3, OURS), THEIRS, failed=frozenset({103})), Verdict.NOT_SHOWN, None, 2),
        (
            told(first(1, OURS), THEIRS, failed=frozenset({101, 102, 103})),
            Verdict.CANNOT_TELL,
            None,
            2,
        ),
        # What diverged is not looked at any more.
        (told(first(3, OURS), THEIRS, diverged=(103,)), Verdict.UNSTABLE, None, 1),
        (told({}, THEIRS, diverged=(100, 101)), Verdict.DIVERGES, None, 0),
        (told(first(2, OURS), {}, baseline_diverged=(100, 101)), Verdict.CANNOT_TELL, None, 1),
    ],
)
def test_looks_go_on_as_long_as_more_seeds_may_tell(found: Confirmed, verdict, following, looks):
    assert (found.verdict, found.next, len(found.looks)) == (verdict, following, looks)


def test_a_clear_winner_is_looked_at_no_more():
    better = {seed: value + 5 for seed, value in OURS.items()}
    found = told(better, THEIRS)
    assert (found.verdict, found.next) == (Verdict.BETTER, None)
    assert found.difference.low > 0
    assert told(THEIRS, better).verdict == Verdict.WORSE
    assert told(OURS, THEIRS, setting={"n": 0}).verdict == Verdict.BASELINE
