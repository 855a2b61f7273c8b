"""What a finished grid or search leaves in optuna-dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hpstudy.charts.figures import grid_figures, search_figures
from hpstudy.cli.app import tell
from hpstudy.errors import UserError
from hpstudy.objective import Runtime
from hpstudy.store.database import Database
from hpstudy.store.studies import grid_name, note_posted, search_name
from hpstudy.study.opened import Opened
from hpstudy.summary import StudySummary
from hpstudy.views.dashboard.note import grid_note, search_note
from hpstudy.views.dashboard.serve import Published, publish, publish_note
from hpstudy.views.files.document import document
from hpstudy.views.page.galleries import COLUMNS, MISTAKES, captioned, plain


def publish_grid(opened: Opened, summary: StudySummary, database: Database) -> None:
    """Shows a grid's findings in optuna-dashboard: a note, figures, results and mistakes.

    Args:
        opened: The study.
        summary: What its results come to, of all factors.
        database: The database, open to write.
    """
    with _the_trials_are_done():
        if summary.grid is None:
            return
        found = Published(
            study=grid_name(summary.name),
            note=_grid_note(summary),
            figures=grid_figures(summary.grid, curves=summary.curves),
            results=document(summary, ["grid"]),
            pictures=_mistakes(opened, summary, "Grid", summary.grid.results.settings),
        )
        _post(found, opened, database)
        if summary.search is not None:  # the answer is of grid and search together
            publish_note(search_name(summary.name), _search_note(summary), database)


def publish_search(opened: Opened, summary: StudySummary, database: Database) -> None:
    """Shows what a search found there; the arguments are those of `publish_grid`."""
    with _the_trials_are_done():
        if (search := summary.search) is None:
            return
        found = Published(
            study=search_name(summary.name),
            note=_search_note(summary),
            figures=search_figures(search, tradeoffs=summary.tradeoffs),
            results=document(summary, ["search"]),
            pictures=_mistakes(opened, summary, "Search", search.results.settings),
        )
        _post(found, opened, database)
        if summary.grid is not None:
            publish_note(grid_name(summary.name), _grid_note(summary), database)


def _post(found: Published, opened: Opened, database: Database) -> None:
    publish(found, database, opened.runs.artifacts)
    note_posted(found.study, database)


@contextmanager
def _the_trials_are_done() -> Iterator[None]:
    """Says what went wrong in the block and goes on: what was trained is safe."""
    try:
        yield
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        tell(f"Note: optuna-dashboard will not show the findings: {reason}", err=True)


def _grid_note(summary: StudySummary) -> str:
    assert summary.grid is not None  # the caller's
    return grid_note(summary.title, summary.grid, summary.answer)


def _search_note(summary: StudySummary) -> str:
    assert summary.search is not None  # the caller's
    return search_note(summary.title, summary.search, summary.answer)


def _mistakes(
    opened: Opened, summary: StudySummary, section: str, settings: Mapping[str, object]
) -> dict[str, bytes]:
    """Returns a picture of the images that the best network misreads; none where not known."""
    if (network := summary.networks.get(section)) is None:
        return {}
    runtime = Runtime(data=str(opened.runs.data))
    try:
        pictures = opened.objective().pictures(settings=settings, runtime=runtime)
    except UserError:  # without its images the rest is still worth showing
        return {}
    if pictures is None:
        return {}
    labels = [int(label) for label in pictures.test_labels]
    reading = summary.reading(network, labels, pictures.classes)
    if reading is None or not reading.mistakes:
        return {}
    wrong = reading.mistakes[:MISTAKES]
    called = [plain(reading.name(label), label) for label in range(reading.classes)]
    captions = [f"{called[reading.labels[i]]} as {called[reading.predicted[i]]}" for i in wrong]
    return {"mistakes.png": captioned(pictures.test[list(wrong)], captions, COLUMNS)}
