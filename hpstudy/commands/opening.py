"""What the options that all commands share come to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hpstudy.errors import UserError
from hpstudy.objective import Objective, Runtime, load_objective
from hpstudy.running.begin import begun_precision
from hpstudy.storage import Runs, check_url
from hpstudy.study import StudyFile
from hpstudy.study_files import find_study, load_study

_QUICK = "-quick"


@dataclass(frozen=True)
class Opened:
    """A study file with the names that the options give it."""

    path: Path
    study: StudyFile
    name: str
    runs: Runs

    @property
    def is_quick(self) -> bool:
        """Whether this is the study of a quick look."""
        return self.name.endswith(_QUICK)

    def objective(self) -> Objective:
        """Loads what the study trains."""
        return load_objective(self.study.objective, self.path.parent)

    def runtime(
        self, objective: Objective, name: str, *, device: str, precision: str, threads: int
    ) -> Runtime:
        """Returns how the trainings of an Optuna study run.

        "auto" is what the objective does best here; a study that has begun keeps its precision.
        """
        chosen = objective.device(device)
        wanted = objective.precision(precision, device=chosen)
        if precision == "auto":
            wanted = begun_precision(name, self.runs) or wanted
        return Runtime(device=chosen, precision=wanted, threads=threads, data=str(self.runs.data))


def runs_at(folder: Path, storage: str | None) -> Runs:
    """Returns where a run's files go."""
    url = storage or f"sqlite:///{folder / 'hpstudy.db'}"
    check_url(url)
    return Runs(folder, url)


def open_study(
    study: str, name: str | None, runs: Path, storage: str | None, *, quick: bool = False
) -> Opened:
    """Reads a study file and names its study in the database."""
    path = find_study(study)
    chosen = name or path.stem
    if "/" in chosen:
        raise UserError(f"--name: expected a name without '/', found {chosen!r}")
    suffix = _QUICK if quick else ""
    return Opened(path, load_study(path), f"{chosen}{suffix}", runs_at(runs, storage))
