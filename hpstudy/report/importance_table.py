"""Which hyperparameters matter, as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from hpstudy.analysis.importance import FANOVA, PED_ANOVA, RANGE, Importance, Importances
from hpstudy.metric import Metric
from hpstudy.sampler import SEED
from hpstudy.wording import spelled

_TITLES = {
    RANGE: "how far the levels of a factor lie apart, and how far luck alone would move them",
    PED_ANOVA: "what it takes to be among the best tenth (PED-ANOVA)",
    FANOVA: "shares of the variance of complete trials (fANOVA)",
}


def importance_table(found: Importances, metric: Metric) -> Table:
    """Returns the importances, one line each; a search's evaluators side by side.

    Args:
        found: The importances.
        metric: The metric, whose unit a grid's ranges have.
    """
    by_param: dict[str, dict[str, Importance]] = {}
    for row in found.rows:
        by_param.setdefault(row.param, {})[row.evaluator] = row
    evaluators = list(dict.fromkeys(row.evaluator for row in found.rows))
    titles = [_TITLES[e] for e in evaluators] + ([found.without] if found.without else [])
    table = Table(title="; ".join(titles), title_justify="left")
    table.add_column("hyperparameter")
    has_interval = {row.evaluator for row in found.rows if row.amount.ends is not None}
    for evaluator in evaluators:
        table.add_column(evaluator, justify="right")
        if evaluator in has_interval:
            table.add_column("95 %", justify="right")
    for param, rows in by_param.items():
        cells: list[str] = []
        for evaluator in evaluators:
            value, ends = _cells(rows.get(evaluator), metric)
            cells += [value, ends] if evaluator in has_interval else [value]
        is_luck = param == SEED and RANGE in rows
        table.add_row("luck (the seed)" if is_luck else param, *cells)
    return table


def _cells(row: Importance | None, metric: Metric) -> tuple[str, str]:
    if row is None:
        return "", ""
    ends = " to ".join(_amount(row, end, metric) for end in row.amount.ends or ())
    return _amount(row, row.amount.value, metric), ends


def _amount(row: Importance, value: float, metric: Metric) -> str:
    if row.evaluator == RANGE:
        return spelled(value, metric, signed=False)
    return f"{100 * value:.0f} %"
