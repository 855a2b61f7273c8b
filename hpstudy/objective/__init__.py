"""What is trained: the `Training` protocol, and how "module:name" becomes one.

A `Training` may offer more than the protocol asks for. Each of these names is optional:

- `version`, a whole number, is raised when the same input would give other numbers: epochs that
  an earlier version trained are then not used any more. It is 1 where it is left out.
- `steps()` returns the last epoch's `Step`s, for curves finer than epochs.
- `predictions()` returns the last epoch's test predictions as bytes, one per example.
- `check(params, *, settings)`, a classmethod, raises `ValueError` for what cannot be trained;
  it is asked for every planned setting before anything runs.
- `prepare(*, settings, runtime)`, a classmethod, is called once before the workers start, to
  fetch data.
- `estimate(params, *, settings)`, a classmethod, returns an `Estimate` of one epoch's cost.
- `measure_rate(*, runtime)`, a classmethod, returns the machine's operations per second.
- `devices()`, a classmethod, returns the device types that it can use here, best first.
- `auto_precision(*, device)`, a classmethod, returns the precision, "fp32" or "bf16", that
  "auto" stands for on a device type.
- `quick`, a mapping, names the settings that make a quick look of a study.
- `pictures(*, settings, runtime)`, a classmethod, returns the data's images as
  `hpstudy.pictures.Pictures`; the report shows them, and which of them are misread.
- `layers(params, *, settings)`, a classmethod, returns the network as a list of
  `hpstudy.pictures.Layer`; the report draws it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hpstudy.errors import UserError
from hpstudy.expected import listed
from hpstudy.objective.aside import aside
from hpstudy.objective.beside import entered
from hpstudy.objective.shown import Layer, Pictures
from hpstudy.objective.targets import find_target
from hpstudy.raised import described, place

Params = Mapping[str, Any]
Settings = Mapping[str, Any]

PRECISIONS = ("fp32", "bf16")
DEVICES = ("cpu", "cuda", "mps")


@dataclass(frozen=True)
class Runtime:
    """How a training runs.

    Attributes:
        device: The device type: "cpu", "cuda" or "mps".
        precision: "fp32" or "bf16".
        threads: Processor threads that one training uses.
        data: The folder for datasets; not part of a training's identity.
    """

    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 1
    data: str = "runs/data"


@dataclass(frozen=True)
class Step:
    """A point of a learning curve between epochs.

    Attributes:
        seen: Examples trained on since the training began.
        loss: Mean loss since the last step.
        accuracy: Share of these examples that were right, 0 to 1.
    """

    seen: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Estimate:
    """What one epoch costs.

    Attributes:
        operations: Work of one epoch, in floating-point operations or any unit that is
            proportional to time.
        checkpoint_bytes: Size of the training's state on disk.
    """

    operations: float
    checkpoint_bytes: int


class Training(Protocol):
    """A training that goes on epoch by epoch, and can be saved and resumed.

    What is random must be drawn from (seed, epoch), so that a resumed training ends with the
    same bits as one that was never stopped. `version` is raised when the same input would give
    other numbers: epochs that an earlier version trained are then not used any more.
    """

    version: int

    def __init__(self, params: Params, *, seed: int, settings: Settings, runtime: Runtime) -> None:
        """Starts at epoch 0. `params` come without the fidelity."""

    def epoch(self) -> Mapping[str, float]:
        """Trains one more epoch and returns its metrics."""

    def state_dict(self) -> dict[str, Any]:
        """Returns the state: JSON values, or tensors and plain containers of them."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes up the state that `state_dict` gave."""


class FunctionTraining:
    """A plain function as a training of exactly one epoch."""

    def __init__(
        self,
        function: Callable[..., float | Mapping[str, float]],
        params: Params,
        *,
        seed: int,
        settings: Settings,
    ) -> None:
        self._function = function
        self._params = dict(params)
        self._seed = seed
        self._settings = dict(settings)

    def epoch(self) -> Mapping[str, float]:
        """Calls the function; a bare number becomes the metric `value`."""
        result = self._function(self._params, seed=self._seed, settings=self._settings)
        return result if isinstance(result, Mapping) else {"value": result}

    def state_dict(self) -> dict[str, Any]:
        """Returns nothing: one call leaves no state."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes nothing up."""


