"""Which hyperparameters matter, as a table."""

from __future__ import annotations

from hpstudy.analysis.importance import FANOVA, PED_ANOVA, RANGE, Importance, Importances
from hpstudy.metric import Metric
from hpstudy.sampler import SEED
from hpstudy.views.tables.table import Spread, Table, table
from hpstudy.wording import extent, share, words

_MEANING = {
    RANGE: "how far the levels of a factor lie apart, and how far luck alone would move them",
    PED_ANOVA: "what it takes to be among the best tenth (PED-ANOVA)",
    FANOVA: "shares of the variance of complete trials (fANOVA)",
}


def importance_table(found: Importances, metric: Metric) -> Table | None:
    """Returns the importances, one line each; a search's evaluators side by side.

    Args:
        found: The importances.
        metric: The metric, whose unit a grid's ranges have.
    """
    evaluators = list(dict.fromkeys(row.evaluator for row in found.rows))
    by_param: dict[str, dict[str, str]] = {}
    for row in found.rows:
        is_luck = row.param == SEED and row.evaluator == RANGE
        name = "luck (the seed)" if is_luck else words(row.param)
        empty = dict.fromkeys(["hyperparameter", *evaluators], "") | {"hyperparameter": name}
        by_param.setdefault(row.param, empty)[row.evaluator] = Spread(_amount(row, metric))
    notes = [f"{evaluator}: {_MEANING[evaluator]}." for evaluator in evaluators]
    if found.without:
        notes[-1:] = [f"{notes[-1].removesuffix('.')}; {found.without}."]
    if found.warning:
        notes.append(f"Take it with care: {found.warning}.")
    rows = list(by_param.values())
    return table("What matters", rows, text=["hyperparameter"], footnotes=notes)


def _amount(row: Importance, metric: Metric) -> str:
    if row.evaluator == RANGE:
        return extent(row.amount, metric)
    return share(row.amount)
