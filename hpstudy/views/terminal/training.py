"""One training on stderr as it goes: a table on a terminal, else a line an epoch."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from hpstudy.metric import Metric, direction_of
from hpstudy.objective import Step
from hpstudy.store.records import Epoch
from hpstudy.views.tables.training import epoch_told, epochs_table, metric_of
from hpstudy.views.terminal.live import progress_bar
from hpstudy.views.terminal.render import rich_table
from hpstudy.wording import counted, duration, number

_MOST_ROWS = 12  # of the table, as it goes
_ACCURACY = Metric.named("accuracy", direction_of(minimize=False))


class LiveTraining:
    """Shows a training for the block.

    Args:
        label: What is trained.
        last: Its last epoch.
        metric: The metric that is compared.
        console: A console on stderr.
    """

    def __init__(self, label: str, last: int, metric: str, console: Console) -> None:
        self._label = label
        self._last = last
        self._metric = Metric.named(metric, direction_of(minimize=False))
        self._console = console
        self._epochs: list[Epoch] = []
        self._again = self._step = ""
        self._since = time.monotonic()
        self._live = Live(
            console=console, transient=True, get_renderable=self._picture, refresh_per_second=4
        )

    def __enter__(self) -> Self:
        self.say(self._label)
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._live.stop()

    def say(self, line: str) -> None:
        """Shows a line, above the table."""
        self._console.print(Text.from_ansi(line), soft_wrap=True)

    def epoch(self, epoch: Epoch, *, is_new: bool) -> None:
        """Shows an epoch; one that is not new was recorded before."""
        self._since = time.monotonic()
        self._epochs = [*self._epochs, epoch]  # the table is drawn by a thread of its own
        if epoch.number == self._last:
            self._step = ""
        self._metric = metric_of(self._metric.name, self._epochs, self._metric)
        if is_new and not self._console.is_terminal:
            told = epoch_told(epoch, self._metric)
            self._console.print(
                f"epoch {epoch.number}/{self._last}: {told}", highlight=False, soft_wrap=True
            )

    def step(self, step: Step) -> None:
        """Shows the latest step of the running epoch."""
        accuracy = number(step.accuracy, _ACCURACY)
        self._step = f"loss {step.loss:.4f}, accuracy {accuracy} at {step.seen:,} examples"

    def again(self, count: int) -> None:
        """Shows how many epochs were trained again so far, as their state was gone."""
        self._since = time.monotonic()
        self._again = f"{counted(count, 'epoch')} trained again, as their state is gone"

    def _picture(self) -> RenderableType:
        """Returns the latest epochs, and how far it is."""
        epochs = self._epochs
        found = epochs_table(epochs[-_MOST_ROWS:], self._metric) if epochs else None
        parts = [] if found is None else [rich_table(found)]
        spent = time.monotonic() - self._since
        if len(epochs) < self._last:
            told = f"epoch {len(epochs) + 1} of {self._last}, {duration(spent)} so far"
            usual = epochs[-1].metrics.get("wall_seconds") if epochs else None
            if usual is not None:
                left = usual * (self._last - len(epochs)) - spent
                told += f" of about {duration(usual)}; {duration(max(left, 0))} left"
        else:
            told = self._again or "saving the model"
        bar = progress_bar("epochs", len(epochs), self._last)
        lines = [Text(told, style="dim"), *([Text(self._step)] if self._step else [])]
        return Group(*parts, bar, *lines)
