"""What a study file says, checked: objective, baseline, factors, space, figures, claims."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    model_validator,
)

from hpstudy.sampler import SEED, Level, Point

PRECISION = "precision"


def _level(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("expected a finite number")
    if not isinstance(value, (bool, int, float, str)):
        raise ValueError("expected a number, a string or a boolean")
    return value


OneLevel = Annotated[Any, BeforeValidator(_level)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Expect(_Section):
    """What a claim expects of the data; exactly one key is given."""

    below: float | None = Field(None, description="the metric at each level is below this")
    above: float | None = Field(None, description="the metric at each level is above this")
    higher_than: OneLevel | None = Field(None, description="higher than at this level")
    lower_than: OneLevel | None = Field(None, description="lower than at this level")
    best: bool | None = Field(None, description="the best level of its factor")
    rising: bool | None = Field(None, description="rises from level to level, as listed")
    falling: bool | None = Field(None, description="falls from level to level, as listed")
    matters_most: bool | None = Field(None, description="no factor moves the metric further")

    @model_validator(mode="after")
    def _one_key(self) -> Expect:
        given = self.model_dump(exclude_none=True)
        if len(given) != 1:
            raise ValueError(
                f"expected exactly one of {', '.join(type(self).model_fields)}, "
                f"found {', '.join(given) or 'none'}"
            )
        return self


class Claim(_Section):
    """A sentence of a published report, in a form that data can confirm or refute."""

    says: str = Field(description="the claim in words")
    factor: str = Field(description="the factor that it speaks of")
    level: list[OneLevel] = Field(default_factory=list, description="the level, or several")
    expect: Expect = Field(description="what the data must show")

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, data: Any) -> Any:  # noqa: ANN401 - pydantic's signature
        if isinstance(data, dict) and "level" in data and not isinstance(data["level"], list):
            return {**data, "level": [data["level"]]}
        return data

    def levels(self) -> list[Level]:
        """Returns every level that the claim names."""
        named = [*self.level, self.expect.higher_than, self.expect.lower_than]
        return [level for level in named if level is not None]


class Grid(_Section):
    """The one-factor grid."""

    metric: str = Field("value", description="the metric that is compared")
    direction: Literal["maximize", "minimize"] = Field("maximize", description="which is better")
    validation: int = Field(0, ge=0, description="images (or rows) held out of training")
    seeds: list[Annotated[int, Field(ge=0, strict=True)]] = Field(
        [0], min_length=1, description="the replicates: every point is trained once per seed"
    )
    factors: dict[str, Annotated[list[OneLevel], Field(min_length=1)]] = Field(
        min_length=1, description="the levels of each hyperparameter that is varied"
    )


class Dimension(_Section):
    """One hyperparameter's range in a search: low and high, or choices."""

    low: int | float | None = Field(None, description="smallest value")
    high: int | float | None = Field(None, description="largest value")
    log: bool = Field(False, description="sample on a logarithmic scale")
    step: int | float | None = Field(None, gt=0, description="distance between values")
    choices: list[OneLevel] | None = Field(None, min_length=1, description="the values, unordered")

    @model_validator(mode="after")
    def _whole(self) -> Dimension:
        if self.choices is not None:
            if self.model_fields_set != {"choices"}:
                raise ValueError("expected either choices, or low and high, not both")
        elif self.low is None or self.high is None:
            raise ValueError("expected low and high, or choices")
        elif self.low > self.high:
            raise ValueError(f"expected low <= high, found {self.low} > {self.high}")
        elif self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log = true expects low > 0 and no step")
        return self


class Search(_Section):
    """The search."""

    metric: str = Field("value", description="the metric that is searched for")
    direction: Literal["maximize", "minimize"] = Field("maximize", description="which is better")
    validation: int = Field(0, ge=0, description="images (or rows) held out of training")
    trials: int = Field(50, ge=1, description="finished trials in all")
    space: dict[str, Dimension] = Field(min_length=1, description="each hyperparameter's range")


