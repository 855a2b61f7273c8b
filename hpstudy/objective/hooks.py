"""What an objective may offer beyond what it has to: a protocol for each name, all optional.

A name may stand on a `Training` class or be set on a plain function; `steps`,
`predictions` and `save_model` are asked of a training that runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from hpstudy.objective.shown import Found, Layer, Pictures
from hpstudy.objective.training import Estimate, Params, Runtime, Settings, Step, Training

if TYPE_CHECKING:
    from PIL.Image import Image

Hook = Literal[
    "version",
    "quick",
    "default_params",
    "steps",
    "last_step",
    "predictions",
    "check",
    "prepare",
    "estimate",
    "measure_rate",
    "devices",
    "auto_precision",
    "pictures",
    "layers",
    "preprocessing",
    "save_model",
    "predict",
]
HOOKS: tuple[Hook, ...] = get_args(Hook)


def hook(target: object, name: Hook, default: object = None) -> Any:  # noqa: ANN401
    """Returns what a class, a function or a training offers under a hook's name."""
    return getattr(target, name, default)


class Versioned(Protocol):
    """States its version.

    Attributes:
        version: A whole number, 1 where it is left out; it is raised when the same input would
            give other numbers: epochs that an earlier version trained are then not used any more.
    """

    version: int


class Quick(Protocol):
    """Has a quick look.

    Attributes:
        quick: The settings of a quick look of a study.
    """

    quick: Settings


class Defaults(Protocol):
    """Has hyperparameters that may be left out.

    Attributes:
        default_params: What these are then. A training that is given such a value is the same as
            one that isn't, and is made without it: so a hyperparameter may be added later, and
            what was trained before it is still used.
    """

    default_params: Params


class Steps(Protocol):
    """Has curves finer than epochs."""

    def steps(self) -> Sequence[Step]:
        """Returns the last epoch's steps."""


class TellsMeanwhile(Protocol):
    """Says how it goes while an epoch runs."""

    def last_step(self) -> Step | None:
        """Returns the running epoch's latest step, if any; asked from another thread."""


class Predicts(Protocol):
    """Keeps what it predicts."""

    def predictions(self) -> bytes:
        """Returns the last epoch's test predictions, a byte an example."""


class Checks(Protocol):
    """Refuses what it can't train."""

    @classmethod
    def check(cls, params: Params, *, settings: Settings) -> None:
        """Raises `ValueError` for what can't be trained; asked of all planned settings first."""


class Prepares(Protocol):
    """Fetches data."""

    @classmethod
    def prepare(cls, *, settings: Settings, runtime: Runtime) -> None:
        """Is called once, before the workers start."""


class Estimates(Protocol):
    """Knows what an epoch costs."""

    @classmethod
    def estimate(cls, params: Params, *, settings: Settings) -> Estimate:
        """Returns one epoch's cost."""


class MeasuresRate(Protocol):
    """Measures the machine."""

    @classmethod
    def measure_rate(cls, *, runtime: Runtime) -> float:
        """Returns the machine's operations per second."""


class Devices(Protocol):
    """Knows where it can run."""

    @classmethod
    def devices(cls) -> Sequence[str]:
        """Returns the device types that it can use here, best first."""


class AutoPrecision(Protocol):
    """Knows its best precision."""

    @classmethod
    def auto_precision(cls, *, device: str) -> str:
        """Returns the precision, "fp32" or "bf16", that "auto" stands for on a device type."""


class ShowsPictures(Protocol):
    """Shows its data."""

    @classmethod
    def pictures(cls, *, settings: Settings, runtime: Runtime) -> Pictures:
        """Returns the data's images; the report shows them, and which of them are misread."""


class ShowsLayers(Protocol):
    """Shows its network."""

    @classmethod
    def layers(cls, params: Params, *, settings: Settings) -> Sequence[Layer]:
        """Returns the network's layers; the report draws them."""


class Preprocesses(Protocol):
    """Says what a saved model is to be given.

    Attributes:
        preprocessing: What is done to an example before the network sees it, in a sentence.
    """

    preprocessing: str


class SavesModel(Protocol):
    """Saves what it has learned, for use elsewhere."""

    def save_model(self, file: Path) -> None:
        """Writes the model; without this method its `state_dict`'s tensors are written."""


class ReadsPictures(Protocol):
    """Says what is in a picture."""

    @classmethod
    def predict(
        cls,
        pictures: Iterable[Image],
        *,
        model: Path,
        params: Params,
        settings: Settings,
        runtime: Runtime,
    ) -> Iterator[Sequence[Found]]:
        """Yields what a saved model finds in each picture, in reading order.

        Pictures come upright, in whatever mode their files have, as they are asked for.
        """


def steps_of(training: Training) -> Sequence[Step]:
    """Returns the last epoch's steps; none where the training keeps none."""
    steps = hook(training, "steps")
    return steps() if steps else ()


def last_step_of(training: Training) -> Step | None:
    """Returns the running epoch's latest step, if the training tells of it and there is one."""
    last_step = hook(training, "last_step")
    return last_step() if last_step else None


def predictions_of(training: Training) -> bytes | None:
    """Returns the last epoch's predictions, one byte per test example, if the training has them."""
    predictions = hook(training, "predictions")
    return predictions() if predictions else None
