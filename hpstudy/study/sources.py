"""Studies made of results that a program holds: a file or a DataFrame, Optuna's, scikit-learn's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.importing.roles import Asked
from hpstudy.importing.runs import Measured, measured
from hpstudy.importing.source import measured_of
from hpstudy.importing.table import table_of_frame
from hpstudy.sampler import Level
from hpstudy.study.importing import checked_name, import_runs
from hpstudy.study.opened import runs_at
from hpstudy.study.study import Study
from hpstudy.views.line import Line


def from_csv(
    source: Any,  # noqa: ANN401 - a DataFrame of whichever package
    *,
    metric: str | None = None,
    direction: str | None = None,
    seed: str | None = None,
    columns: Sequence[str] = (),
    baseline: Mapping[str, Level] | None = None,
    unit: str | None = None,
    name: str | None = None,
    folder: str | Path = ".",
    runs: str | Path = "runs",
    storage: str | None = None,
    quiet: bool = False,
) -> Study:
    """Makes a study of a table of runs, as `hpstudy import` does: what is left out is guessed.

    Args:
        source: A CSV, TSV, JSON or Parquet file, a DataFrame, or columns by name.
        metric: The column with the values.
        direction: Which is better, "maximize" or "minimize".
        seed: The column of the seeds, which pair runs of different settings.
        columns: The columns that are hyperparameters.
        baseline: The setting that others are compared with, or a part of it.
        unit: What the values are: "share", "%", or such as "s".
        name: The study's name, and its file's; the source's where None, "results" of a DataFrame.
        folder: Where the study file, NAME.toml, goes.
        runs: The folder of a run's files.
        storage: The database: "sqlite:///x.db" or "postgresql://me@host/studies"; in `runs` where
            None.
        quiet: Whether to say nothing of what was guessed on stderr.

    Raises:
        UserError: The table, or one of these, is wrong, or the name is taken; nothing was written.
    """
    asked = _asked(metric, direction, seed, columns, baseline, unit)
    found = measured_of(source, None, asked)
    if not isinstance(source, (str, Path)):
        name = name or "results"
    return _study(found, asked, name, folder, runs, storage, quiet=quiet)


def from_cv_results(
    cv_results: Any,  # noqa: ANN401 - or the search, of scikit-learn's classes
    *,
    metric: str | None = None,
    direction: str | None = None,
    baseline: Mapping[str, Level] | None = None,
    unit: str | None = None,
    name: str = "cv_results",
    folder: str | Path = ".",
    runs: str | Path = "runs",
    storage: str | None = None,
    quiet: bool = False,
) -> Study:
    """Makes a study of scikit-learn's `search.cv_results_`, its folds as what pairs settings.

    Args:
        cv_results: What a search of scikit-learn's has as `cv_results_`, or the search.
        metric: The scorer, where there are several.
        direction: As in `from_csv`, and so are those below.
        baseline: The setting that others are compared with, or a part of it.
        unit: What the values are.
        name: The study's name, and its file's.
        folder: Where the study file goes.
        runs: The folder of a run's files.
        storage: The database's address.
        quiet: Whether to say nothing.

    Raises:
        UserError: As in `from_csv`.
    """
    cv_results = getattr(cv_results, "cv_results_", cv_results)
    if not isinstance(cv_results, Mapping) or "params" not in cv_results:
        raise UserError(f"expected a search's cv_results_, found {shown(cv_results)}")
    settings = list(cv_results["params"])
    names = dict.fromkeys(param for one in settings for param in one)
    columns = {key: [*v] for key, v in cv_results.items() if not key.startswith("param")}
    for param in names:  # of a list of grids, not all settings have all of them
        columns[f"param_{param}"] = [one.get(param, "") for one in settings]
    asked = _asked(metric, direction, None, (), baseline, unit)
    found = measured(table_of_frame(columns, "cv_results_"), asked)
    return _study(found, asked, name, folder, runs, storage, quiet=quiet)


def from_optuna(
    study: Any,  # noqa: ANN401 - Optuna's, which is imported late
    *,
    metric: str | None = None,
    seed: str | None = None,
    baseline: Mapping[str, Level] | None = None,
    unit: str | None = None,
    name: str | None = None,
    folder: str | Path = ".",
    runs: str | Path = "runs",
    storage: str | None = None,
    quiet: bool = False,
) -> Study:
    """Makes a study of an Optuna study, wherever that is stored; it stays as it is.

    Args:
        study: The Optuna study.
        metric: The value, where there are several, or a user attribute of numbers.
        seed: The parameter or user attribute that holds a trial's seed; "seed" where None.
        baseline: As in `from_csv`, and so are those below.
        unit: What the values are.
        name: The study's name, and its file's; the Optuna study's where None.
        folder: Where the study file goes.
        runs: The folder of a run's files.
        storage: The database's address.
        quiet: Whether to say nothing.

    Raises:
        UserError: As in `from_csv`.
    """
    from hpstudy.importing.optuna_studies import measured_study
    from hpstudy.store.foreign import foreign_study

    if not hasattr(study, "get_trials"):
        raise UserError(f"expected an Optuna study, found {shown(study)}")
    found = foreign_study(study)
    asked = _asked(metric, None, seed, (), baseline, unit)
    known = measured_study(found, asked, f"Optuna study {found.name}")
    return _study(known, asked, name or found.name, folder, runs, storage, quiet=quiet)


def _asked(
    metric: str | None,
    direction: str | None,
    seed: str | None,
    columns: Sequence[str],
    baseline: Mapping[str, Level] | None,
    unit: str | None,
) -> Asked:
    named = [columns] if isinstance(columns, str) else columns
    wanted = {key: f"{value}" for key, value in (baseline or {}).items()}
    return Asked(metric, direction, seed, tuple(named), wanted, unit)


def _study(
    found: Measured,
    asked: Asked,
    name: str | None,
    folder: str | Path,
    runs: str | Path,
    storage: str | None,
    *,
    quiet: bool,
) -> Study:
    chosen = checked_name(name, found)
    where = runs_at(Path(runs), storage)
    imported = import_runs(found, chosen, where, asked, Path(folder))
    if not quiet:
        line = Line()
        for said in imported.said:
            line.say(said)
    return Study(imported.path, runs=runs, storage=storage)
