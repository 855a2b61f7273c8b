"""What stands below a factor's levels, where it is of use."""

from __future__ import annotations

import random

import pytest

from hpstudy.views.tables.grid import levels_table


def values(seeds: int, middle: float, number: int) -> list[float]:
    drawn = random.Random(number)
    return [middle + drawn.gauss(0, 0.001) for _ in range(seeds)]


def notes(found) -> str:
    table = levels_table(found.factors[0], found)
    return " ".join(table.footnotes)


@pytest.mark.parametrize(("seeds", "is_told"), [(3, False), (10, False), (12, True)])
def test_many_seeds_tell_nothing_of_other_examples(made_findings, seeds: int, is_told: bool):
    found = made_findings(width={8: values(seeds, 0.98, 1), 16: values(seeds, 0.981, 2)})
    assert ("on these 10,000 examples" in notes(found)) == is_told


def test_differences_of_unlike_numbers_of_seeds_are_on_those_that_both_have(made_findings):
    alike = made_findings(width={8: values(5, 0.98, 1), 16: values(5, 0.981, 2)})
    unlike = made_findings(width={8: values(5, 0.98, 1), 16: values(3, 0.981, 2)})
    told = "on the seeds that both have"
    assert (told in notes(alike), told in notes(unlike)) == (False, True)


@pytest.mark.parametrize(("seeds", "is_told"), [(3, True), (5, False)])
def test_three_seeds_leave_open_whether_the_baseline_is_noisier(made_findings, seeds, is_told):
    noisy = [0.98 + 0.002 * (-1) ** seed for seed in range(seeds)]
    widths = {width: values(seeds, 0.98, width) for width in (16, 32, 64, 128)}
    found = made_findings(width={8: noisy, **widths})
    assert found.is_baseline_doubtful == is_told
    assert ("whether the baseline is noisier" in notes(found)) == is_told
