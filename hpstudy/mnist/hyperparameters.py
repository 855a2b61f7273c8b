"""What the built-in objective takes: its hyperparameters and settings, checked."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from hpstudy.datasets import TEST_IMAGES, TRAINING_IMAGES
from hpstudy.expected import did_you_mean, expectation
from hpstudy.mnist.augment import checked_augmentation
from hpstudy.mnist.networks import Architecture, Head, Name
from hpstudy.objective import Params, Settings

_HEAD: Head = "softmax"  # as the report has it
_Model = TypeVar("_Model", bound=BaseModel)


class Hyperparameters(BaseModel):
    """The hyperparameters; one that is left out does what trainings did before it was there.

    Attributes:
        lr: Adam's learning rate.
        hidden: Units of the CNN's hidden linear layer; a residual network has none.
        batch_size: Images of a step.
        network: "cnn", the report's, or "residual".
        width: Maps of the network's first convolution.
        head: What the loss is taken of; here, or in the settings.
        augmentation: What is done to training images, such as "shift+rotation".
        decay: What the learning rate is multiplied by after each epoch. It goes by the epochs
            that have passed, not by those to come, so that a longer training goes on from a
            shorter one.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    lr: float = Field(gt=0)
    hidden: int | None = Field(None, ge=1)
    batch_size: int = Field(ge=1)
    network: Name = "cnn"
    width: int | None = Field(None, ge=1)
    head: Head | None = None
    augmentation: Annotated[str, AfterValidator(checked_augmentation)] = "none"
    decay: float = Field(1.0, gt=0, le=1)


class MnistSettings(BaseModel):
    """The settings: what all trainings of a study have in common."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dataset: Literal["mnist", "fashion_mnist", "kmnist"] = "mnist"
    head: Head | None = None
    validation: int = Field(0, ge=0, lt=TRAINING_IMAGES)
    train_images: int | None = Field(None, ge=1, le=TRAINING_IMAGES)
    test_images: int = Field(TEST_IMAGES, ge=1, le=TEST_IMAGES)

    def images_per_epoch(self) -> int:
        """Returns how many images an epoch trains on."""
        left = TRAINING_IMAGES - self.validation
        return left if self.train_images is None else min(self.train_images, left)


def checked(params: Params, settings: Settings) -> tuple[Hyperparameters, MnistSettings]:
    """Returns hyperparameters and settings as they are used.

    Raises:
        ValueError: One of them is unknown, missing, or out of range: it says which.
    """
    known = _read(MnistSettings, settings)
    chosen = _read(Hyperparameters, params)
    if chosen.hidden is None and chosen.network == "cnn":
        raise ValueError("hidden: missing; the CNN has a hidden layer: expected its units")
    if chosen.head is not None and known.head is not None:
        raise ValueError("head: is given as a setting, too; expected it in one place")
    return chosen, known


def architecture(params: Params, settings: Settings) -> Architecture:
    """Returns what a setting's network is made of; what else there is doesn't matter here."""
    return Architecture(
        network=params.get("network", "cnn"),
        head=params.get("head") or settings.get("head") or _HEAD,
        hidden=params.get("hidden") or 0,
        width=params.get("width"),
    )


def _read(model: type[_Model], values: Params) -> _Model:
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if where in model.model_fields:
            raise ValueError(f"{where}: {expectation(first)}") from error
        known = list(model.model_fields)
        raise ValueError(
            f"{where}: unknown; expected {', '.join(known)}{did_you_mean(where, known)}"
        ) from error
