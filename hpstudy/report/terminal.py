"""Results and progress in the terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from hpstudy.analysis.results import FactorResult, GridResults, LevelResult
from hpstudy.running.cost import Forecast
from hpstudy.running.progress import Progress

_LOOK_SECONDS = 1.0
_TABLES_EVERY = 5  # looks


def number(value: float | None, metric: str) -> str:
    """Formats a metric's value; accuracies in per cent."""
    if value is None:
        return "–"
    return f"{100 * value:.2f} %" if metric.endswith("accuracy") else f"{value:.5g}"


def difference(value: float | None, metric: str) -> str:
    """Formats a difference of two values; of accuracies in percentage points."""
    if value is None:
        return "–"
    return f"{100 * value:+.2f}" if metric.endswith("accuracy") else f"{value:+.4g}"


def duration(seconds: float | None) -> str:
    """Formats a duration: "41 s", "12 min", "3 h 05 min"."""
    if seconds is None:
        return "unknown"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: int | None) -> str:
    """Formats a number of bytes in MB."""
    return "unknown" if count is None else f"{count / 1e6:,.0f} MB"


def grid_tables(grid: GridResults, *, quick: str | None = None) -> Group:
    """Returns a table a factor, with a line about the epochs below.

    Args:
        grid: The results.
        quick: What makes this a quick look, to be said on every table.
    """
    parts: list[RenderableType] = []
    for factor in grid.factors:
        parts += [_factor_table(factor, grid, quick), Text()]
    return Group(*parts, *_closing_lines(grid))


def _factor_table(factor: FactorResult, grid: GridResults, quick: str | None) -> Table:
    at = ", ".join(f"{k} {v}" for k, v in grid.baseline.items() if k != factor.factor)
    title = f"{factor.factor}  (at {at})" if at else factor.factor
    table = Table(title=title, caption=quick, title_justify="left", caption_justify="left")
    has_published = any(level.published is not None for level in factor.levels)
    several = any(len(level.seeds) > 1 for level in factor.levels)
    columns = ["level", grid.metric.replace("_", " "), "Δ baseline"]
    columns += ["published", "Δ published"] if has_published else []
    columns += ["seeds"] if several else []
    columns += ["s/epoch", "peak MiB"]
    for column in columns:
        table.add_column(column, justify="right")
    for level in factor.levels:
        style = "bold" if level.is_baseline else None
        table.add_row(*_row(level, grid.metric, has_published, several), style=style)
    return table


def _row(level: LevelResult, metric: str, has_published: bool, several: bool) -> list[str]:
    row = [f"{level.level}", number(level.mean, metric)]
    row.append("baseline" if level.is_baseline else difference(level.effect, metric))
    if has_published:
        gap = None
        if level.mean is not None and level.published is not None:
            gap = level.mean - level.published
        row += [number(level.published, metric), difference(gap, metric)]
    if several:
        row.append(str(len(level.seeds)))
    seconds, memory = level.seconds_per_epoch, level.peak_memory_mb
    row.append("–" if seconds is None else f"{seconds:.3g}")
    row.append("–" if memory is None else f"{memory:.0f}")
    return row


def _closing_lines(grid: GridResults) -> list[Text]:
    trials = grid.trials
    total = trials.complete + trials.failed + trials.running + trials.waiting
    others = {"failed": trials.failed, "running": trials.running, "waiting": trials.waiting}
    states = [f"{trials.complete} of {total} points done"]
    states += [f"{count} {state}" for state, count in others.items() if count]
    lines = [
        Text(
            f"{', '.join(states)}. The rows above take {grid.epochs_asked} epochs one by one; "
            f"{grid.epochs_trained} were trained."
        )
    ]
    if grid.metric.endswith("accuracy"):
        lines.append(Text("Δ in percentage points.", style="dim"))
    for failure in grid.failed:
        setting = ", ".join(f"{k} {v}" for k, v in failure.params.items())
        lines.append(Text(f"failed: {setting}, seed {failure.seed}: {failure.error}", style="red"))
    return lines


class LiveProgress:
    """Shows progress on stderr while a study runs: live on a terminal, else a line an epoch.

    Args:
        look: Reads the progress.
        tables: Reads the tables as they stand; shown on a terminal below the progress.
        metric: The metric that is shown.
        console: A console on stderr.
    """

    def __init__(
        self,
        look: Callable[[], Progress],
        tables: Callable[[], RenderableType],
        metric: str,
        console: Console,
    ) -> None:
        self._look = look
        self._tables = tables
        self._metric = metric
        self._console = console
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(console=console, auto_refresh=False, transient=True)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._shown: RenderableType = Text()

    def __enter__(self) -> LiveProgress:
        if self._live is not None:
            self._live.start()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._live is not None:
            self._live.stop()

    def _watch(self) -> None:
        looks = 0
        while True:
            stopping = self._stop.wait(_LOOK_SECONDS if looks else 0)
            progress = self._look()
            if self._live is None:
                self._print_news(progress)
            else:
                if looks % _TABLES_EVERY == 0:
                    self._shown = self._tables()
                self._live.update(Group(*self._lines(progress), self._shown), refresh=True)
            if stopping:
                return
            looks += 1

    def _print_news(self, progress: Progress) -> None:
        for news in progress.news:
            seconds = "" if news.seconds is None else f", {news.seconds:.3g} s"
            self._console.print(
                f"[{progress.epochs}/{progress.epochs_total}] {news.label}: "
                f"epoch {news.epoch}/{news.last}, {self._metric} "
                f"{number(news.value, self._metric)}{seconds}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )

    def _lines(self, progress: Progress) -> list[RenderableType]:
        bar = ProgressBar(
            "[bold]epochs", BarColumn(), MofNCompleteColumn(), TaskProgressColumn(), expand=False
        )
        bar.add_task("", total=progress.epochs_total, completed=progress.epochs)
        facts = [f"{progress.points} of {progress.points_total} points"]
        if progress.failed:
            facts.append(f"{progress.failed} failed")
        facts.append(f"{duration(progress.seconds_left)} left")
        if progress.best is not None:
            value, where = progress.best
            facts.append(f"best so far {number(value, self._metric)} at {where}")
        running = Table.grid(padding=(0, 2))
        for training in progress.running:
            running.add_row(
                "▸",
                training.label,
                f"epoch {training.epoch + 1} of {training.last}",
                number(training.value, self._metric) if training.epoch else "",
            )
        return [running, bar, Text(" · ".join(facts), style="dim"), Text()]


def plan_table(title: str, plan: Forecast) -> Table:
    """Returns what a plan would take, a fact a line."""
    table = Table.grid(padding=(0, 2))
    table.title = title
    table.title_justify = "left"
    facts = {
        "points": f"{plan.points}, from {plan.trainings} trainings",
        "epochs": f"{plan.epochs_asked} row by row, {plan.epochs_shared} shared",
        "to train": f"{plan.epochs_left} epochs, the others are recorded"
        if plan.epochs_left < plan.epochs_shared
        else f"{plan.epochs_left} epochs",
        "time": f"about {duration(plan.seconds_left)} with {plan.workers} worker(s)"
        if plan.seconds_left is not None
        else "not known before the first epoch is recorded",
        "disk": f"up to {size(plan.checkpoint_bytes)} for checkpoints"
        if plan.checkpoint_bytes is not None
        else "not known: the objective doesn't say how large its state is",
    }
    for name, fact in facts.items():
        table.add_row(Text(name, style="bold"), fact)
    return table


def elapsed(seconds: float) -> str:
    """Formats a wall time exactly enough to compare runs: "0:31:07"."""
    return str(timedelta(seconds=round(seconds)))
