"""What a trained network reads in the test examples, and where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hpstudy.objective.shown import name_of, thing_of
from hpstudy.results.grid import GridResults
from hpstudy.results.search import SearchResults
from hpstudy.store.database import Database
from hpstudy.store.records import Records
from hpstudy.store.trials import epoch_of, training_of
from hpstudy.wording import setting


@dataclass(frozen=True)
class Network:
    """A trained network, by its training and an epoch of it.

    Attributes:
        label: What it is, such as "lr 0.001, seed 0" or "trial 31".
        key: The key of its training.
        epoch: The epoch that it stands at.
    """

    label: str
    key: str
    epoch: int


@dataclass(frozen=True)
class Reading:
    """The classes that a network reads in the test examples.

    Attributes:
        network: The network.
        labels: The classes that the examples show, from 0.
        predicted: The classes that it reads, in the same order.
        classes: How many classes there are.
        names: What they are called, from class 0; their numbers where there are none.
    """

    network: Network
    labels: tuple[int, ...]
    predicted: tuple[int, ...]
    classes: int
    names: tuple[str, ...] = ()

    @property
    def thing(self) -> str:
        """What an example is: a digit, or an image of anything else."""
        return thing_of(self.names)

    def name(self, label: int) -> str:
        """Returns what a class is called."""
        return name_of(label, self.names)

    @property
    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """How often each class (row) is read as each class (column)."""
        counts = [[0] * self.classes for _ in range(self.classes)]
        for label, read in zip(self.labels, self.predicted, strict=True):
            counts[label][read] += 1
        return tuple(tuple(row) for row in counts)

    @property
    def mistakes(self) -> tuple[int, ...]:
        """The indices of the examples that it reads wrongly."""
        pairs = zip(self.labels, self.predicted, strict=True)
        return tuple(i for i, (label, read) in enumerate(pairs) if label != read)


def best_of_grid(grid: GridResults) -> Network | None:
    """Returns the level with the best mean, at its first seed: its luckiest would flatter it."""
    rows = [(f.name, row) for f in grid.factors for row in f.levels if row.runs]
    best = grid.metric.best(rows, lambda found: found[1].average or 0.0)
    if best is None:
        return None
    factor, row = best
    run = row.runs[0]
    return Network(f"{setting({factor: row.level})}, seed {run.seed}", run.key, len(run.epochs))


def best_of_search(search: SearchResults) -> Network | None:
    """Returns the search's best trial at its last epoch."""
    best = search.best
    key = training_of(best) if best is not None else None
    if best is None or key is None:
        return None
    return Network(f"trial {best.number}", key, epoch_of(best))


def read_predictions(
    network: Network, labels: Sequence[int], database: Database, names: Sequence[str] = ()
) -> Reading | None:
    """Reads a network's recorded predictions.

    Args:
        network: The network.
        labels: The classes that the test examples show, from 0 to the highest. A training on
            fewer test examples has the first so many.
        database: The database.
        names: What the classes are called, if they have names.

    Returns:
        The reading, or None where the objective records no predictions, or none that can be
        classes of these examples.
    """
    recorded = Records(database.engine).predictions(network.key, network.epoch)
    return reading_of(network, labels, recorded, names)


def reading_of(
    network: Network, labels: Sequence[int], recorded: bytes | None, names: Sequence[str] = ()
) -> Reading | None:
    """Returns what a network reads, of its recorded predictions; the arguments are as above."""
    classes = max(int(max(labels, default=-1)) + 1, len(names))
    if not recorded or len(recorded) > len(labels) or max(recorded) >= classes:
        return None
    shown = tuple(int(label) for label in labels[: len(recorded)])
    return Reading(network, shown, tuple(recorded), classes, tuple(names))
