"""A study file with its names and places: what is the same for all that is done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.files import absolute
from hpstudy.objective import Objective, Runtime, load_objective
from hpstudy.objective.given import GivenObjective, folder_of, name_of
from hpstudy.running.fingerprint import begun_with
from hpstudy.store.addresses import check_url, file_of, is_file
from hpstudy.store.database import Database, Runs
from hpstudy.store.keeping import bytes_of
from hpstudy.store.places import check_address
from hpstudy.study.made import Measured, made_study, resumed
from hpstudy.studyfile.changed import with_timeout
from hpstudy.studyfile.file import StudyFile
from hpstudy.studyfile.find import find_study, load_study
from hpstudy.studyfile.values import as_seconds

_LONGEST_NAME = 200  # bytes: files are named NAME-epochs.parquet, and a file system takes 255


@dataclass(frozen=True)
class Opened:
    """A study file with the names that it was given.

    Attributes:
        path: The file.
        file: What it says.
        name: The study's name in the database.
        runs: Where its files go.
        is_quick: Whether this is a quick look.
        given: The objective, where it was given in Python: the file then only tells of it.
        measured: What such a study compares.
    """

    path: Path
    file: StudyFile
    name: str
    runs: Runs
    is_quick: bool = False
    given: GivenObjective | None = None
    measured: Measured | None = None

    @property
    def home(self) -> Path:
        """The folder in which the objective's modules are looked for first."""
        return self.path.parent if self.given is None else self.given.folder

    def objective(self) -> Objective:
        """Loads what the study trains."""
        if self.given is not None:
            return self.given
        try:
            return load_objective(self.file.trained(), self.path.parent)
        except UserError as error:
            raise UserError(f"{self.path.name}: {error}") from error

    def runtime(
        self,
        objective: Objective,
        name: str,
        database: Database | None,
        *,
        device: str,
        precision: str,
        threads: int,
    ) -> Runtime:
        """Returns how the trainings of an Optuna study run.

        "auto" is what the objective does best here; a study that has begun keeps its precision.
        """
        chosen = objective.device(device)
        wanted = objective.precision(precision, device=chosen)
        if precision == "auto":
            wanted = begun_with(name, database).get("precision", wanted)
        return Runtime(device=chosen, precision=wanted, threads=threads, data=str(self.runs.data))

    def quick_note(self) -> str | None:
        """Says what makes this a quick look; None for the full study."""
        if not self.is_quick:
            return None
        settings = self.objective().quick or {}
        words = ", ".join(f"{name} = {value}" for name, value in settings.items())
        return f"a quick look ({words}): not comparable with the full study"


def runs_at(folder: Path, storage: str | None) -> Runs:
    """Returns where a run's files go, wherever the process goes.

    Args:
        folder: The folder, as given.
        storage: The database's address, as given; in the folder where None.

    Raises:
        UserError: There can be no such folder or database.
    """
    home = absolute(folder, "--runs")
    if home.exists() and not home.is_dir():
        raise UserError(f"--runs {folder}: expected a folder, found a file")
    given = URL.create("sqlite", database=str(home / "hpstudy.db"))
    if storage is not None:
        given = check_url(storage)
        if is_file(storage):
            given = given.set(database=str(absolute(file_of(storage), "--storage")))
    return Runs(home, given.render_as_string(hide_password=False))


def _keeping(runs: Runs, keep: str | None, checkpoints: str | None) -> Runs:
    """Returns where a run's files go, with what was said of its checkpoints."""
    return replace(
        runs,
        keep=runs.keep if keep is None else bytes_of(keep),
        checkpoints_at=None if checkpoints is None else check_address(checkpoints),
    )


def check_name(name: str, option: str = "--name") -> str:
    """Checks that a study may have a name: files and locks are named by it.

    Raises:
        UserError: It may not.
    """
    if "/" in name:
        raise UserError(f"{option}: expected a name without '/', found {name!r}")
    if name in ("", ".", "..") or not name.isprintable():
        raise UserError(f"{option}: expected a name of printable characters, found {name!r}")
    if (length := len(name.encode())) > _LONGEST_NAME:
        raise UserError(f"{option}: expected at most {_LONGEST_NAME} bytes, found {length}")
    return name


def open_function(
    target: Callable[..., Any],
    measured: Measured,
    name: str | None,
    runs: Path,
    storage: str | None,
    *,
    baseline: Mapping[str, Any] | None,
    settings: Mapping[str, Any] | None,
    fidelity: str | None,
    version: int | None,
    keep: str,
    checkpoints: str | None,
) -> Opened:
    """Names the study of a function that was given in Python; its file tells of it alone."""
    if not baseline:
        raise UserError('Study: expected baseline, such as baseline={"lr": 0.1}, beside a function')
    called = name_of(target, name or "").partition(":")[2]
    chosen = check_name(called if name is None else name)
    objective = name_of(target, chosen)
    given = GivenObjective(objective, target, folder_of(target), version)
    where = _keeping(runs_at(runs, storage), keep, checkpoints)
    path = where.studies / f"{chosen}.toml"
    file = made_study(
        objective, title=chosen, baseline=baseline, settings=settings or {}, fidelity=fidelity
    )
    file = resumed(file, measured, path)
    return Opened(path, file, chosen, where, given=given, measured=measured)


def open_study(
    study: str,
    name: str | None = None,
    runs: Path = Path("runs"),
    storage: str | None = None,
    *,
    quick: bool = False,
    keep: str | None = None,
    checkpoints: str | None = None,
    trial_timeout: str | None = None,
) -> Opened:
    """Reads a study file and names its study in the database."""
    where = _keeping(runs_at(runs, storage), keep, checkpoints)
    path = find_study(study, where.studies)
    read = load_study(path)
    if trial_timeout is not None:
        try:
            read = with_timeout(read, as_seconds(trial_timeout))
        except ValueError as error:
            found = shown(trial_timeout)
            raise UserError(f"--trial-timeout: {error}, found {found}") from error
    chosen = check_name(path.stem if name is None else name)
    suffix = "-quick" if quick else ""
    return Opened(absolute(path), read, f"{chosen}{suffix}", where, quick)
