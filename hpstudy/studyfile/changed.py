"""A study file's baseline with a few values changed, checked as a factor's levels are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, shown
from hpstudy.sampler import Level, Point
from hpstudy.studyfile.file import PRECISION, StudyFile
from hpstudy.studyfile.find import first_line


def parse_changes(study: StudyFile, changes: Sequence[str]) -> dict[str, Level]:
    """Reads changes such as "lr=0.003": each of the kind that the baseline's value has.

    Raises:
        UserError: One names no hyperparameter or setting, or no such value.
    """
    found: dict[str, Level] = {}
    for change in changes:
        name, _, text = (part.strip() for part in change.partition("="))
        known = [*study.baseline, *study.settings, PRECISION]
        if name not in known:
            raise UserError(
                f"{shown(change)}: expected a key of [baseline] or [settings] "
                f"({', '.join(known)}){did_you_mean(name, known)}"
            )
        if name in found:
            raise UserError(f"{shown(change)}: expected one value of {name}, found another as well")
        found[name] = _value(name, text, study.baseline_of(name))
    return found


def _value(name: str, text: str, base: Level) -> Level:
    if isinstance(base, str):
        return text
    like = f"as the baseline's {shown(base)}, found {shown(text)}"
    if isinstance(base, bool):
        if text.lower() not in ("true", "false"):
            raise UserError(f"{name}: expected true or false, {like}")
        return text.lower() == "true"
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{name}: expected a number, {like}")
    if number.is_integer() and isinstance(base, int):
        try:
            return int(text)
        except ValueError:  # 1e3
            return int(number)
    return number


def with_changes(study: StudyFile, changes: Mapping[str, Level]) -> StudyFile:
    """Returns a study file whose grid varies what is changed, and nothing else.

    Each of its factors has two levels, the baseline's value and the other. Metric and validation
    data are those of the grid; without one, a search's winner is confirmed so.

    Args:
        study: The study file.
        changes: Values of hyperparameters, settings or the precision; where they are none, the
            grid has a factor of one level.

    Raises:
        UserError: A value is none that a factor could have.
    """
    first = next(iter(study.baseline))
    factors = {name: [study.baseline_of(name), value] for name, value in changes.items()}
    section = _section(study) | {"factors": factors or {first: [study.baseline[first]]}}
    program = {"command", *({"flags", "version", "output"} if study.command else ())}
    same = {"title", "objective", *program, "imported", "fidelity", "settings", "baseline"}
    metrics = {name: one.model_dump() for name, one in study.metrics.items()}
    told = {name: unit for name, unit in metrics.items() if name == section["metric"]}
    try:
        return StudyFile.model_validate(
            {**study.model_dump(include=same), "grid": section, "metrics": told}
        )
    except ValidationError as error:
        said = first_line(error)
        raise UserError(said.removeprefix("grid.factors.").removeprefix("baseline.")) from error


def _section(study: StudyFile) -> dict[str, object]:
    if study.grid is not None:
        return study.grid.model_dump(exclude={"factors", "targets"})
    if (search := study.search) is None:
        raise UserError(
            f"study {study.title!r} has neither [grid] nor [search]: expected one that names the "
            "metric"
        )
    return {
        "metric": search.confirming_metric,
        "direction": search.confirming_direction,
        "metric_epochs": search.metric_epochs,
        "spreads": search.spreads,
        "trial_timeout": search.trial_timeout,
    }


def with_timeout(study: StudyFile, seconds: float | None) -> StudyFile:
    """Returns a study file whose trials are ended after so long; None for never."""
    limit = {"trial_timeout": seconds}
    sections = {"grid": study.grid, "search": study.search}
    return study.model_copy(
        update={
            name: section.model_copy(update=limit)
            for name, section in sections.items()
            if section is not None
        }
    )


def compared(study: StudyFile) -> tuple[Point, Point]:
    """Returns the two settings of a study file that `with_changes` made: the baseline first."""
    assert study.grid is not None  # as it was made so
    base = study.full_baseline()
    return base, {**base, **{name: levels[-1] for name, levels in study.grid.factors.items()}}
