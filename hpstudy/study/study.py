"""A study to run, to ask and to show, from a Python program or a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from hpstudy.analysis.compare import Comparison
from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.plans.grid import chosen_factors
from hpstudy.running.course import Silent, Teller, Trained
from hpstudy.sampler import Level
from hpstudy.store.connections import connections
from hpstudy.store.database import reading
from hpstudy.study import parties
from hpstudy.study.announcing import FILES_MARGIN
from hpstudy.study.comparing import read_contest, run_contest
from hpstudy.study.grid import Asked, run_grid
from hpstudy.study.opened import Opened, open_study
from hpstudy.study.planning import Machine, Seeds, search_plan, spelled
from hpstudy.study.reading import read_summary
from hpstudy.study.search import run_search
from hpstudy.views.line import Line
from hpstudy.views.notebook import Summary

_MOST = {"workers": 1024, "threads": 1024, "confirm": 100}  # as on the command line


class Study(Opened):
    """A study file and what was, or is to be, trained for it.

    Methods do what the commands of the same name do, take their options, and raise `UserError`,
    of one line, for what is wrong; its message spells an option as the command line does. Ctrl-C
    raises `KeyboardInterrupt`: all finished epochs are kept, and the same call goes on from there.

    Trainings run in processes of their own, which import the program's main file anew: a script
    does its work under `if __name__ == "__main__":`, and a notebook has its objective in a file.

    Args:
        study: The study file: its path, or its name in `studies/`.
        name: The study's name in the database; the file's where None.
        runs: The folder of a run's files.
        storage: The database's address; `sqlite:///RUNS/hpstudy.db` where None.
        quick: Whether to take a quick look, in a study NAME-quick.
        keep: How much is kept of checkpoints, such as "500MB"; "0" for none.

    Raises:
        UserError: The study file, or one of these, is wrong.
    """

    def __init__(
        self,
        study: str | Path = "report",
        *,
        name: str | None = None,
        runs: str | Path = "runs",
        storage: str | None = None,
        quick: bool = False,
        keep: str = "4GB",
    ) -> None:
        opened = open_study(f"{study}", name, Path(runs), storage, quick=quick, keep=keep)
        super().__init__(**vars(opened))

    def run_grid(
        self,
        *,
        factors: str | Sequence[str] | None = None,
        seeds: Seeds | None = None,
        until: str | float | bool | None = None,
        combine: bool = False,
        workers: int | None = None,
        threads: int = 1,
        device: str = "auto",
        precision: str = "auto",
        quiet: bool = False,
    ) -> Trained:
        """Trains what is missing of the one-factor grid.

        Args:
            factors: The factor or factors to run; all where None.
            seeds: How many seeds (3: 0 to 2), or which (`range(3)`, "0-4"); the file's where None.
            until: Add seeds until each level is better, worse or equal within so many points, or
                so much in the metric's unit; True for the file's `equal_within`.
            combine: Train the levels that are shown to be better together, the best of each factor.
            workers: Worker processes; one per core, or per training, where None.
            threads: Threads of one training; part of what a result depends on.
            device: Where a `Training` class trains: "auto", "cpu", "cuda" or "mps".
            precision: "fp32", "bf16", or "auto": "bf16" where the hardware computes in it.
            quiet: Whether to say nothing on stderr.

        Raises:
            UserError: An option is wrong, or the study can't be run.
        """
        _check_counts(workers=workers, threads=threads)
        objective = self.objective()
        asked = Asked(
            factors=_named(factors),
            seeds=seeds,
            until=FILES_MARGIN if until is True else f"{until}" if until else None,
            combine=combine,
            workers=workers,
            machine=Machine(device, precision, threads),
        )
        with connections(self.runs) as database:
            return run_grid(self, objective, database, asked, _teller(quiet))

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
        objective = self.objective()
        with connections(self.runs) as database:
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
            teller = _teller(quiet)
            return run_search(
                self, plan, objective, database, workers, teller, confirm=confirm, ablate=ablate
            )

    def compare(
        self,
        changes: Mapping[str, Level] | None = None,
        *,
        until: str | float | None = None,
        looks: Sequence[int] | None = None,
        seeds: Seeds | None = None,
        workers: int | None = None,
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
        with connections(self.runs) as database:
            machine = Machine(device, precision, threads)
            contest = parties.contest_of([self], asked, database.reader, machine)
            run_contest(contest, database, workers, _teller(quiet))
            assert database.reader is not None  # what was run is there
            return read_contest(contest, database.reader).comparison

    def summary(self, factors: str | Sequence[str] | None = None) -> Summary:
        """Reads what the database holds, once; what it shows is worked out when asked for.

        Args:
            factors: The grid's factors to show; all where None. Verdicts are of all together.

        Raises:
            UserError: A factor is not in the file, or nothing was run yet.
        """
        chosen = _named(factors)
        chosen_factors(self.file, chosen)
        with reading(self.runs) as database:
            summary = read_summary(self, database, chosen)
        summary.quick = self.quick_note()
        return summary

    def write_report(
        self, output: str | Path | None = None, *, factors: str | Sequence[str] | None = None
    ) -> Path:
        """Writes the report, one HTML file that opens offline, and returns its path.

        Args:
            output: The file; `RUNS/report/NAME.html` where None.
            factors: The grid's factors to show; all where None.

        Raises:
            UserError: Nothing was run yet, or the file can't be written.
        """
        from hpstudy.study.report import write_report

        path = None if output is None else Path(output)
        return write_report(self, _named(factors), path, Line().say)

    def export(
        self, output: str | Path | None = None, *, file_format: str = "csv"
    ) -> dict[Path, int]:
        """Writes trials, epochs and steps as files for other tools.

        Args:
            output: The folder; `RUNS/export` where None.
            file_format: "csv", or "parquet" with the package's extra of that name.

        Returns:
            How many rows each file has.

        Raises:
            UserError: Nothing was run yet, or the files can't be written.
        """
        from hpstudy.study.export import export

        return export(self, file_format, None if output is None else Path(output))

    def __repr__(self) -> str:
        return f"Study({str(self.path)!r}, name={self.name!r})"

    def _repr_html_(self) -> str:
        """Returns what a notebook shows: the answer and the tables."""
        try:
            return self.summary()._repr_html_()
        except UserError as error:
            return Markup("<p>{}</p>").format(error)


def _named(factors: str | Sequence[str] | None) -> Sequence[str] | None:
    return [factors] if isinstance(factors, str) else factors  # else it is read letter by letter


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