class Objective:
    """What a study file's `objective` names: a `Training` class or a plain function.

    Args:
        name: "module:name".
        target: The class or function.
        folder: The folder that the study file lies in.
        source: The file of the objective's module, if it was found in that folder.
    """

    def __init__(self, name: str, target: Any, folder: Path, source: Path | None = None) -> None:  # noqa: ANN401
        self.name = name
        self.is_function = not inspect.isclass(target)
        self._target = target
        self._folder = folder
        self._source = source

    @property
    def version(self) -> int:
        """The objective's version; 1 where it states none."""
        version: int = getattr(self._target, "version", 1)
        return version

    @property
    def quick(self) -> Settings | None:
        """The settings of a quick look, if the objective has one."""
        return getattr(self._target, "quick", None)

    def start(self, params: Params, *, seed: int, settings: Settings, runtime: Runtime) -> Training:
        """Returns a training at epoch 0."""
        if self.is_function:
            return FunctionTraining(self._target, params, seed=seed, settings=settings)  # type: ignore[return-value]
        with entered(self._folder):
            training: Training = self._target(params, seed=seed, settings=settings, runtime=runtime)
        return training

    def check(self, params: Params, *, settings: Settings) -> None:
        """Raises `ValueError` if the objective says that it can't train these."""
        self._ask("check", params, settings=settings)

    def prepare(self, *, settings: Settings, runtime: Runtime) -> None:
        """Lets the objective fetch what it needs."""
        self._ask("prepare", settings=settings, runtime=runtime)

    def _ask(self, part: str, *args: object, **options: object) -> Any:  # noqa: ANN401
        """Calls an optional method; None where the objective hasn't got it.

        Raises:
            UserError: It raised.
            ValueError: `check` raised it.
        """
        method = getattr(self._target, part, None)
        if method is None:
            return None
        try:
            with aside(), entered(self._folder):
                return method(*args, **options)
        except UserError:
            raise
        except SystemExit as error:
            code = "" if error.code is None else repr(error.code)
            raise UserError(f"objective {self.name!r}: {part} called sys.exit({code})") from error
        except Exception as error:  # a user's method may raise anything
            if part == "check" and isinstance(error, ValueError):
                raise
            where = place(error, self._folder if self._source else Path.cwd())
            at = f" at {where}" if where else ""
            raise UserError(
                f"objective {self.name!r}: {part} raised{at}: {described(error)}"
            ) from error

    def device(self, wanted: str) -> str:
        """Returns the device type to run on; "auto" is the objective's best.

        Raises:
            UserError: The objective can't use the wanted one here, or takes none.
        """
        usable = list(self._ask("devices") or ())
        if wanted == "auto":
            return usable[0] if usable else "cpu"
        if wanted not in (usable or DEVICES):
            expected = listed(["auto", *(usable or DEVICES)])
            here = " here" if usable else ""
            raise UserError(f"--device: expected {expected}{here}, found {wanted!r}")
        if self.is_function and not usable and wanted != "cpu":
            raise UserError(f"--device {wanted}: {self._is_not_told('device')}")
        return wanted

    def precision(self, wanted: str, *, device: str) -> str:
        """Returns the precision to train in; "auto" is the objective's best on the device type.

        Raises:
            UserError: There is no such precision, or the objective takes none.
        """
        if wanted not in ("auto", *PRECISIONS):
            raise UserError(
                f"--precision: expected {listed(['auto', *PRECISIONS])}, found {wanted!r}"
            )
        if self.is_function and wanted not in ("auto", PRECISIONS[0]):
            raise UserError(f"--precision {wanted}: {self._is_not_told('precision')}")
        if wanted != "auto":
            return wanted
        best: str | None = self._ask("auto_precision", device=device)
        return best or PRECISIONS[0]

    def _is_not_told(self, what: str) -> str:
        return f"the objective {self.name!r} is a function, and none is told the {what}"

    def estimate(self, params: Params, *, settings: Settings) -> Estimate | None:
        """Returns one epoch's cost, if the objective can tell."""
        estimate = self._ask("estimate", params, settings=settings)
        if estimate is not None and not isinstance(estimate, Estimate):
            found = type(estimate).__name__
            raise UserError(
                f"objective {self.name!r}: estimate: expected an Estimate, found {found}"
            )
        return estimate

    def measure_rate(self, *, runtime: Runtime) -> float | None:
        """Returns the machine's operations per second, if the objective can measure them."""
        rate: float | None = self._ask("measure_rate", runtime=runtime)
        return rate

    def pictures(self, *, settings: Settings, runtime: Runtime) -> Pictures | None:
        """Returns the data's images, if the objective shows them."""
        pictures: Pictures | None = self._ask("pictures", settings=settings, runtime=runtime)
        return pictures

    def layers(self, params: Params, *, settings: Settings) -> Sequence[Layer]:
        """Returns the network's layers; none where the objective has no such thing."""
        layers: Sequence[Layer] | None = self._ask("layers", params, settings=settings)
        return layers or ()

    def source_file(self) -> Path | None:
        """Returns the file of an objective that lies beside its study file."""
        if self._source is None:
            return None
        try:
            with entered(self._folder):
                found = inspect.getsourcefile(self._target)
        except TypeError:  # a partial, or an object that can be called
            return self._source
        return Path(found) if found else None


def steps_of(training: Training) -> Sequence[Step]:
    """Returns the last epoch's steps; none where the training keeps none."""
    steps = getattr(training, "steps", None)
    return steps() if steps else ()


def predictions_of(training: Training) -> bytes | None:
    """Returns the last epoch's predictions, one byte per test example, if the training has them."""
    predictions = getattr(training, "predictions", None)
    return predictions() if predictions else None


def load_objective(name: str, beside: Path) -> Objective:
    """Loads "module:name", looking beside the study file first, then on `sys.path`.

    Args:
        name: "module:name" of a `Training` class or a plain function.
        beside: The study file's folder.

    Raises:
        UserError: The module can't be imported, or has no such class or function, or that can't
            be called as a training or a function is.
    """
    folder = beside.resolve()
    module, target = find_target(name, folder)
    file: Any = getattr(module, "__file__", None)
    is_beside = file is not None and Path(file).resolve().is_relative_to(folder)
    is_ours = module.__name__.split(".")[0] == "hpstudy"
    return Objective(name, target, folder, Path(file) if is_beside and not is_ours else None)
