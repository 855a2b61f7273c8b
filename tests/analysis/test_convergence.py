from __future__ import annotations

from dataclasses import replace

from hpstudy.analysis.convergence import Reached, convergence
from hpstudy.analysis.findings import findings
from hpstudy.store.records import Epoch
from hpstudy.views.tables.grid import costs_table


def test_the_first_epoch_at_a_target_counts_for_each_seed(book):
    book.trial(0.2)  # its metric is 0.1 and 0.2 after its two epochs
    book.trial(0.2, seed=1)
    book.trial(0.4, epochs=4)  # goes on to 0.4
    targets = (0.2, 0.3)
    found = convergence(replace(book.read(), targets=targets))
    assert found["lr", 0.1] == (Reached(0.2, (2, 2)), Reached(0.3, (None, None)))
    assert found["epochs", 4] == (Reached(0.2, (2,)), Reached(0.3, (3,)))
    assert found["width", 16] == (Reached(0.2, ()), Reached(0.3, ()))
    less = replace(book.read().metric, direction="minimize")
    falling = convergence(replace(book.read(), targets=(0.15,), metric=less))
    assert falling["epochs", 4] == (Reached(0.15, (1,)),)


def two_epochs(value: float) -> tuple[Epoch, ...]:
    return (
        Epoch(1, {"test_accuracy": value - 0.1, "seconds": 1.0}),
        Epoch(2, {"test_accuracy": value, "seconds": 1.0}),
    )


def test_a_table_says_how_soon_in_how_many_seeds(made_findings):
    grid = made_findings(lr={0.1: [0.5, 0.6, 0.7], 0.2: [0.6, 0.7, 0.8], 0.3: [0.1]}).results
    rows = [
        replace(row, runs=tuple(replace(run, epochs=two_epochs(run.value)) for run in row.runs))
        for row in grid.factors[0].levels
    ]
    factors = (replace(grid.factors[0], levels=tuple(rows)),)
    grid = replace(grid, factors=factors, targets=(0.6, 0.7))
    found = findings(grid)
    table = costs_table(found.factors[0], found.metric)
    assert table.columns == ("level", "s an epoch", "epochs to 60 %", "epochs to 70 %")
    assert [row[2:] for row in table.rows] == [
        ("1.5 (1 to 2), 2 of 3 seeds", "2, 1 of 3 seeds"),
        ("1.33 (1 to 2)", "1.5 (1 to 2), 2 of 3 seeds"),
        ("not in 2", "not in 2"),
    ]
