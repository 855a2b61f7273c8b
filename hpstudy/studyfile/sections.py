"""The sections of a study file, each checked by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from hpstudy.expected import shown
from hpstudy.metric import ALIKE, PER_CENT, SHARE, Direction, Spreads
from hpstudy.sampler import Level
from hpstudy.seeds import LARGEST_WHOLE
from hpstudy.studyfile.values import (
    Count,
    Duration,
    Figure,
    Looks,
    Number,
    OneLevel,
    Seeds,
    Text,
    distinct,
    is_same,
)


class Section(BaseModel):
    """A table of a study file: an unknown key is an error, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _true(value: bool) -> bool:
    if not value:
        raise ValueError("expected true; a claim that something is not so has no form here")
    return value


_True = Annotated[bool, AfterValidator(_true)]


class Published(Section):
    """Figures printed elsewhere: those of each factor by level, as tables named for the factors."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, dict[str, Figure]] = Field(init=False)

    test_examples: Count | None = Field(
        default=None, ge=1, description="of how many test examples these figures are shares"
    )

    @property
    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """The figures by factor and level."""
        return self.__pydantic_extra__


class Expect(Section):
    """What a claim expects of the data; exactly one key is given."""

    below: Figure | None = Field(None, description="the metric at each level is below this")
    above: Figure | None = Field(None, description="the metric at each level is above this")
    higher_than: OneLevel | None = Field(None, description="higher than at this level")
    lower_than: OneLevel | None = Field(None, description="lower than at this level")
    equal_within: Figure | None = Field(
        None, gt=0, description="equal to one another within this, or one level to the baseline"
    )
    best: _True | None = Field(None, description="the best level of its factor")
    rising: _True | None = Field(None, description="rises from level to level, as listed")
    falling: _True | None = Field(None, description="falls from level to level, as listed")
    matters_most: _True | None = Field(None, description="no factor moves the metric further")

    @model_validator(mode="after")
    def _one_key(self) -> Expect:
        given = self.model_dump(exclude_none=True)
        if len(given) != 1:
            raise ValueError(
                f"expected exactly one of {', '.join(type(self).model_fields)}, "
                f"found {', '.join(given) or 'none'}"
            )
        return self


class Claim(Section):
    """A sentence of a published report, in a form that data can confirm or refute."""

    says: Text = Field(description="the claim in words")
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


class Grid(Section):
    """The one-factor grid."""

    metric: Text = Field("value", description="the metric that is compared")
    direction: Direction = Field("maximize", description="which is better")
    metric_epochs: Count = Field(
        1, ge=1, description="a training's value is the mean of the metric over so many last epochs"
    )
    validation: Count = Field(0, ge=0, description="images (or rows) held out of training")
    trial_timeout: Duration | None = Field(
        None, description='after how long a trial is ended and has failed, such as "10m"'
    )
    seeds: Seeds = Field(
        [0], description="the replicates: how many or which; every point is trained once per seed"
    )
    equal_within: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        None, description="differences up to this count as none, in the metric's own unit"
    )
    looks: Looks = Field(
        [3, 5, 8, 12, 20], description="after how many seeds --until looks who is decided"
    )
    spreads: Spreads = Field(
        ALIKE, description='"own" where luck may move some levels further than others'
    )
    targets: list[Figure] = Field(
        default_factory=list, description="values of the metric: how soon is each reached?"
    )
    factors: dict[str, Annotated[list[OneLevel], Field(min_length=1)]] = Field(
        min_length=1, description="the levels of each hyperparameter that is varied"
    )


class Dimension(Section):
    """One hyperparameter's range in a search: low and high, or choices."""

    low: Number | None = Field(None, description="smallest value")
    high: Number | None = Field(None, description="largest value")
    log: bool = Field(False, description="sample on a logarithmic scale")
    step: Number | None = Field(None, description="distance between values")
    choices: Annotated[list[OneLevel], Field(min_length=1), AfterValidator(distinct)] | None = (
        Field(None, description="the values, unordered")
    )
    when: dict[str, Annotated[list[OneLevel], Field(min_length=1)]] | None = Field(
        None, description="the values of others that it depends on: without them it has none"
    )

    @field_validator("when", mode="before")
    @classmethod
    def _listed(cls, data: Any) -> Any:  # noqa: ANN401 - pydantic's signature
        if not isinstance(data, dict) or not data:
            raise ValueError('expected hyperparameters with values, such as { model = "svm" }')
        return {name: v if isinstance(v, list) else [v] for name, v in data.items()}

    @model_validator(mode="before")
    @classmethod
    def _table(cls, data: Any) -> Any:  # noqa: ANN401 - pydantic's signature
        if isinstance(data, (dict, Dimension)):
            return data
        values = data if isinstance(data, list) and data else [1, 9]
        low, high = shown(values[0]), shown(values[-1])
        raise ValueError(
            f"expected a range, such as {{ low = {low}, high = {high} }}, or choices, such as "
            f"{{ choices = {shown(values)} }}"
        )

    @model_validator(mode="after")
    def _whole(self) -> Dimension:
        if self.choices is not None:
            if self.model_fields_set - {"when"} != {"choices"}:
                raise ValueError("expected either choices, or low and high, not both")
        elif self.low is None or self.high is None:
            raise ValueError("expected low and high, or choices")
        else:
            self._check_range(self.low, self.high)
        return self

    def _check_range(self, low: float, high: float) -> None:
        if low > high:
            raise ValueError(f"expected low <= high, found {low} > {high}")
        if self.log and (low <= 0 or self.step is not None):
            raise ValueError("log = true expects low > 0 and no step")
        if any(isinstance(end, int) and abs(end) > LARGEST_WHOLE for end in (low, high)):
            raise ValueError("expected whole numbers up to 2**53: the database rounds larger ones")
        if not math.isfinite(high - low):
            raise ValueError(f"expected a narrower range, found {low} to {high}")
        if self.step is not None:
            _check_step(low, high, self.step)

    def is_whole(self, baseline: Level) -> bool:
        """Tells whether all values are whole numbers, the baseline's included."""
        return all(type(v) is int for v in (self.low, self.high, self.step or 1, baseline))

    def holds(self, value: Level) -> bool:
        """Tells whether a value lies in the range."""
        if self.choices is not None:
            return any(is_same(value, choice) for choice in self.choices)
        assert self.low is not None
        assert self.high is not None
        if isinstance(value, (bool, str)) or not self.low <= value <= self.high:
            return False
        steps = (value - self.low) / self.step if self.step is not None else 0
        return math.isclose(steps, round(steps), abs_tol=1e-9)


