"""What a grid would take that runs until its levels are decided."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.metric import Metric
from hpstudy.plans.forecast_points import Forecast
from hpstudy.results.looks import Looks


@dataclass(frozen=True)
class LooksForecast:
    """What a grid would take until its levels are decided.

    Attributes:
        looks: The looks.
        metric: The metric that is compared.
        least: What it would take if the next look decided all.
        most: What it would take if no look decided anything.
    """

    looks: Looks
    metric: Metric
    least: Forecast
    most: Forecast
