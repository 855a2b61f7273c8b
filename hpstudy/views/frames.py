"""A summary's tables as pandas data frames, a row a level, a claim, a trial, an epoch, a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpstudy.analysis.findings import GridFindings, LevelFinding
from hpstudy.errors import UserError
from hpstudy.expected import listed
from hpstudy.results.rows import read_rows
from hpstudy.store.database import Database
from hpstudy.summary import StudySummary
from hpstudy.views.files.export import COLUMNS, columns_of
from hpstudy.views.files.parts import flat

if TYPE_CHECKING:
    import pandas as pd

_FOUND = ("levels", "claims")
_NUMBERS = (
    "mean", "low", "high", "difference", "difference_low", "difference_high", "p", "within",
    "seeds_needed", "published", "published_low", "published_high", "seconds_per_epoch",
    "images_per_second", "peak_memory_mb",
)  # fmt: skip


def frame(summary: StudySummary, table: str, database: Database) -> pd.DataFrame:
    """Returns a table of a summary.

    Args:
        summary: The summary.
        table: "levels", "claims", "trials", "epochs" or "steps".
        database: The database, for what was recorded.

    Raises:
        UserError: There is no such table, or pandas is not installed.
    """
    if table not in (*_FOUND, *COLUMNS):
        known = listed(f'"{name}"' for name in (*_FOUND, *COLUMNS))
        raise UserError(f"expected one of the tables {known}, found {table!r}")
    try:
        import pandas as pd
    except ImportError as error:
        raise UserError("a data frame needs pandas: pip install pandas") from error
    if table in COLUMNS:
        rows = read_rows(summary.name, database)
        return pd.DataFrame(columns_of([] if rows is None else getattr(rows, table), table))
    if table == "claims":
        return pd.DataFrame(_claims(summary.grid), columns=["claim", "verdict", "why"])
    levels = pd.DataFrame(_levels(summary.grid))
    numbers = [name for name in _NUMBERS if name in levels]  # also where none of them is known
    return levels.astype(dict.fromkeys(numbers, float))


def _levels(found: GridFindings | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    return [
        {"factor": factor.name, **_level(row)} for factor in found.factors for row in factor.levels
    ]


def _level(row: LevelFinding) -> dict[str, Any]:
    seconds, images, agreement = (
        row.speed.seconds_per_epoch,
        row.speed.images_per_second,
        row.agreement,
    )
    return {
        "level": row.level,
        "is_baseline": row.is_baseline,
        **flat(row.mean, "mean"),
        **flat(row.difference, "difference", "difference_"),
        "p": row.p,
        "test": row.test,
        "verdict": None if row.verdict is None else str(row.verdict),
        "within": row.within,
        "seeds": len(row.seeds),
        "seeds_needed": row.seeds_needed,
        "diverged": len(row.diverged),
        "failed": len(row.failed),
        "published": row.published,
        "published_low": None if agreement is None else agreement.figure.low,
        "published_high": None if agreement is None else agreement.figure.high,
        "published_verdict": None if agreement is None else str(agreement.verdict),
        "seconds_per_epoch": None if seconds is None else seconds.mean,
        "images_per_second": None if images is None else images.mean,
        "peak_memory_mb": row.speed.peak_memory_mb,
    }


def _claims(found: GridFindings | None) -> list[dict[str, str]]:
    claims = () if found is None else found.claims
    return [{"claim": one.says, "verdict": str(one.verdict), "why": one.why} for one in claims]
