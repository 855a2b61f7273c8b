"""A study that trains one setting and saves what it has learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hpstudy.sampler import Level
from hpstudy.store.connections import connections
from hpstudy.study.growing import Growing
from hpstudy.study.planning import Machine

if TYPE_CHECKING:
    from hpstudy.study.training import TrainedModel, View


class Learning(Growing):
    """A study whose settings can be had as models."""

    def train(
        self,
        changes: Mapping[str, Level] | None = None,
        *,
        best: bool = False,
        seed: int | None = None,
        threads: int = 1,
        device: str = "auto",
        precision: str = "auto",
        quiet: bool = False,
    ) -> TrainedModel:
        """Trains what is missing of one setting, and saves the model with a card and a page.

        Args:
            changes: What is changed of the baseline, by name.
            best: Whether it is what the study says to use, instead of the baseline.
            seed: The seed; 0, or of a confirmed winner its first fresh one, where None.
            threads: Threads of the training; part of what a result depends on.
            device: Where it trains: "auto", "cpu", "cuda" or "mps".
            precision: "fp32", "bf16", or "auto": "bf16" where the hardware computes in it.
            quiet: Whether to say nothing on stderr.

        Returns:
            The model: its `card`, `file` and `page`.

        Raises:
            UserError: An option is wrong, it diverged or raised, or leaves nothing to save.
        """
        from hpstudy.study.choosing import Asked
        from hpstudy.study.training import train

        asked = Asked(
            changes=tuple(f"{name}={value}" for name, value in (changes or {}).items()),
            best="best" if best else None,
            seed=seed,
            machine=Machine(device, precision, threads),
        )
        objective = self._sendable()
        self._write()
        with connections(self.runs) as database:
            return train(self._named(), objective, database, asked, _Told(is_quiet=quiet))


class _Told:
    """Tells a training on stderr, or nothing of it."""

    def __init__(self, *, is_quiet: bool) -> None:
        from hpstudy.views.terminal.consoles import plain_console

        self._console = plain_console(stderr=True)
        self._console.quiet = is_quiet

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True)

    @contextmanager
    def training(self, label: str, last: int, metric: str) -> Iterator[View]:
        from hpstudy.views.terminal.training import LiveTraining

        with LiveTraining(label, last, metric, self._console) as view:
            yield view
