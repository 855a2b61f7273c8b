"""How a search's confirmation goes: which settings are trained on which fresh seeds.

The best observed of many noisy values flatters itself. So the best settings and the baseline are
trained again on all the training data, and the one with the best mean over two fresh seeds is the
winner; it goes on beside the baseline, look by look, and what chose it is paid for. Where the study
file wants finalists held out, and in confirmations of earlier versions, the winner is chosen apart:
on seeds of its own, with the search's validation data held out, by the search's metric.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from optuna import Study

from hpstudy.results.looks import Announcement, announced
from hpstudy.sampler import SEED, Point
from hpstudy.store.studies import seeds_of, trials_of
from hpstudy.store.trials import point_key
from hpstudy.studyfile.file import VALIDATION  # tells the two rounds of a choice apart

# Seeds from here on are kept fresh for the winner, then for choosing it apart.
FIRST_CONFIRMING_SEED = 100
FIRST_CHOOSING_SEED = 200
CHOOSING = 2  # how many seeds the finalists get


@dataclass(frozen=True)
class Design:
    """How a confirmation goes.

    Attributes:
        looks: After how many seeds the winner is compared, as announced; None for one of an
            earlier version, which had a fixed number.
        is_apart: Whether the winner is chosen on seeds of its own, with data held out.
        asked: The fresh seeds that were asked for so far.
    """

    looks: Announcement | None
    is_apart: bool
    asked: tuple[int, ...] = ()

    @property
    def choosing(self) -> tuple[int, ...]:
        """The seeds that the winner is chosen on."""
        if not self.is_apart:
            return () if self.looks is None else self.looks.seeds[:CHOOSING]
        begun = tuple(seed for seed in self.asked if seed in choosing_seeds(100))
        return begun or tuple(choosing_seeds(CHOOSING))

    @property
    def confirming(self) -> tuple[int, ...]:
        """The seeds of winner and baseline that were asked for so far."""
        return tuple(seed for seed in self.asked if seed in confirming_seeds(100))


def design_of(study: Study | None, *, held_out: bool) -> Design:
    """Returns how a confirmation goes: as it has begun, else as the study file wants it.

    Args:
        study: The confirmation's Optuna study; None before it has begun.
        held_out: Whether the study file wants finalists with data held out.
    """
    if study is None:
        return Design(None, held_out)
    trained = {t.params[SEED] for t in trials_of(study) if SEED in t.params}
    asked = tuple(sorted({*seeds_of(study), *trained}))
    is_apart = any(seed in choosing_seeds(100) for seed in asked) if asked else held_out
    return Design(announced(study), is_apart, asked)


def confirming_seeds(count: int) -> range:
    """Returns the seeds on which the winner and the baseline are trained."""
    return range(FIRST_CONFIRMING_SEED, FIRST_CONFIRMING_SEED + count)


def choosing_seeds(count: int) -> range:
    """Returns the seeds on which the finalists are trained."""
    return range(FIRST_CHOOSING_SEED, FIRST_CHOOSING_SEED + count)


def points(settings: Iterable[Point], validation: int, seeds: Iterable[int]) -> list[Point]:
    """Returns the points of some settings, each once, on some seeds.

    Args:
        settings: The settings, all hyperparameters named.
        validation: Images (or rows) held out of training.
        seeds: The seeds.
    """
    distinct = {point_key(setting): setting for setting in settings}.values()
    replicates = list(seeds)
    return [{**s, VALIDATION: validation, SEED: seed} for s in distinct for seed in replicates]
