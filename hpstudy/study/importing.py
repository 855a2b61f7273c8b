"""Importing results that people have: a study file, and trials that `show` and the rest read.

The way is source → table (columns of text, rows with their lines) → guesses (what each column is,
with its reason) → runs (setting, seed, metrics, how it ended) → design (baseline, grid, the rest)
→ a study file that names no objective, with its trials in the database. Whatever is guessed is
said, and nothing is left out without a word.

- `hpstudy.importing.table`: files and DataFrames as text. `shapes`: scikit-learn's folds as rows,
  prefixes off. `names`, `levels`, `roles`, `metrics`: the guesses. `runs`, `design`: the runs.
- **The grid** shows the runs that differ from the baseline in one hyperparameter at most; where
  there is one, the database has all others beside them, so that another baseline in the file is
  compared at once. Where runs are further away, or were pruned, **the search** has them all: these
  tell what matters. Without a seed the values of a setting are numbered, and nothing pairs those of
  two settings.
- A run's training has a key of its own, made of the study's name and the run's line, so that no
  objective's training is ever taken for it. Once the study file names an objective, `grid` adds the
  points that are missing; those imported count as done, and that is said once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from hpstudy.errors import UserError
from hpstudy.files import absolute
from hpstudy.files import shown as shown_path
from hpstudy.importing.design import Design, design_of
from hpstudy.importing.levels import State
from hpstudy.importing.roles import Asked
from hpstudy.importing.runs import Measured, Run, check_enough
from hpstudy.importing.source import measured_of
from hpstudy.plans.distributions import distributions
from hpstudy.plans.search import distribution
from hpstudy.sampler import SEED, Level
from hpstudy.store.addresses import shown_url
from hpstudy.store.bulk import Past, PastStudy, write_past
from hpstudy.store.database import Runs, reading, writing
from hpstudy.store.records import Identity
from hpstudy.store.studies import (
    FINGERPRINT,
    IMPORTED,
    PAIRING,
    SEEDS,
    Pairing,
    any_study,
    grid_name,
    is_untouched,
    pairing_of,
    search_name,
)
from hpstudy.study.imported_file import draft_of
from hpstudy.study.opened import check_name
from hpstudy.study.sheets import checked_unit
from hpstudy.studyfile.compose import compose, write_study
from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.find import load_study
from hpstudy.wording import counted

_STATES: Mapping[State, Literal["COMPLETE", "PRUNED", "FAIL"]] = {
    State.COMPLETE: "COMPLETE",
    State.PRUNED: "PRUNED",
    State.FAILED: "FAIL",
}


@dataclass(frozen=True)
class Imported:
    """What was imported.

    Attributes:
        path: The study file.
        said: What was guessed and what was written, a line each.
    """

    path: Path
    said: tuple[str, ...]


def import_source(
    source: Any,  # noqa: ANN401 - a DataFrame of whichever package
    study: str | None,
    asked: Asked,
    name: str | None,
    runs: Runs,
    folder: Path,
) -> Imported:
    """Imports a file, a database of Optuna's, or a DataFrame.

    Args:
        source: A path, an address such as "sqlite:///x.db", or a DataFrame.
        study: Which study of a database; its only one where None.
        asked: What is known of the columns; the rest is guessed.
        name: The study's name, and its file's; the source's where None.
        runs: Where the database is.
        folder: Where the study file goes.

    Raises:
        UserError: Something is wrong with these; nothing was written.
    """
    found = measured_of(source, study, asked)
    return import_runs(found, checked_name(name or study, found), runs, asked, folder)


def checked_name(name: str | None, found: Measured) -> str:
    """Returns a study's name; that of its source where None is given.

    Raises:
        UserError: It is none.
    """
    return check_name(name or Path(found.source).stem, "--as")


def import_runs(found: Measured, name: str, runs: Runs, asked: Asked, folder: Path) -> Imported:
    """Writes runs as trials of a study, with the study's file.

    Args:
        found: The runs.
        name: The study's name, and its file's.
        runs: Where the database is.
        asked: What was asked of them.
        folder: Where the study file goes.

    Raises:
        UserError: There is too little to compare, or the name is taken by other runs; nothing was
            written.
    """
    checked_unit(asked.unit)
    check_enough(found)
    path = absolute(folder / f"{name}.toml")
    design = design_of(found, asked.baseline)
    read = f"Read {found.source}: {counted(len(found.runs), 'run')}"
    if _are_there(found, design, name, runs) and path.is_file():  # as of a cell that is run again
        return Imported(path, (read, f"{shown_path(path)} has these already: nothing was written"))
    write_study(path, compose(draft_of(found, design)))
    try:
        file = load_study(path)
        studies = [*_grid(file, name, found, design), *_search(file, name, found, design)]
        with writing(runs) as database:
            write_past(studies, found.metric, database)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
    wrote = f"Wrote {shown_path(path)}; its trials are in {shown_url(runs.url)}"
    return Imported(path, (read, *found.said, *design.said, wrote))


def _are_there(found: Measured, design: Design, name: str, runs: Runs) -> bool:
    """Tells whether a study has these runs already.

    Raises:
        UserError: It has others.
    """
    with reading(runs) as database:
        if database is None:
            return False
        studies = [any_study(full, database) for full in (grid_name(name), search_name(name))]
        begun = [study for study in studies if study is not None and not is_untouched(study)]
        pairings = [pairing_of(study) for study in begun]
        if any(known is None or known.digest != _digest(found, design) for known in pairings):
            raise UserError(
                f"study {name!r} is in {database.shown} already: give --as for another name, "
                f"or remove that one by `hpstudy delete {name}`"
            )
        return bool(begun)


def _digest(found: Measured, design: Design) -> str:
    """Returns what tells runs, as they are taken, from others."""
    runs = [(*sorted(r.setting.items()), r.seed, str(r.state), r.value) for r in found.runs]
    taken = found.metric, found.direction, found.unit, found.pairs, sorted(design.baseline.items())
    return hashlib.sha256(repr((taken, runs)).encode()).hexdigest()[:16]


def _grid(file: StudyFile, name: str, found: Measured, design: Design) -> Iterator[PastStudy]:
    if not design.grid:
        return
    points: list[dict[str, Level]] = []
    trials = []
    for one in (*design.grid, *design.beside):
        point = {**file.full_baseline(), **_typed(file, dict(one.key)), SEED: one.seed}
        points.append(point)
        trials.append(_past(one.run, point, name, found))
    seeds = sorted({one.seed for one in (*design.grid, *design.beside)})
    noted = _noted(found, design, seeds)
    yield PastStudy(grid_name(name), found.direction, distributions(points), noted, trials)


def _typed(file: StudyFile, params: Mapping[str, Level]) -> dict[str, Level]:
    """Returns values of the kind that the study file has: 1 is 1.0 beside 0.5."""
    return {
        name: float(value)
        if isinstance(file.baseline.get(name), float) and isinstance(value, int)
        else value
        for name, value in params.items()
    }


def _search(file: StudyFile, name: str, found: Measured, design: Design) -> Iterator[PastStudy]:
    if file.search is None:
        return
    space = {
        name: distribution(one, file.baseline.get(name, one.low))
        for name, one in file.search.space.items()
    }
    trials = [
        _past(run, dict(run.setting), name, found)
        for run in found.runs
        if run.state != State.RUNNING and all(n in space for n in run.setting)
    ]
    noted = _noted(found, design, [])
    yield PastStudy(search_name(name), found.direction, space, noted, trials)


def _noted(found: Measured, design: Design, seeds: Sequence[int]) -> dict[str, Any]:
    fingerprint = {
        IMPORTED: found.source,
        "metric": found.metric,
        "direction": found.direction,
        "settings": dict(found.fixed),
    }
    noted = {
        FINGERPRINT: fingerprint,
        PAIRING: asdict(Pairing(found.source, found.pairs, found.folds, _digest(found, design))),
    }
    return {**noted, SEEDS: list(seeds)} if seeds else noted


def _past(run: Run, params: Mapping[str, Level], name: str, found: Measured) -> Past:
    seed = run.seed or 0
    identity = Identity(
        objective=f"{found.source}, imported as {name}",
        version=1,
        params=dict(run.setting),
        settings={**found.fixed, "at": run.place},
        seed=seed,
        precision="unknown",
        device="unknown",
        threads=0,
    )
    return Past(
        params=params,
        identity=identity,
        state=_STATES[run.state],
        value=run.value,
        epochs=run.epochs,
        error=run.why or None,
        started=run.started,
        finished=run.finished,
    )
