"""What a process on a cluster is told to run, and what it finds out before it begins."""

from __future__ import annotations

import atexit
import platform
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hpstudy.errors import UserError
from hpstudy.files import shown
from hpstudy.objective import load_objective
from hpstudy.running.worker import Job
from hpstudy.store.addresses import file_of, is_file, shown_url
from hpstudy.store.connections import connections
from hpstudy.store.studies import find_study

_BOOT = Path("/proc/sys/kernel/random/boot_id")  # the same in all containers of a machine
_MOST_SOURCES = 20_000_000  # bytes


@dataclass(frozen=True)
class Orders:
    """What a process is told to run.

    Attributes:
        job: The job, as it is where it was asked for.
        machine: The machine on which it was asked for.
        file: What tells the database's file there from any other; None of a server's.
        sources: The Python files that lie beside the study file, by their path from there.
    """

    job: Job
    machine: str
    file: tuple[int, int] | None
    sources: Mapping[str, bytes]


def orders_of(job: Job) -> Orders:
    """Returns the orders to run a job that was asked for here."""
    return Orders(job, _machine(), _file(job.runs.url), _sources(job))


def accepted(orders: Orders) -> Job:
    """Returns what to run here, once it is known that it can be.

    Raises:
        UserError: It can't: it says on which machine, and why.
    """
    job = orders.job
    if _file(job.runs.url) != orders.file or (orders.file and _machine() != orders.machine):
        raise UserError(
            f"{platform.node()} doesn't see {shown_url(job.runs.url)}: an SQLite file serves the "
            "processes of one machine; for several give --storage postgresql+psycopg://…"
        )
    if _machine() == orders.machine:
        return job
    try:
        with connections(job.runs) as database:
            if database.reader is None or find_study(job.plan.name, database.reader) is None:
                raise UserError(
                    f"{shown_url(job.runs.url)}: another database than where the run was begun"
                )
        return _elsewhere(job, orders.sources)
    except UserError as error:
        raise type(error)(f"on {platform.node()}: {error}") from error


def _elsewhere(job: Job, sources: Mapping[str, bytes]) -> Job:
    """Makes ready on another machine what was ready where the job was asked for."""
    scenario = job.plan.scenario
    if any(_read(scenario.home / name) != text for name, text in sources.items()):
        home = Path(tempfile.mkdtemp(prefix="hpstudy-"))
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        for name, text in sources.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(text)
        scenario = replace(scenario, home=home)
        job = replace(job, plan=replace(job.plan, scenario=scenario))
    try:
        job.runs.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or f"{error}"
        raise UserError(f"--runs {shown(job.runs.folder)}: can't be made: {reason}") from error
    if job.sent is None:
        objective = load_objective(job.plan.study.trained(), scenario.home)
        objective.prepare(settings=scenario.settings, runtime=scenario.runtime)
    return job


def _machine() -> str:
    return _BOOT.read_text().strip() if _BOOT.exists() else platform.node()


def _file(url: str) -> tuple[int, int] | None:
    """Returns what tells an SQLite file from any other on its machine; (0, 0) where none is."""
    if not is_file(url):
        return None
    try:
        found = file_of(url).stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _sources(job: Job) -> dict[str, bytes]:
    """Returns the Python files of an objective that lies beside its study file.

    More than some megabytes are no study's folder.
    """
    home = job.plan.scenario.home
    top = f"{job.plan.study.trained()}".partition(":")[0].partition(".")[0]
    if not ((home / f"{top}.py").is_file() or (home / top).is_dir()):
        return {}
    packages = [file.parent for file in home.glob("*/__init__.py")]
    files = [*home.glob("*.py"), *(file for one in packages for file in one.rglob("*.py"))]
    if sum(file.stat().st_size for file in files) > _MOST_SOURCES:
        return {}
    return {f"{file.relative_to(home)}": file.read_bytes() for file in files}


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