class StudyFile(_Section):
    """A study file, checked. Numbers of one factor have one type, the baseline's included."""

    title: str = Field(description="the study in a few words")
    objective: str = Field(
        pattern=r"^[\w.]+:\w+$", description="module:name of a Training class or a function"
    )
    fidelity: str | None = Field(
        None, description="the hyperparameter that only says how long to train"
    )
    settings: dict[str, JsonValue] = Field(
        default_factory=dict, description="passed to the objective, the same for all trials"
    )
    baseline: dict[str, OneLevel] = Field(
        min_length=1, description="the setting that all factors but one are held at"
    )
    grid: Grid | None = Field(None, description="the one-factor grid")
    search: Search | None = Field(None, description="the search")
    published: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="figures printed elsewhere, by factor and level"
    )
    claims: list[Claim] = Field(default_factory=list, description="sentences to check")

    @model_validator(mode="after")
    def _consistent(self) -> StudyFile:
        if SEED in self.baseline:
            raise ValueError("baseline.seed: seeds are given in grid.seeds, not as a value")
        if self.fidelity is not None and self.fidelity not in self.baseline:
            raise ValueError(
                f"fidelity: expected a key of [baseline] ({', '.join(self.baseline)}), "
                f"found {self.fidelity!r}"
            )
        if self.grid is not None:
            for name, levels in self.grid.factors.items():
                self._check_factor(name, levels)
            self._check_published(self.grid.factors)
            for number, claim in enumerate(self.claims, 1):
                self._check_claim(number, claim, self.grid.factors)
        if self.search is not None:
            for name in self.search.space:
                if name not in self.baseline:
                    raise ValueError(
                        f"search.space.{name}: expected a key of [baseline] "
                        f"({', '.join(self.baseline)})"
                    )
        self._check_fidelity()
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
        base = self.baseline_of(name)
        one_type = _one_type([*levels, base])
        if one_type is None:
            kinds = sorted({type(v).__name__ for v in [*levels, base]})
            raise ValueError(
                f"{where}: expected levels and baseline of one type, found {', '.join(kinds)} "
                f"in {levels} with baseline {base!r}"
            )
        levels[:], base = one_type[:-1], one_type[-1]
        if name in self.baseline:
            self.baseline[name] = base
        if len(set(levels)) != len(levels):
            raise ValueError(f"{where}: a level stands twice in {levels}")
        if base not in levels:
            home = "settings" if name in self.settings else "baseline"
            raise ValueError(
                f"{where}: expected the baseline's own value {base!r} ({home}.{name}) among the "
                f"levels, found {levels}"
            )

    def _check_published(self, factors: Mapping[str, Sequence[Level]]) -> None:
        for name, figures in self.published.items():
            if name not in factors:
                raise ValueError(
                    f"published.{name}: expected a factor of [grid.factors] ({', '.join(factors)})"
                )
            for key in figures:
                if not any(_names_level(key, level) for level in factors[name]):
                    raise ValueError(
                        f"published.{name}.{key}: expected one of its levels {factors[name]}"
                    )

    def _check_claim(
        self, number: int, claim: Claim, factors: Mapping[str, Sequence[Level]]
    ) -> None:
        if claim.factor not in factors:
            raise ValueError(
                f"claims[{number}].factor: expected a factor of [grid.factors] "
                f"({', '.join(factors)}), found {claim.factor!r}"
            )
        for level in claim.levels():
            if level not in factors[claim.factor]:
                raise ValueError(
                    f"claims[{number}].level: expected one of {factors[claim.factor]}, "
                    f"found {level!r}"
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
                    f"found {value!r}"
                )

    def baseline_of(self, factor: str) -> Level:
        """Returns a factor's baseline value, which may stand in `[settings]`."""
        if factor in self.baseline:
            return _as_level(self.baseline[factor])
        if factor in self.settings:
            return _as_level(self.settings[factor])
        return "fp32"

    def full_baseline(self) -> Point:
        """Returns the baseline with the factors that override settings or the precision."""
        factors = self.grid.factors if self.grid is not None else {}
        return {
            **self.baseline,
            **{f: self.baseline_of(f) for f in factors if f not in self.baseline},
        }

    def published_figure(self, factor: str, level: Level) -> float | None:
        """Returns what the published report printed for a level, if it did."""
        figures = self.published.get(factor, {})
        return next((v for key, v in figures.items() if _names_level(key, level)), None)


def _as_level(value: object) -> Level:
    assert isinstance(value, (bool, int, float, str))
    return value


def _one_type(values: Sequence[Level]) -> list[Level] | None:
    """Returns the values as one type: whole numbers become floats beside floats; else None."""
    kinds = {type(v) for v in values}
    if kinds == {int, float}:
        return [float(v) for v in values]
    return list(values) if len(kinds) == 1 else None


def _names_level(key: str, level: Level) -> bool:
    if isinstance(level, bool):
        return key == str(level).lower()
    if isinstance(level, str):
        return key == level
    try:
        return float(key) == level
    except ValueError:
        return False


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns a hint for a message about an unknown name; empty where none is close."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
