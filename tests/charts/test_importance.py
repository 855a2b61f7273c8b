"""The importances' title says no more than their intervals do."""

from __future__ import annotations

import pytest

from hpstudy.analysis.importance import FANOVA, PED_ANOVA, RANGE, Importance, Importances
from hpstudy.charts.importance import importance_figure
from hpstudy.metric import Metric, Quantity
from hpstudy.views.tables.importance import importance_table


def title(
    *shares: tuple[float, float | None, float | None],
    evaluator: str = PED_ANOVA,
    luck: float | None = None,
    is_enough: bool = True,
) -> str:
    rows = [
        Importance(name, evaluator, Quantity(*share))
        for name, share in zip(("lr", "batch_size", "width"), shares, strict=False)
    ]
    rows += [] if luck is None else [Importance("seed", evaluator, Quantity(luck))]
    found = Importances(tuple(rows), None, is_enough=is_enough)
    figure = importance_figure(found, Metric("m"))
    assert figure is not None
    return " ".join(figure.layout.title.text.replace("<br>", " ").split())


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        (
            [(0.8, 0.6, 0.9), (0.15, 0.05, 0.4), (0.05, 0.0, 0.2)],
            "lr decides most about a good result: 80 % (95 % 60 to 90)",
        ),
        (
            [(0.88, 0.08, 0.88), (0.12, 0.02, 0.5)],
            "What decides most is not shown: lr 88 % (95 % 8 to 88), batch size 12 % "
            "(95 % 2 to 50)",
        ),
        (
            [(0.6, 0.5, 0.7), (0.3, 0.2, 0.4), (0.1, 0.0, 0.55)],
            "What decides most is not shown: lr 60 % (95 % 50 to 70), batch size 30 % "
            "(95 % 20 to 40)",
        ),
        (
            [(0.9, None, None), (0.1, None, None)],
            "What decides most is not shown: lr 90 %, batch size 10 %",
        ),
        ([(1.0, 1.0, 1.0)], "lr is all that was searched"),
    ],
)
def test_a_hyperparameter_decides_most_only_where_its_interval_says_so(shares, expected: str):
    assert title(*shares) == expected


def test_without_intervals_nothing_is_shown():
    assert title((0.9, None, None), (0.1, None, None), evaluator=FANOVA).startswith("What decides")


def test_of_few_trials_nothing_decides_most():
    shares = [(0.8, 0.6, 0.9), (0.2, 0.1, 0.4)]
    assert title(*shares).startswith("lr decides most")
    assert title(*shares, is_enough=False) == (
        "What decides most is not shown: lr 80 % (95 % 60 to 90), batch size 20 % (95 % 10 to 40)"
    )


NOT_SHOWN = "What moves m furthest is not shown: lr by 0.5, batch size by 0.4; "
UNKNOWN = "one seed cannot tell how much luck does"


@pytest.mark.parametrize(
    ("ranges", "luck", "expected"),
    [
        ([(0.5, 0.4, 0.6), (0.2, 0.1, 0.3)], 0.1, "lr moves m furthest, by 0.5; luck alone by 0.1"),
        ([(0.5, 0.2, 0.6), (0.4, 0.1, 0.5)], 0.1, f"{NOT_SHOWN}luck alone by 0.1"),
        ([(0.5, None, None), (0.4, 0.1, 0.5)], 0.1, f"{NOT_SHOWN}luck alone by 0.1"),
        ([(0.5, None, None), (0.4, None, None)], None, f"{NOT_SHOWN}{UNKNOWN}"),
        ([(0.5, 0.45, 0.6), (0.4, 0.35, 0.42)], 0.9, f"{NOT_SHOWN}luck alone by 0.9"),
        ([(0.5, 0.4, 0.6)], 0.1, "lr moves m furthest, by 0.5; luck alone by 0.1"),
        ([(0.5, 0.4, 0.6)], 0.9, "Whether lr moves m is not shown: by 0.5; luck alone by 0.9"),
        ([(0.5, 0.0, 0.6)], 0.1, "Whether lr moves m is not shown: by 0.5; luck alone by 0.1"),
        ([(0.5, None, None)], None, f"Whether lr moves m is not shown: by 0.5; {UNKNOWN}"),
        ([], 0.1, "Only luck was at work"),
    ],
)
def test_a_factor_moves_furthest_only_where_its_interval_and_luck_say_so(ranges, luck, expected):
    assert title(*ranges, evaluator=RANGE, luck=luck) == expected


STEADY = [0.900, 0.903, 0.898, 0.901, 0.899]
HIGHER = [0.951, 0.953, 0.949, 0.950, 0.950]


@pytest.mark.parametrize(
    ("lr", "without"),
    [
        ({0.1: STEADY, 1.0: [None] * 5}, ", without lr 1, where seeds diverged;"),
        ({0.1: STEADY, 0.2: [*STEADY], 1.0: [*STEADY[:4], None]}, ", without lr 1, where seeds"),
        ({0.1: STEADY, 1.0: [None] * 5, 2.0: [None] * 5}, ", without lr 1 and lr 2, where seeds"),
        ({0.1: STEADY, 0.2: HIGHER}, ";"),
    ],
)
def test_levels_that_a_range_leaves_out_are_named(made_findings, lr, without: str):
    found = made_findings(lr=lr, bn={"off": STEADY, "on": HIGHER})
    figure = importance_figure(found.importances, found.metric)
    text = " ".join(figure.layout.title.text.replace("<br>", " ").split())
    assert f"points{without}" in text
    table = importance_table(found.importances, found.metric)
    assert table is not None
    assert ("where seeds diverged" in " ".join(table.footnotes)) == ("where" in without)
