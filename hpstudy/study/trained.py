"""What a trained model is: its card, its accuracy with an interval, its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from hpstudy.analysis.intervals import share_interval
from hpstudy.errors import UserError
from hpstudy.files import shown
from hpstudy.metric import Metric, Quantity, direction_of
from hpstudy.objective import Objective, Step
from hpstudy.objective.shown import Layer, Pictures
from hpstudy.plans.scenario import PlannedPoint, Scenario
from hpstudy.plans.training import Choice, hyperparameters
from hpstudy.results.predictions import Network, Reading, reading_of
from hpstudy.running.output import Say
from hpstudy.sampler import Level
from hpstudy.store.addresses import shown_url
from hpstudy.store.models import Card, Model
from hpstudy.store.records import Epoch
from hpstudy.study.opened import Opened
from hpstudy.views.page.model import ModelContent, model_page

_TESTED = "test_accuracy"


@dataclass(frozen=True)
class Learned:
    """A training at its last epoch.

    Attributes:
        opened: The study.
        objective: What was trained.
        choice: The setting, and on what data.
        scenario: How it ran.
        planned: The training.
        epochs: Its epochs.
        steps: Its curve between them.
        predictions: What it predicts, a byte a test example; None where that was not recorded.
        versions: The software that trained it, by name.
        pictures: The data's images.
        layers: The network's layers.
    """

    opened: Opened
    objective: Objective
    choice: Choice
    scenario: Scenario
    planned: PlannedPoint
    epochs: tuple[Epoch, ...]
    steps: Sequence[Step]
    predictions: bytes | None
    versions: Mapping[str, str] = field(default_factory=dict)
    pictures: Pictures | None = None
    layers: Sequence[Layer] = ()

    def with_pictures(self, say: Say) -> Learned:
        """Returns it with what the objective shows; a model is worth having without."""
        identity = self.planned.identity
        try:
            layers = self.objective.layers(identity.params, settings=identity.settings)
            runtime = self.scenario.runtime
            pictures = self.objective.pictures(settings=identity.settings, runtime=runtime)
        except UserError as error:
            say(f"Note: the model's page goes without pictures: {error}")
            return self
        return replace(self, pictures=pictures, layers=layers)

    @property
    def hyperparameters(self) -> Mapping[str, Level]:
        """Its setting, with how long it was trained."""
        return hyperparameters(self.opened.file, self.planned)

    @property
    def metric(self) -> Metric:
        """What the model is told by: its test accuracy, else what the study compares."""
        section, last = self.choice.section, self.epochs[-1].metrics
        name = getattr(section, "confirming_metric", section.metric)
        direction = getattr(section, "confirming_direction", section.direction)
        if last.get(_TESTED) is not None:
            name, direction = _TESTED, direction_of(minimize=False)
        known = (epoch.metrics.get(name) for epoch in self.epochs)
        return self.opened.file.measured(name, direction, [v for v in known if v is not None])

    @property
    def tested(self) -> Quantity:
        """The metric after the last epoch, with its interval where it is a share of examples."""
        value, metric = self.epochs[-1].metrics[self.metric.name], self.metric
        assert value is not None  # else it has diverged
        of_test = metric.name.startswith("test") or self._is_share_of_right(value)
        whole = metric.bounds[1]
        if self.predictions and metric.in_per_cent and metric.is_bounded and of_test:
            low, high = share_interval(value / whole, len(self.predictions))
            return Quantity(value, whole * low, whole * high)
        return Quantity(value)

    def _is_share_of_right(self, value: float) -> bool:
        reading = self.reading
        if reading is None:
            return False
        right = 1 - len(reading.mistakes) / len(reading.labels)
        return abs(value / self.metric.bounds[1] - right) < 1e-9

    @property
    def reading(self) -> Reading | None:
        """What it reads in the test examples."""
        if self.pictures is None or not self.predictions:
            return None
        labels = [int(label) for label in self.pictures.test_labels]
        network = Network("the model", self.planned.key, len(self.epochs))
        return reading_of(network, labels, self.predictions, self.pictures.classes)

    @property
    def classes(self) -> list[str]:
        """What the classes are called, from class 0."""
        if self.pictures is None:
            return []
        count = int(max(self.pictures.test_labels, default=-1)) + 1
        return list(self.pictures.classes) or [f"{number}" for number in range(count)]


def card_of(learned: Learned) -> Card:
    """Returns the card of a model."""
    identity, tested = learned.planned.identity, learned.tested
    examples = len(learned.predictions) if learned.predictions else None
    is_told = tested.ends is not None
    return Card(
        study=learned.opened.name,
        home=f"{learned.opened.home.resolve()}",
        objective=identity.objective,
        version=identity.version,
        hyperparameters=dict(learned.hyperparameters),
        fidelity=learned.opened.file.fidelity,
        settings=dict(identity.settings),
        seed=identity.seed,
        device=identity.device,
        precision=identity.precision,
        threads=identity.threads,
        metric=learned.metric.name,
        value=tested.value,
        low=tested.low,
        high=tested.high,
        interval=f"95 %, Wilson's, of a share of {examples} test examples" if is_told else "",
        test_examples=examples,
        classes=learned.classes,
        preprocessing=learned.objective.preprocessing,
        versions=dict(learned.versions),
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        training=identity.key,
    )


def page_of(learned: Learned, model: Model) -> str:
    """Returns the page of a saved model, as HTML."""
    opened = learned.opened
    content = ModelContent(
        name=opened.name,
        title=f"{opened.file.title}: a trained model",
        database=shown_url(opened.runs.url),
        quick=opened.quick_note(),
        card=model.card,
        file=shown(model.file),
        metric=learned.metric,
        tested=learned.tested,
        epochs=learned.epochs,
        steps=learned.steps,
        reading=learned.reading,
        pictures=learned.pictures,
        layers=learned.layers,
        written=datetime.now(),
    )
    return model_page(content)
