"""What a study file says, checked: objective, baseline, factors, space, figures, claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field, field_validator, model_validator

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, listed, shown
from hpstudy.metric import Direction, Metric
from hpstudy.objective import PRECISIONS, Command
from hpstudy.objective.command import Flags
from hpstudy.objective.targets import is_module_and_name, near_objective
from hpstudy.sampler import SEED, Level, Point
from hpstudy.studyfile.margins import check_margins
from hpstudy.studyfile.programs import Arguments, Printed, check_program, command_of
from hpstudy.studyfile.sections import Claim, Grid, Measure, Published, Search, Section
from hpstudy.studyfile.space import check_space, is_active
from hpstudy.studyfile.values import (
    Count,
    OneLevel,
    Setting,
    Text,
    as_level,
    distinct,
    is_same,
    names_level,
    one_type,
)

PRECISION = "precision"
VALIDATION = "validation"
_KINDS = {bool: "true or false", int: "whole numbers", float: "numbers", str: "text"}


class StudyFile(Section):
    """A study file, checked. Numbers of one factor have one type, the baseline's included."""

    title: Text = Field(description="the study in a few words")
    objective: Text | None = Field(
        None, description="module:name of a Training class or a function"
    )
    command: Arguments | None = Field(None, description="a program, in place of an objective")
    flags: Flags = Field("hyphen", description="how ${args} spells names: hyphen or underscore")
    version: Count = Field(1, description="of the program; raised when its numbers change")
    output: Printed = Field(default_factory=Printed, description="where its metrics are")
    imported: Text | None = Field(
        None, description="where results come from that hpstudy did not measure"
    )
    fidelity: str | None = Field(
        None, description="the hyperparameter that only says how long to train"
    )
    settings: dict[str, Setting] = Field(
        default_factory=dict, description="passed to the objective, the same for all trials"
    )
    baseline: dict[str, OneLevel] = Field(
        min_length=1, description="the setting that all factors but one are held at"
    )
    grid: Grid | None = Field(None, description="the one-factor grid")
    search: Search | None = Field(None, description="the search")
    metrics: dict[str, Measure] = Field(
        default_factory=dict, description="the unit of a metric, where its values don't tell it"
    )
    published: Published = Field(
        default_factory=Published, description="figures printed elsewhere, by factor and level"
    )
    claims: list[Claim] = Field(default_factory=list, description="sentences to check")

    @field_validator("objective")
    @classmethod
    def _module_and_name(cls, value: str | None) -> str | None:
        if value is not None and not is_module_and_name(value):
            raise ValueError(
                "expected module:name of a function or a Training class, such as "
                f"{near_objective(value)!r}"
            )
        return value

    @field_validator("settings")
    @classmethod
    def _without_validation(cls, value: dict[str, Setting]) -> dict[str, Setting]:
        if VALIDATION in value:
            raise ValueError("validation stands in [grid] and [search], not here")
        return value

    @field_validator("baseline")
    @classmethod
    def _named(cls, value: dict[str, Level]) -> dict[str, Level]:
        for name in value:
            if not name or not name.isprintable():
                raise ValueError(f"expected hyperparameters with a name, found {name!r}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> StudyFile:
        check_program(self)
        if SEED in self.baseline:
            raise ValueError("baseline.seed: seeds are given in grid.seeds, not as a value")
        if self.baseline.get(PRECISION, PRECISIONS[0]) not in PRECISIONS:
            raise ValueError(
                f"baseline.{PRECISION}: expected {listed(PRECISIONS)}, as this name is the "
                f"precision of trainings, found {shown(self.baseline[PRECISION])}"
            )
        if self.fidelity is not None and self.fidelity not in self.baseline:
            raise ValueError(
                f"fidelity: expected a key of [baseline] ({', '.join(self.baseline)}), "
                f"found {self.fidelity!r}{did_you_mean(self.fidelity, list(self.baseline))}"
            )
        if self.grid is not None:
            for name, levels in self.grid.factors.items():
                self._check_factor(name, levels)
            self._check_published(self.grid.factors)
            for number, claim in enumerate(self.claims, 1):
                self._check_claim(number, claim, self.grid.factors)
        self._check_fidelity()
        self._check_metric_epochs()
        if self.search is not None:
            if VALIDATION in self.baseline:
                raise ValueError(
                    f"baseline.{VALIDATION}: the search's confirmation sets what this names; the "
                    "hyperparameter needs another name"
                )
            check_space(self)
        self._check_metrics()
        check_margins(self)
        return self

    def _check_factor(self, name: str, levels: list[Any]) -> None:
        where = f"grid.factors.{name}"
        if name == SEED:
            raise ValueError(f"{where}: seeds are given in grid.seeds, not as a factor")
        if name not in self.baseline and name not in self.settings and name != PRECISION:
            known = [*self.baseline, *self.settings, PRECISION]
            raise ValueError(
                f"{where}: expected a key of [baseline] or [settings] ({', '.join(known)})"
                f"{did_you_mean(name, known)}"
            )
        base = self._level_of(name)
        alike = one_type([*levels, base])
        if alike is None:
            kinds = [_KINDS[kind] for kind in dict.fromkeys(type(v) for v in [*levels, base])]
            raise ValueError(
                f"{where}: expected levels and baseline of one kind, found {listed(kinds, 'and')} "
                f"in {shown(levels)} with baseline {shown(base)}"
            )
        levels[:], base = alike[:-1], alike[-1]
        if name in self.baseline:
            self.baseline[name] = base
        if name == PRECISION and not set(levels) <= set(PRECISIONS):
            raise ValueError(f"{where}: expected {listed(PRECISIONS)}, found {shown(levels)}")
        try:
            distinct(levels)
        except ValueError as error:
            raise ValueError(f"{where}: {error}, found {shown(levels)}") from error
        if base not in levels:
            home = "settings" if name in self.settings else "baseline"
            raise ValueError(
                f"{where}: expected the baseline's own value {shown(base)} ({home}.{name}) among "
                f"the levels, found {shown(levels)}"
            )

    def _level_of(self, factor: str) -> Level:
        """Returns a factor's baseline value, if it may be a level: a setting may be a list."""
        try:
            return as_level(self.baseline_of(factor))
        except ValueError as error:
            found = shown(self.settings[factor])
            raise ValueError(
                f"settings.{factor}: {error}, as it is a factor of the grid, found {found}"
            ) from error

    def _check_published(self, factors: Mapping[str, Sequence[Level]]) -> None:
        for name, figures in self.published.factors.items():
            if name not in factors:
                raise ValueError(
                    f"published.{name}: expected a factor of [grid.factors] ({', '.join(factors)})"
                    f"{did_you_mean(name, list(factors))}"
                )
            named: dict[Level, str] = {}
            for key in figures:
                level = next((v for v in factors[name] if names_level(key, v)), None)
                if level is None:
                    raise ValueError(
                        f"published.{name}.{key}: expected one of its levels {shown(factors[name])}"
                    )
                if named.setdefault(level, key) != key:
                    raise ValueError(
                        f"published.{name}.{key}: expected one figure a level, found another as "
                        f"{named[level]!r}"
                    )

    def _check_claim(
        self, number: int, claim: Claim, factors: Mapping[str, Sequence[Level]]
    ) -> None:
        if claim.factor not in factors:
            raise ValueError(
                f"claims[{number}].factor: expected a factor of [grid.factors] "
                f"({', '.join(factors)}), found {claim.factor!r}"
                f"{did_you_mean(claim.factor, list(factors))}"
            )
        for level in claim.levels():
            levels = factors[claim.factor]
            if not any(is_same(level, known) for known in levels):
                raise ValueError(
                    f"claims[{number}].level: expected one of {shown(levels)}, found {shown(level)}"
                )

    def _check_fidelity(self) -> None:
        if self.fidelity is None:
            return
        values = [self.baseline[self.fidelity]]
        if self.grid is not None:
            values += self.grid.factors.get(self.fidelity, [])
        for value in values:
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"baseline.{self.fidelity}: the fidelity expects whole numbers from 1, "
                    f"found {shown(value)}"
                )

    def _check_metric_epochs(self) -> None:
        for name, section in (("grid", self.grid), ("search", self.search)):
            if self.fidelity is None and section is not None and section.metric_epochs > 1:
                raise ValueError(
                    f"{name}.metric_epochs: expected fidelity beside it, as only a training that "
                    "goes on epoch by epoch has last epochs"
                )

    def _check_metrics(self) -> None:
        compared = [*self.compared.values()]
        for name in self.metrics:
            if name not in compared:
                raise ValueError(
                    f"metrics.{name}: expected a metric that is compared "
                    f"({', '.join(dict.fromkeys(compared))}){did_you_mean(name, compared)}"
                )

    @property
    def compared(self) -> dict[str, str]:
        """The metrics that are compared, by the key that says so."""
        found = {"grid.metric": self.grid.metric} if self.grid is not None else {}
        if self.search is not None:
            found["search.metric"] = self.search.metric
            found["search.confirm_metric"] = self.search.confirming_metric
        return found

    def measured(
        self, name: str, direction: Direction, values: Iterable[float] = (), *, epochs: int = 1
    ) -> Metric:
        """Returns a metric with the unit that the file says, or else that its values tell.

        Args:
            name: The metric's name.
            direction: Which direction of it is better.
            values: All of its values that are known.
            epochs: Over how many last epochs a training's value is the mean.
        """
        told = self.metrics.get(name)
        metric = Metric.named(name, direction, told.unit if told is not None else None)
        return replace(metric.seeing(values), epochs=epochs)

    @property
    def trains(self) -> bool:
        """Whether it names what to train: one that was imported may not yet."""
        return self.objective is not None or self.command is not None

    def trained(self) -> str | Command:
        """Returns what the study trains, "module:name" or a program.

        Raises:
            UserError: It was imported, and names nothing yet.
        """
        if self.command is not None:
            return command_of(self)
        if self.objective is None:
            raise UserError(
                f"study {self.title!r} was imported from {self.imported} and names no objective: "
                'add the line objective = "module:name", the function or Training class to train'
            )
        return self.objective

    def baseline_of(self, factor: str) -> Level:
        """Returns a factor's baseline value, which may stand in `[settings]`."""
        value: Level = {PRECISION: PRECISIONS[0], **self.settings, **self.baseline}[factor]
        return value

    def full_baseline(self) -> Point:
        """Returns the baseline with the factors that override settings or the precision."""
        factors = self.grid.factors if self.grid is not None else {}
        return {
            **self.baseline,
            **{f: self.baseline_of(f) for f in factors if f not in self.baseline},
        }

    def whole(self, params: Mapping[str, Level] | None = None) -> Point:
        """Returns a setting of a search: what is searched, the rest as at the baseline.

        What depends on others is left out where their values don't ask for it.

        Args:
            params: What is chosen; nothing at the baseline.
        """
        setting = {**self.baseline, **(params or {})}
        space = self.search.space if self.search is not None else {}
        return {name: v for name, v in setting.items() if is_active(name, setting, space)}

    def searched(self, params: Mapping[str, Level]) -> list[str]:
        """Returns the hyperparameters that a search chooses where these are chosen already."""
        space = self.search.space if self.search is not None else {}
        fixed = {name: value for name, value in self.baseline.items() if name not in space}
        return [name for name in space if is_active(name, {**fixed, **params}, space)]

    def published_figure(self, factor: str, level: Level) -> float | None:
        """Returns what the published report printed for a level, if it did."""
        figures = self.published.factors.get(factor, {})
        return next((v for key, v in figures.items() if names_level(key, level)), None)
