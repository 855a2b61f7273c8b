"""Gathering what a report shows, and writing it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from hpstudy.errors import UserError
from hpstudy.files import absolute, replacing, shown
from hpstudy.objective import Runtime
from hpstudy.objective.shown import Layer, Pictures
from hpstudy.objective.targets import is_of_python
from hpstudy.plans.grid import chosen_factors
from hpstudy.results.origin import Origin
from hpstudy.running.output import Say
from hpstudy.store.addresses import shown_url
from hpstudy.store.database import reading
from hpstudy.study.opened import Opened, runs_at
from hpstudy.study.reading import read_summary
from hpstudy.studyfile.find import studies_that_come_along
from hpstudy.summary import StudySummary
from hpstudy.views.page.page import Content, page


def write_report(
    opened: Opened, factors: Sequence[str] | None, output: Path | None, say: Say
) -> Path:
    """Writes the report of a study and returns its path.

    Args:
        opened: The study.
        factors: The factors to show; all where None.
        output: The file; `RUNS/report/NAME.html` where None.
        say: Says what the report goes without.

    Raises:
        UserError: A factor is not in the file, nothing was run, or the report can't be written.
    """
    chosen_factors(opened.file, factors)
    home = opened.runs.folder / "report"
    path = absolute(output, "--output") if output else home / f"{opened.name}.html"
    with reading(opened.runs) as database:
        summary = read_summary(opened, database, factors)
        html = page(_content(opened, summary, say))
    with replacing(path) as draft:
        draft.write_text(html, encoding="utf-8", errors="backslashreplace")
    return path


def _content(opened: Opened, summary: StudySummary, say: Say) -> Content:
    pictures, layers = _shown_by_objective(opened, summary, say)
    networks = [*summary.networks.values()]
    reading = None
    if pictures is not None and networks:
        labels = [int(label) for label in pictures.test_labels]
        reading = summary.reading(networks[0], labels, pictures.classes)
    return Content(
        name=summary.name,
        title=summary.title,
        database=summary.address,
        quick=opened.quick_note(),
        found=summary.grid,
        answer=summary.answer,
        curves=summary.curves,
        search=summary.search,
        tradeoffs=summary.tradeoffs,
        comparisons=summary.comparisons,
        reading=reading,
        pictures=pictures,
        layers=layers,
        origins=summary.origins,
        commands=_commands(opened, summary.origins),
        written=datetime.now(),
    )


def _shown_by_objective(
    opened: Opened, summary: StudySummary, say: Say
) -> tuple[Pictures | None, Sequence[Layer]]:
    """Returns what the objective shows; a report is worth having without it."""
    if not opened.file.trains or (opened.given is None and is_of_python(opened.file.objective)):
        return None, ()
    found = summary.grid or summary.search
    assert found is not None  # else there is nothing to report
    settings = found.results.settings
    params = {k: v for k, v in opened.file.baseline.items() if k != opened.file.fidelity}
    try:
        objective = opened.objective()
        layers = objective.layers(params, settings=settings)
        runtime = Runtime(data=str(opened.runs.data))
        return objective.pictures(settings=settings, runtime=runtime), layers
    except UserError as error:
        say(f"Note: the report goes without pictures: {error}")
        return None, ()


def _commands(opened: Opened, origins: Mapping[str, Origin]) -> list[str]:
    """Returns the commands that run the study and write its report."""
    home = opened.path.parent
    has_name = shown(home) == "studies" or home == studies_that_come_along()
    where = [opened.path.stem if has_name else shown(opened.path)]
    if opened.name != opened.path.stem and not opened.is_quick:
        where += ["--name", opened.name]
    if opened.is_quick:
        where.append("--quick")
    if shown(opened.runs.folder) != "runs":
        where += ["--runs", shown(opened.runs.folder)]
    if opened.runs.url != runs_at(opened.runs.folder, None).url:
        where += ["--storage", shown_url(opened.runs.url)]
    commands = []
    if opened.file.trains and opened.file.grid is not None and "Grid" in origins:
        seeds = origins["Grid"].seeds
        commands.append(["hpstudy", "grid", *where, *(["--seeds", _spans(seeds)] if seeds else [])])
    if opened.file.trains and "Search" in origins:
        commands.append(["hpstudy", "search", *where])
    commands.append(["hpstudy", "report", *where])
    return [shlex.join(command) for command in commands]


def _spans(seeds: Sequence[int]) -> str:
    """Returns seeds as `--seeds` takes them: "0-4", or "0,2,7" where there are gaps."""
    if len(seeds) == seeds[-1] - seeds[0] + 1:
        return f"{seeds[0]}-{seeds[-1]}"
    return ",".join(f"{seed}" for seed in seeds)