def _check_step(low: float, high: float, step: float) -> None:
    if step <= 0:
        raise ValueError(f"step: expected more than 0, found {step}")
    steps = (high - low) / step
    if not math.isclose(steps, round(steps), rel_tol=1e-9, abs_tol=1e-9):
        last = low + math.floor(steps) * step
        raise ValueError(
            f"expected a step that divides the range, found {step} from {low} to {high}: its last "
            f"value would be {last:g}"
        )


class Measure(Section):
    """What a metric's values are."""

    unit: Text = Field(description='"share" of 1, "%", or what stands behind the number, as "s"')

    @field_validator("unit")
    @classmethod
    def _plain_text(cls, unit: str) -> str:
        is_plain = unit.isprintable() and len(unit) <= 12 and not set(unit) & set("<>{}%")
        if unit not in (SHARE, PER_CENT) and not is_plain:
            raise ValueError(f'expected "share", "%" or a short text as "s", found {shown(unit)}')
        return unit.strip()


MOST_FRESH_SEEDS = 100


class Search(Section):
    """The search."""

    metric: Text = Field("value", description="the metric that is searched for")
    direction: Direction = Field("maximize", description="which is better")
    metric_epochs: Count = Field(
        1, ge=1, description="a training's value is the mean of the metric over so many last epochs"
    )
    validation: Count = Field(0, ge=0, description="images (or rows) held out of training")
    trial_timeout: Duration | None = Field(
        None, description='after how long a trial is ended and has failed, such as "10m"'
    )
    trials: Count = Field(50, ge=1, description="finished trials in all")
    finalists: Count = Field(3, ge=1, description="settings that are trained again to choose by")
    choose_held_out: bool = Field(
        False, description="whether the winner is chosen by metric, with validation held out"
    )
    confirm_looks: Looks = Field(
        [4, 8], description="after how many fresh seeds the winner is compared with the baseline"
    )
    confirm_seeds: int | None = Field(
        None, ge=0, le=MOST_FRESH_SEEDS, description="the last look; of confirm_looks if left out"
    )
    equal_within: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        None, description="differences up to this count as none, in confirm_metric's own unit"
    )
    spreads: Spreads = Field(
        ALIKE, description='"own" where luck may move some settings further than others'
    )
    confirm_metric: Text | None = Field(
        None,
        description="what the winner is confirmed by; for validation_… it is test_… if left out",
    )
    confirm_direction: Direction | None = Field(
        None, description="which is better of confirm_metric; as of metric if left out"
    )
    space: dict[str, Dimension] = Field(min_length=1, description="each hyperparameter's range")

    @field_validator("confirm_looks")
    @classmethod
    def _as_many_as_fresh_seeds(cls, looks: list[int]) -> list[int]:
        if looks[-1] > MOST_FRESH_SEEDS:
            raise ValueError(f"expected at most {MOST_FRESH_SEEDS} seeds, found {looks[-1]}")
        return looks

    @model_validator(mode="after")
    def _consistent(self) -> Search:
        if self.confirming_metric == self.metric and self.confirming_direction != self.direction:
            raise ValueError(
                f"confirm_direction: expected {self.direction!r}, as what is confirmed by is "
                f"{self.metric!r} itself, found {self.confirm_direction!r}"
            )
        if "confirm_looks" in self.model_fields_set and self.confirm_seeds:
            beyond = [look for look in self.confirm_looks if look > self.confirm_seeds]
            if beyond:
                raise ValueError(
                    f"confirm_looks: expected at most {self.confirm_seeds}, as confirm_seeds "
                    f"is the last look, found {beyond[0]}"
                )
        return self

    @property
    def confirming_direction(self) -> Direction:
        """Which is better of the metric that the winner is confirmed by."""
        return self.confirm_direction or self.direction

    @property
    def confirming_metric(self) -> str:
        """The metric that the winner is confirmed by: nothing was chosen by it."""
        if self.confirm_metric is not None:
            return self.confirm_metric
        kind, _, name = self.metric.partition("_")
        return f"test_{name}" if kind == "validation" and name else self.metric
