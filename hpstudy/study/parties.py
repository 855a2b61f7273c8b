"""Who is compared: two settings of a study, or two studies' baselines, and the looks at them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hpstudy.errors import UserError
from hpstudy.expected import shown
from hpstudy.files import shown as shown_path
from hpstudy.objective import Objective, Runtime
from hpstudy.plans.grid import grid_of, parse_seeds
from hpstudy.results.comparison import FIRST_COMPARING_SEED
from hpstudy.results.looks import Announcement, announced
from hpstudy.sampler import Level, Point
from hpstudy.seeds import MOST_SEEDS
from hpstudy.store.database import Database
from hpstudy.store.studies import compare_name, find_study
from hpstudy.study.announcing import is_same_margin, margin_of
from hpstudy.study.opened import Opened, check_name
from hpstudy.study.planning import Machine, runtime_of
from hpstudy.study.reading import read_summary
from hpstudy.studyfile.changed import compared, parse_changes, with_changes
from hpstudy.studyfile.values import is_same
from hpstudy.wording import setting


class SameError(UserError):
    """What a study says to use is its baseline: there is nothing to compare it with."""

    exit_code = 1


@dataclass(frozen=True)
class Party:
    """A setting that is compared.

    Attributes:
        name: What it is called.
        opened: Its study, whose grid says metric and validation data.
        objective: What is trained.
        runtime: How.
        setting: The setting.
        study: The name of the Optuna study that its trainings are in.
    """

    name: str
    opened: Opened
    objective: Objective
    runtime: Runtime
    setting: Point
    study: str


@dataclass(frozen=True)
class Contest:
    """What is to be compared, as announced.

    Attributes:
        baseline: The baseline.
        other: What is compared with it.
        announced: The looks.
    """

    baseline: Party
    other: Party
    announced: Announcement

    @property
    def name(self) -> str:
        """What it is called in the database."""
        studies = {party.study: None for party in self.parties}
        return next(iter(studies)) if len(studies) == 1 else self.baseline.opened.name

    @property
    def opened(self) -> list[Opened]:
        """The study, or both."""
        parties = self.parties if self.baseline.study != self.other.study else [self.baseline]
        return [party.opened for party in parties]

    @property
    def changes(self) -> Point | None:
        """What is changed of the baseline; None between two studies."""
        if len(self.opened) > 1:
            return None
        base = self.baseline.setting
        return {name: value for name, value in self.other.setting.items() if value != base[name]}

    @property
    def parties(self) -> tuple[Party, Party]:
        """Both of them, the baseline first."""
        return self.baseline, self.other


@dataclass(frozen=True)
class Asked:
    """What is asked of a comparison, as given.

    Attributes:
        changes: What B changes of the baseline, such as "lr=0.003".
        best: "best" where that is what the study says to use.
        until: The margin; the file's where None.
        looks: After how many seeds to look; the file's where None.
        seeds: The seeds; the first ones where None.
        name: What two studies are called together.
    """

    changes: tuple[str, ...] = ()
    best: str | None = None
    until: str | None = None
    looks: str | None = None
    seeds: str | None = None
    name: str | None = None


def contest_of(
    opened: Sequence[Opened], asked: Asked, reader: Database | None, machine: Machine
) -> Contest:
    """Returns what is to be compared.

    Args:
        opened: The study, or both.
        asked: What is asked.
        reader: The database; None where there is none yet.
        machine: What trainings are to run on.

    Raises:
        UserError: There is nothing to compare, or it is asked for otherwise than it was announced.
        SameError: What the study says to use is its baseline.
    """
    if len(opened) > 2:
        raise UserError(f"expected one study or two, found {len(opened)}")
    if len(opened) == 2:
        if asked.changes or asked.best:
            given = [*asked.changes, "--from"][0]
            raise UserError(f"{given}: goes with one study, and its baseline; found two studies")
        parties = between_studies(opened[0], opened[1], asked.name, reader, machine)
    else:
        changes = _changes(opened[0], asked, reader)
        parties = between_settings(opened[0], changes, reader, machine)
    return Contest(*parties, announcement(parties, reader, asked))


def _changes(opened: Opened, asked: Asked, reader: Database | None) -> dict[str, Level]:
    if asked.best is None and not asked.changes:
        raise UserError("missing: what B changes of the baseline, such as lr=0.003, or --from best")
    if asked.best is None:
        return parse_changes(opened.file, asked.changes)
    if asked.best != "best" or asked.changes:
        found = asked.best if asked.best != "best" else asked.changes[0]
        raise UserError(f"--from: expected best, and nothing else, found {shown(found)}")
    answer = read_summary(opened, reader).answer
    if answer is None:
        raise UserError(f"--from best: study {opened.name!r} has no answer yet")
    base = opened.file.full_baseline()
    if alone := [name for name in answer.params if name not in base]:
        example = shown(answer.params[alone[0]])
        raise UserError(
            f"--from best: it has {alone[0]}, which [baseline] lacks: add {alone[0]} = {example}; "
            "where its condition doesn't hold it counts for nothing"
        )
    changes = {k: v for k, v in answer.params.items() if not is_same(v, base.get(k, v))}
    if not changes:
        raise SameError(f"{answer.headline} That is the baseline: there is nothing to compare.")
    return changes


def between_settings(
    opened: Opened, changes: Mapping[str, Level], reader: Database | None, machine: Machine
) -> tuple[Party, Party]:
    """Returns a study's baseline, and the same with a few values changed.

    Args:
        opened: The study.
        changes: The values.
        reader: The database; None where there is none yet.
        machine: What trainings are to run on.

    Raises:
        UserError: There is no such setting.
    """
    file = opened.file
    changed = {k: v for k, v in changes.items() if not is_same(v, file.baseline_of(k))}
    if not changed:
        given = ", ".join(f"{name}={value}" for name, value in changes.items())
        raise UserError(f"{given}: expected something else than the baseline, found its own value")
    varied = Opened(**vars(opened) | {"file": with_changes(file, changed)})
    first, second = compared(varied.file)
    changed = {name: second[name] for name in first if second[name] != first[name]}
    objective = opened.objective()
    study = compare_name(opened.name, changed)
    runtime = runtime_of(opened, objective, reader, machine, study)
    baseline = Party("baseline", varied, objective, runtime, first, study)
    return baseline, replace(baseline, name=setting(changed), setting=second)


def between_studies(
    first: Opened, second: Opened, name: str | None, reader: Database | None, machine: Machine
) -> tuple[Party, Party]:
    """Returns two studies' baselines.

    Args:
        first: The study whose baseline the other's is compared with.
        second: The other study.
        name: What both together are called; after both of them where None.
        reader: The database; None where there is none yet.
        machine: What trainings are to run on.

    Raises:
        UserError: They don't measure the same.
    """
    if first.path == second.path:
        raise UserError(f"expected two studies, found {shown_path(first.path)} twice")
    together = name_together([first, second], name)
    parties = []
    for opened, side in ((first, "A"), (second, "B")):
        made = Opened(**vars(opened) | {"file": with_changes(opened.file, {}), "name": together})
        objective, study = opened.objective(), f"{together}/{side}"
        runtime = runtime_of(opened, objective, reader, machine, study)
        baseline, _ = compared(made.file)
        parties.append(Party(opened.name, made, objective, runtime, baseline, study))
    grids = [grid_of(party.opened.file) for party in parties]
    for what in ("metric", "direction", "metric_epochs"):
        found = [f"{getattr(grid, what)}" for grid in grids]
        if found[0] != found[1]:
            raise UserError(
                f"expected one {what} of both studies, found {found[0]} in {first.path.name} and "
                f"{found[1]} in {second.path.name}"
            )
    if parties[0].name == parties[1].name:
        parties = [replace(party, name=shown_path(party.opened.path)) for party in parties]
    return parties[0], parties[1]


def name_together(opened: Sequence[Opened], name: str | None) -> str:
    """Returns what a study is called in the database, or two that are compared."""
    if len(opened) == 1:
        return opened[0].name
    return check_name(name or " vs ".join(one.name for one in opened))


def announcement(
    parties: tuple[Party, Party], reader: Database | None, asked: Asked
) -> Announcement:
    """Returns the looks as they were announced, or are to be: what is left out is as begun.

    What was chosen by its values gets fresh seeds: those flatter it.

    Args:
        parties: What is compared.
        reader: The database; None where there is none yet.
        asked: What is asked.

    Raises:
        UserError: Looks, seeds or margin are none.
    """
    study = None if reader is None else find_study(parties[0].study, reader)
    begun = None if study is None else announced(study)
    file = parties[0].opened.file
    grid = grid_of(file)
    metric = file.measured(grid.metric, grid.direction)
    margin, in_points = grid.equal_within, False
    if asked.until is not None:
        margin, in_points = margin_of(asked.until, metric)
    elif begun is not None:
        margin, in_points = begun.margin, begun.in_points
    counts = tuple(grid.looks if begun is None else begun.counts)
    if asked.looks is not None:
        counts = _counts(asked.looks)
    known = begun.seeds if begun is not None and begun.counts == counts else ()
    first = FIRST_COMPARING_SEED if asked.best else 0
    seeds = known or tuple(range(first, first + counts[-1]))
    if asked.seeds is not None:
        seeds = tuple(parse_seeds(asked.seeds))
    if len(seeds) < counts[-1]:
        raise UserError(
            f"--seeds: expected {counts[-1]} or more, as the last look is after so many, found "
            f"{len(seeds)}"
        )
    spreads = grid.spreads if begun is None else begun.spreads
    looks = Announcement(counts, seeds[: counts[-1]], margin, in_points, spreads=spreads)
    if begun is not None and is_same_margin(looks, begun, metric):
        return replace(looks, margin=begun.margin, in_points=begun.in_points)
    return looks


def _counts(text: str) -> tuple[int, ...]:
    """Reads `--looks`."""
    parts = [part.strip() for part in text.split(",")]
    counts = tuple(int(part) for part in parts if re.fullmatch("[0-9]{1,6}", part))
    is_rising = counts == tuple(sorted({*counts}))
    if len(counts) < len(parts) or not is_rising or not 2 <= counts[0] <= counts[-1] <= MOST_SEEDS:
        raise UserError(
            "--looks: expected numbers of seeds from 2 that rise, such as 3,5,8, found "
            f"{shown(text)}"
        )
    return counts
