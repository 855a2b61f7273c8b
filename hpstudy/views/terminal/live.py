"""Progress on stderr while a study runs: live on a terminal, else line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as ProgressBar
from rich.text import Text

from hpstudy.metric import Metric
from hpstudy.running.progress_points import Progress
from hpstudy.running.progress_search import SearchProgress, SearchTrial
from hpstudy.views.tables.table import Table, table
from hpstudy.views.terminal.render import rich_table, with_notes
from hpstudy.views.watch import Watch
from hpstudy.wording import duration, headings, level, number, setting

_TABLES_EVERY = 5  # looks


class View(Protocol):
    """Looks at a running study, and shows what it saw."""

    def look(self) -> None:
        """Reads where the study stands now."""

    def news(self) -> Iterable[str]:
        """Returns what is new since the look before, a line each."""

    def picture(self) -> RenderableType:
        """Returns where the study stands."""


class LiveProgress:
    """Shows a view on stderr while a study runs.

    Args:
        view: What to show.
        console: A console on stderr.
        tables: Reads the tables as they stand; shown on a terminal below the progress.
    """

    def __init__(
        self, view: View, console: Console, tables: Callable[[], RenderableType] | None = None
    ) -> None:
        self._view = view
        self._tables = tables
        self._console = console
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(console=console, auto_refresh=False, transient=True)
        self._watch = Watch(self._show, self._say)
        self._shown: RenderableType = Text()

    def __enter__(self) -> LiveProgress:
        if self._live is not None:
            self._live.start()
        self._watch.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.__exit__(kind, error, trace)
        if self._live is not None:
            self._live.stop()

    def say(self, line: str) -> None:
        """Shows a line of what objectives write, above the progress."""
        self._console.print(Text.from_ansi(line), soft_wrap=True)

    def _show(self, looks: int) -> None:
        self._view.look()
        if self._live is None:
            for line in self._view.news():
                self._say(line)
        else:
            if self._tables is not None and looks % _TABLES_EVERY == 0:
                self._shown = self._tables()
            self._live.update(Group(self._view.picture(), self._shown), refresh=True)

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class PointsView:
    """Progress through points that are known beforehand.

    Args:
        look: Reads the progress.
        metric: The metric that is shown.
        task: What is being done, if it is not clear from the command.
        note: What else to show.
    """

    def __init__(
        self, look: Callable[[], Progress], metric: Metric, task: str = "", note: str = ""
    ) -> None:
        self._look = look
        self._metric = metric
        self._task = f"{task}: " if task else ""
        self._note = [Text(note, style="dim")] if note else []
        self._seen: Progress | None = None

    def look(self) -> None:
        """Reads where the study stands now."""
        seen = self._look()
        values = [*(t.value for t in seen.running), *(t.value for t in seen.news)]
        self._metric = self._metric.seeing(value for value in values if value is not None)
        self._seen = seen

    def news(self) -> Iterable[str]:
        """Returns a line for each finished epoch."""
        assert self._seen is not None
        for news in self._seen.news:
            seconds = "" if news.seconds is None else f", {news.seconds:.3g} s"
            epoch = f"epoch {news.epoch}/{news.last}, " if news.last > 1 else ""
            yield (
                f"{self._task}[{self._seen.epochs}/{self._seen.epochs_total}] {news.label}: "
                f"{epoch}{self._reached(news.value)}{seconds}"
            )

    def _reached(self, value: float | None) -> str:
        """Says an epoch's value; where the metric is no finite number, the training diverged."""
        if value is None:
            return "diverged"
        return f"{self._metric.name} {number(value, self._metric)}"

    def picture(self) -> RenderableType:
        """Returns what runs, a bar, and the facts."""
        progress = self._seen
        assert progress is not None
        facts = [f"{progress.points} of {progress.points_total} points"]
        if progress.failed:
            facts.append(f"{progress.failed} failed")
        facts.append(f"{duration(progress.seconds_left)} left")
        if progress.best is not None:
            value, where = progress.best
            facts.append(f"best so far {number(value, self._metric)} at {where}")
        rows = tuple(
            (
                f"▸ {training.label}",
                _at_epoch(training.epoch, training.last),
                number(training.value, self._metric) if training.epoch else "",
            )
            for training in progress.running
        )
        running = rich_table(Table("", ("", "", ""), rows, text=frozenset({""})))
        steps = "epochs" if progress.epochs_total > progress.points_total else "points"
        bar = progress_bar(f"{self._task}{steps}", progress.epochs, progress.epochs_total)
        told = Text(" · ".join(facts), style="dim")
        return Group(running, bar, told, *self._note, Text())


