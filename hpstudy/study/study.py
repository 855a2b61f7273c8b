"""A study to run, to ask and to show, from a Python program or a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hpstudy.analysis.compare import Comparison
from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.metric import direction_of
from hpstudy.plans.grid import parse_seeds
from hpstudy.running.clusters import crew_at
from hpstudy.running.course import Silent, Teller, Trained
from hpstudy.sampler import Level
from hpstudy.store.connections import connections
from hpstudy.study import parties
from hpstudy.study.announcing import FILES_MARGIN
from hpstudy.study.comparing import read_contest, run_contest
from hpstudy.study.grid import Asked, run_grid
from hpstudy.study.made import Measured, Range, with_levels, with_space
from hpstudy.study.opened import open_function, open_study
from hpstudy.study.planning import Machine, Seeds, search_plan, spelled
from hpstudy.study.search import run_search
from hpstudy.study.showing import named
from hpstudy.study.working import Working
from hpstudy.views.line import Line

_MOST = {"workers": 1024, "threads": 1024, "confirm": 100}  # as on the command line


class Study(Working):
    """A study file, or a function, and what was, or is to be, trained for it.

    Methods do what the commands of the same name do, take their options, and raise `UserError`,
    of one line, for what is wrong; its message spells an option as the command line does. Ctrl-C
    raises `KeyboardInterrupt`: all finished epochs are kept, and the same call goes on from there.

    Trainings run in processes of their own, which import the program's main file anew: a script
    does its work under `if __name__ == "__main__":`. A function is sent to them, with what it
    uses: `Study(score, baseline={"lr": 0.1})` needs no file; what is to be trained is said where it
    is asked for, as in `run_grid({"lr": [0.1, 0.01]})` and `search({"lr": (0.001, 1.0)})`.

    Args:
        study: The study file, its path or its name in `studies/`; or what is trained: a function, a
            `Training` class, or an `objective(trial)` of Optuna's.
        baseline: Of a function: the setting that all hyperparameters but one are held at.
        metric: Of a function: the metric that is compared; "value" is a bare number.
        direction: Of a function: "maximize" or "minimize".
        unit: Of a function: what the metric's values are: "share", "%", or such as "s".
        settings: Of a function: passed to it, the same for all trainings.
        fidelity: Of a class: the hyperparameter that only says how long to train.
        version: Of a function: raise it when it would give other numbers than before.
        name: The study's name in the database; the file's, or the function's, where None.
        runs: The folder of a run's files.
        storage: The database: "sqlite:///x.db" or "postgresql://me@host/studies"; in `runs` where
            None.
        quick: Whether to take a quick look, in a study NAME-quick.
        keep: How much is kept of checkpoints, such as "500MB"; "0" for none.
        checkpoints: Where these go besides `runs`, for other machines: "database", an address that
            fsspec knows, such as "s3://bucket/folder", or "folder" for nowhere; where the database
            says, if None.

    Raises:
        UserError: The study file, or one of these, is wrong.
    """

    def __init__(
        self,
        study: str | Path | Callable[..., Any] = "report",
        *,
        baseline: Mapping[str, Any] | None = None,
        metric: str = "value",
        direction: str = direction_of(minimize=False),
        unit: str | None = None,
        settings: Mapping[str, Any] | None = None,
        fidelity: str | None = None,
        version: int | None = None,
        name: str | None = None,
        runs: str | Path = "runs",
        storage: str | None = None,
        quick: bool = False,
        keep: str = "4GB",
        checkpoints: str | None = None,
    ) -> None:
        if callable(study) and quick:
            raise UserError("Study: expected a study file beside quick, found a function")
        if callable(study):
            opened = open_function(
                study,
                Measured(metric, direction, unit),
                name,
                Path(runs),
                storage,
                baseline=baseline,
                settings=settings,
                fidelity=fidelity,
                version=version,
                keep=keep,
                checkpoints=checkpoints,
            )
        else:
            told = {"baseline": baseline, "settings": settings, "unit": unit, "version": version}
            if wrong := [name for name, one in told.items() if one is not None]:
                raise UserError(
                    f"Study: expected a function beside {wrong[0]}, found a file, which says it"
                )
            more = {"keep": keep, "checkpoints": checkpoints}
            opened = open_study(f"{study}", name, Path(runs), storage, quick=quick, **more)
        super().__init__(**vars(opened))

    def run_grid(
        self,
        factors: str | Sequence[str] | Mapping[str, Iterable[Level]] | None = None,
        *,
        seeds: Seeds | None = None,
        until: str | float | bool | None = None,
        combine: bool = False,
        workers: int | None = None,
        cluster: str | None = None,
        threads: int = 1,
        device: str = "auto",
        precision: str = "auto",
        quiet: bool = False,
    ) -> Trained:
        """Trains what is missing of the one-factor grid.

        Args:
            factors: The factor or factors to run; all where None. A mapping gives factors their
                levels: these are added to the grid.
            seeds: How many seeds (3: 0 to 2), or which (`range(3)`, "0-4"); the file's where None.
            until: Add seeds until each level is better, worse or equal within so many points, or
                so much in the metric's unit; True for the file's `equal_within`.
            combine: Train the levels that are shown to be better together, the best of each factor.
            workers: Worker processes; one per core, or per training, where None.
            cluster: Runs them on a Dask cluster, such as "tcp://scheduler:8786".
            threads: Threads of one training; part of what a result depends on.
            device: Where a `Training` class trains: "auto", "cpu", "cuda" or "mps".
            precision: "fp32", "bf16", or "auto": "bf16" where the hardware computes in it.
            quiet: Whether to say nothing on stderr.

        Raises:
            UserError: An option is wrong, or the study can't be run.
        """
        _check_counts(workers=workers, threads=threads)
        if isinstance(factors, Mapping):
            chosen = None if seeds is None else parse_seeds(spelled(seeds))
            self._grow(with_levels(self.file, self._compared(), factors, chosen))
            factors = list(factors)
        self._check_asked("grid", 'run_grid({"lr": [0.1, 0.01]})')
        objective = self._sendable()
        asked = Asked(
            factors=named(factors),
            seeds=None if seeds is None else spelled(seeds),  # an iterator gives them once
            until=FILES_MARGIN if until is True else f"{until}" if until else None,
            combine=combine,
            machine=Machine(device, precision, threads),
        )
        self._write()
        with connections(self.runs) as database, crew_at(cluster, workers) as crew:
            return run_grid(self, objective, database, asked, crew, _teller(quiet))

    def run_search(
        self,
        *,
        trials: int | None = None,
        timeout: str | int | None = None,
        epochs: int | None = None,
        confirm: int | None = None,
        ablate: bool = False,
        sampler: str | None = None,
        pruner: str | None = None,
        seed: int | None = None,
        workers: int | None = None,
        cluster: str | None = None,
        threads: int = 1,
        device: str = "auto",
        precision: str = "auto",
        quiet: bool = False,
    ) -> Trained:
        """Searches the ranges, then confirms the winner on fresh seeds.

        Args:
            trials: Finished trials in all, whoever ran them; the file's where None.
            timeout: Begin no trial after this long: seconds, or such as "1h30m".
            epochs: Begin no trial after this many epochs in all.
            confirm: Fresh seeds of winner and baseline at most, 0 for none; the file's where None.
            ablate: Whether to tell which of the winner's changes made it better.
            sampler: "tpe", "gp" or "random"; as begun, else "tpe", where None.
            pruner: "none", "median", "halving" or "hyperband"; as begun, else "median".
            seed: What the sampler draws from, and every trial is trained from.
            workers: As in `run_grid`, and so are those below.
            cluster: Likewise.
            threads: Threads of one training.
            device: Where a `Training` class trains.
            precision: What it computes in.
            quiet: Whether to say nothing on stderr.

        Returns:
            What came of it; left are points of the confirmation.

        Raises:
            UserError: An option is wrong, or the study can't be run.
        """
        _check_counts(trials=trials, epochs=epochs, workers=workers, threads=threads)
        _check_counts(0, confirm=confirm)
        objective = self._sendable()
        self._write()
        with connections(self.runs) as database, crew_at(cluster, workers) as crew:
            plan = search_plan(
                self,
                objective,
                database.reader,
                Machine(device, precision, threads),
                trials=trials,
                timeout=timeout,
                epochs=epochs,
                sampler=sampler,
                pruner=pruner,
                seed=seed,
            )
            told = _teller(quiet)
            return run_search(
                self, plan, objective, database, crew, told, confirm=confirm, ablate=ablate
            )

    def search(
        self,
        space: Mapping[str, Range] | None = None,
        *,
        trials: int | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Trained:
        """Searches ranges, then confirms the winner on fresh seeds.

        Args:
            space: The range of each hyperparameter: its ends (low, high), or as
                `{"low": 1e-4, "high": 0.1, "log": True}`, or a list of choices; the file's, or
                those of the search before, where None.
            trials: Finished trials in all.
            **options: Those of `run_search`.

        Raises:
            UserError: A range or an option is wrong, or the study can't be run.
        """
        if space is not None:
            self._grow(with_space(self.file, self._compared(), space))
        self._check_asked("search", 'search({"lr": (0.001, 0.1)})')
        return self.run_search(trials=trials, **options)

    def compare(
        self,
        changes: Mapping[str, Level] | None = None,
        *,
        until: str | float | None = None,
        looks: Sequence[int] | None = None,
        seeds: Seeds | None = None,
        workers: int | None = None,
        cluster: str | None = None,
        threads: int = 1,
        device: str = "auto",
        precision: str = "auto",
        quiet: bool = False,
    ) -> Comparison:
        """Says whether the baseline with a few values changed is better than the baseline.

        Args:
            changes: What is changed, by name; what the study says to use where None.
            until: Differences up to this count as none; as begun, else the file's, where None.
            looks: After how many seeds to look; as begun, else the file's, where None.
            seeds: Which seeds; the first ones where None.
            workers: As in `run_grid`, and so are those below.
            cluster: Likewise.
            threads: Threads of one training.
            device: Where a `Training` class trains.
            precision: What it computes in.
            quiet: Whether to say nothing on stderr.

        Returns:
            The comparison: `best` has its `verdict`, `difference` and `seeds`.

        Raises:
            UserError: An option is wrong, the study can't be run, or what it says to use is the
                baseline.
        """
        _check_counts(workers=workers, threads=threads)
        asked = parties.Asked(
            changes=tuple(f"{name}={value}" for name, value in (changes or {}).items()),
            best="best" if changes is None else None,
            until=None if until is None else f"{until}",
            looks=None if looks is None else ",".join(f"{count}" for count in looks),
            seeds=None if seeds is None else spelled(seeds),
        )
        self._sendable()
        self._write()
        with connections(self.runs) as database, crew_at(cluster, workers) as crew:
            machine = Machine(device, precision, threads)
            contest = parties.contest_of([self._named()], asked, database.reader, machine)
            run_contest(contest, database, crew, _teller(quiet))
            assert database.reader is not None  # what was run is there
            return read_contest(contest, database.reader).comparison


def _teller(quiet: bool) -> Teller:
    return Silent() if quiet else Line()


def _check_counts(least: int = 1, **counts: int | None) -> None:
    for name, count in counts.items():
        if count is not None and (not isinstance(count, int) or count < least):
            raise UserError(
                f"--{name}: expected a whole number of at least {least}, found {shown(count)}"
            )
        if count is not None and count > (most := _MOST.get(name, 10**9)):
            raise UserError(f"--{name}: expected at most {most}, found {shown(count)}")
