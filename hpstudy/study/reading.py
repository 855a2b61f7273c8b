"""Reading what a database holds of a study; where that is nothing, saying where it may be."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.errors import UserError
from hpstudy.files import shown as shown_path
from hpstudy.results.rows import Rows, read_rows
from hpstudy.store.addresses import shown_url
from hpstudy.store.database import Database, Runs, reading
from hpstudy.store.studies import (
    any_study,
    comparisons_of,
    confirm_name,
    find_study,
    grid_name,
    is_ours,
    is_untouched,
    search_name,
)
from hpstudy.study.opened import Opened, runs_at
from hpstudy.views.notebook import Summary
from hpstudy.wording import enumerated


def read_summary(
    opened: Opened, database: Database | None, factors: Sequence[str] | None = None
) -> Summary:
    """Reads what the database holds of a study.

    Args:
        opened: The study.
        database: The database; None where there is none yet.
        factors: The grid's factors to show; all where None.

    Raises:
        UserError: It holds nothing of the study.
    """
    summary = read_what_is_there(opened, database, factors)
    if summary.is_empty:
        raise nothing_there(opened, database)
    return summary


def read_what_is_there(
    opened: Opened, database: Database | None, factors: Sequence[str] | None = None
) -> Summary:
    """Reads what the database holds of a study, be it nothing; the arguments are as above."""
    if database is None:
        return Summary(opened.name, opened.file.title, address=shown_url(opened.runs.url))
    return Summary.read(opened.file, opened.name, database, factors)


def rows_of(opened: Opened, database: Database | None) -> Rows:
    """Reads all that was recorded for a study.

    Raises:
        UserError: That is nothing.
    """
    rows = None if database is None else read_rows(opened.name, database)
    if rows is None:
        raise nothing_there(opened, database)
    return rows


def nothing_there(opened: Opened, database: Database | None) -> UserError:
    """Returns what to say of a database that holds nothing of a study, and where it may be."""
    here = opened.runs.url
    nothing = f"Nothing run yet: {shown_url(here)} holds no study {opened.name!r}"
    beside = opened.path.parent / "runs"
    there = runs_at(beside, None)
    if database is not None and (foreign := _foreign(opened.name, database)):
        return UserError(
            f"{foreign!r} in {shown_url(here)} is a plain Optuna study, which hpstudy did not "
            f"write: `hpstudy dashboard --storage {shown_url(here)}` shows it"
        )
    if there.url != here and _holds(opened.name, there):
        return UserError(
            f"{nothing}; {shown_url(there.url)} does: give --runs {shown_path(beside)}"
        )
    if database is not None and (compared := comparisons_of(opened.name, database)):
        return UserError(f"{nothing}, but {enumerated(compared)}: `hpstudy compare` shows these")
    return UserError(nothing)


def _foreign(name: str, database: Database) -> str | None:
    """Returns a plain Optuna study's name that is ours or begins like one of ours.

    One that nothing was done with may be ours, killed a moment after it was created.
    """
    names = [name, *(part(name) for part in (grid_name, search_name, confirm_name))]
    studies = [study for name in names if (study := any_study(name, database)) is not None]
    others = (s for s in studies if not is_ours(s) and not is_untouched(s))
    return next((study.study_name for study in others), None)


def _holds(name: str, runs: Runs) -> bool:
    with reading(runs) as database:
        return database is not None and any(
            find_study(part(name), database) for part in (grid_name, search_name)
        )