class SearchView:
    """Progress of a search.

    Args:
        look: Reads the progress.
        metric: The metric that is searched for.
    """

    def __init__(self, look: Callable[[], SearchProgress], metric: Metric) -> None:
        self._look = look
        self._metric = metric
        self._seen: SearchProgress | None = None

    def look(self) -> None:
        """Reads where the search stands now."""
        seen = self._look()
        values = [trial.value for trial in (*seen.running, *seen.latest, *seen.news)]
        self._metric = self._metric.seeing(value for value in values if value is not None)
        self._seen = seen

    def news(self) -> Iterable[str]:
        """Returns a line for each trial that ended."""
        assert self._seen is not None
        finished = self._seen.finished - sum(t.state != "failed" for t in self._seen.news)
        for trial in self._seen.news:
            finished += trial.state != "failed"
            yield (
                f"[{finished}/{self._seen.total}] trial {trial.number}: "
                f"{setting(trial.setting)}: {self._outcome(trial)}"
            )

    def picture(self) -> RenderableType:
        """Returns the trials that run and ran last, a bar, and the facts."""
        progress = self._seen
        assert progress is not None
        facts = [f"{progress.pruned} pruned"] if progress.pruned else []
        if progress.epochs > progress.finished:
            facts.append(f"{progress.epochs} epochs trained")
        if progress.epochs_saved:
            facts.append(f"{progress.epochs_saved} saved by pruning")
        if progress.failed:
            facts.append(f"{progress.failed} failed")
        facts.append(f"{duration(progress.seconds_left)} left")
        bar = progress_bar("trials", progress.finished, progress.total)
        lines: list[RenderableType] = [self._trials([*progress.running, *progress.latest]), bar]
        lines.append(Text(" · ".join(facts), style="dim"))
        if (best := progress.best) is not None:
            at = f"trial {best.number}, {setting(best.setting)}"
            lines.append(Text(f"best so far {number(best.value, self._metric)}: {at}"))
        return Group(*lines)

    def _trials(self, trials: Sequence[SearchTrial]) -> RenderableType:
        """Returns a line a trial, with a column for each hyperparameter."""
        names = dict.fromkeys(name for trial in trials for name in trial.setting)
        heads = headings(names, ("trial", ""))
        rows = []
        for trial in trials:
            is_running = trial.state == "running"
            values = {heads[name]: level(value) for name, value in trial.setting.items()}
            told = self._course(trial) if is_running else self._outcome(trial)
            mark = "▸ " if is_running else ""
            rows.append({"trial": f"{mark}{trial.number}", **values, "": told})
        running = [place for place, trial in enumerate(trials) if trial.state == "running"]
        said = {heads[n] for t in trials for n, v in t.setting.items() if isinstance(v, str)}
        return Group(*with_notes(table("", rows, text=["", *said], strong=running)))

    def _course(self, trial: SearchTrial) -> str:
        """Says how far a running trial is; nothing of one that is a single epoch."""
        told = _at_epoch(trial.epoch, trial.last), number(trial.value, self._metric)
        return ", ".join(part for part in told if part)

    def _outcome(self, trial: SearchTrial) -> str:
        value = number(trial.value, self._metric) or "no value"
        if trial.state == "complete":
            return value
        of = f" of {trial.last}" if trial.last > 1 else ""
        after = f" after epoch {trial.epoch}{of}" if max(trial.epoch, trial.last) > 1 else ""
        return f"{trial.state}{after}, {value}"


def _at_epoch(finished: int, last: int) -> str:
    """Says at which epoch a training is; nothing of one that is a single epoch."""
    if last > 1:
        return f"epoch {finished + 1} of {last}"
    return f"epoch {finished + 1}" if finished > 1 else ""


def progress_bar(name: str, done: int, total: int) -> ProgressBar:
    """Returns a bar that says how many of some things are done."""
    text = TextColumn(name, style="bold", markup=False)
    bar = ProgressBar(text, BarColumn(), MofNCompleteColumn(), TaskProgressColumn(), expand=False)
    bar.add_task("", total=total, completed=done)
    return bar
