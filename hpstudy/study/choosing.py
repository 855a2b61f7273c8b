"""Which setting is trained: the baseline, a change of it, or what the study says to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.objective import Objective
from hpstudy.plans.training import Choice, baseline_of, changes_of, confirming
from hpstudy.running.output import Say
from hpstudy.sampler import Level
from hpstudy.store.database import Database
from hpstudy.study.opened import Opened
from hpstudy.study.planning import Machine
from hpstudy.study.reading import read_summary


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be trained, as given.

    Attributes:
        changes: What is changed of it, such as "lr=0.003".
        best: "best" where that is what the study says to use; the baseline where None.
        seed: The replicate; 0, or of a confirmed winner its first fresh one, where None.
        machine: What it is to run on.
    """

    changes: tuple[str, ...] = ()
    best: str | None = None
    seed: int | None = None
    machine: Machine


def chosen(
    opened: Opened, objective: Objective, asked: Asked, reader: Database | None, say: Say
) -> Choice:
    """Returns what is to be trained.

    Args:
        opened: The study.
        objective: What it trains.
        asked: What is asked for.
        reader: The database; None where there is none yet.
        say: Says what the study says to use.

    Raises:
        UserError: There is no such setting, or the study has no answer.
    """
    changes = changes_of(opened.file, asked.changes, objective.default_params)
    choice = (
        baseline_of(opened.file, changes)
        if asked.best is None
        else _best(opened, asked.best, changes, reader, say)
    )
    return choice if asked.seed is None else replace(choice, seed=asked.seed)


def _best(
    opened: Opened, best: str, changes: Mapping[str, Level], reader: Database | None, say: Say
) -> Choice:
    """Returns what a study says to use, with some changes, as it was trained for that.

    Of a winner that was confirmed, the seed is the first fresh one: the best would flatter it.
    """
    if best != "best":
        raise UserError(f"--from: expected best, found {shown(best)}")
    summary = read_summary(opened, reader)
    if (answer := summary.answer) is None:
        raise UserError(f"--from best: study {opened.name!r} has no answer yet")
    say(f"{answer.headline} {answer.why}")
    setting = {**answer.params, **changes}
    won = None if summary.search is None else summary.search.confirmed
    if won is None or (opened.file.grid is not None and answer.params != won.params):
        return baseline_of(opened.file, setting)
    return replace(confirming(opened.file, setting), seed=min(won.seeds, default=0))
