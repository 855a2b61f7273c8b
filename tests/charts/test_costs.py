from __future__ import annotations

from dataclasses import replace

import pytest

from hpstudy.analysis.speed import Measured, Speed
from hpstudy.charts.costs import cost_figure


@pytest.mark.parametrize(
    ("seconds", "deviation", "title"),
    [
        (54.0, 1.0, "hidden: an epoch at 4096 takes 1.2 times as long as at 512"),
        (54.0, 14.0, "hidden: an epoch takes about as long at every level"),
        (46.0, 0.1, "hidden: an epoch takes about as long at every level"),
    ],
)
def test_the_title_tells_a_levels_time_from_that_of_a_busy_machine(
    made_findings, seconds, deviation, title
):
    factor = made_findings(hidden={512: [0.9], 4096: [0.9]}).grid.factors[0]
    small, large = factor.levels
    factor = replace(
        factor,
        levels=(
            replace(small, seconds_per_epoch=45.0),
            replace(large, seconds_per_epoch=seconds),
        ),
    )
    speeds = {
        ("hidden", 512): Speed(Measured(45.0, 0.5, 5), None, None),
        ("hidden", 4096): Speed(Measured(seconds, deviation, 5), None, None),
    }
    assert cost_figure(factor, speeds).layout.title.text == title
