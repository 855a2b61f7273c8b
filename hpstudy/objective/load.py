"""How "module:name" becomes the objective that a study trains."""

from __future__ import annotations

import inspect
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hpstudy.errors import UserError
from hpstudy.expected import listed
from hpstudy.objective.aside import aside
from hpstudy.objective.beside import entered
from hpstudy.objective.command import Command, Room
from hpstudy.objective.command_objective import CommandObjective
from hpstudy.objective.function import FunctionTraining
from hpstudy.objective.hooks import Hook, hook
from hpstudy.objective.misspelt import misspelt
from hpstudy.objective.optunas import takes_trial
from hpstudy.objective.shown import Found, Layer, Pictures
from hpstudy.objective.targets import find_target
from hpstudy.objective.training import (
    DEVICES,
    PRECISIONS,
    Estimate,
    Params,
    Runtime,
    Settings,
    Training,
)
from hpstudy.raised import described, place

if TYPE_CHECKING:
    from PIL.Image import Image


class Objective:
    """What a study trains: a `Training` class, a function, one of Optuna's, or a program.

    Attributes:
        name: "module:name", or the program with its arguments.
        keeps_state: Whether its trainings go on epoch by epoch and can be saved in between, and
            are told how to run; a function is one call.
        suggests: Whether it is Optuna's kind, and may ask for hyperparameters while it runs.
        is_program: Whether it is a program: one that is told how long to train goes on epoch by
            epoch, as it says them, but keeps its state itself, if at all.

    Args:
        name: "module:name".
        target: The class, the function or the program.
        folder: The folder that the study file lies in.
        source: The file of the objective's module, if it was found in that folder.
    """

    def __init__(self, name: str, target: Any, folder: Path, source: Path | None = None) -> None:  # noqa: ANN401
        self.name = name
        self.keeps_state = inspect.isclass(target)
        self.is_program = isinstance(target, CommandObjective)
        self.suggests = not (self.keeps_state or self.is_program) and takes_trial(target)
        self._target = target
        self._folder = folder
        self._source = source

    @property
    def version(self) -> int:
        """The objective's version; 1 where it states none."""
        version: int = hook(self._target, "version", 1)
        return version

    @property
    def quick(self) -> Settings | None:
        """The settings of a quick look, if the objective has one."""
        quick: Settings | None = hook(self._target, "quick")
        return quick

    @property
    def default_params(self) -> Params:
        """What hyperparameters are where they are left out, as far as the objective says."""
        defaults = hook(self._target, "default_params")
        if not isinstance(defaults, Mapping):  # something of their own
            return {}
        return {k: v for k, v in defaults.items() if isinstance(v, (bool, int, float, str))}

    @property
    def preprocessing(self) -> str:
        """What is done to an example before the network sees it; "" where that is not said."""
        told = hook(self._target, "preprocessing")
        return told if isinstance(told, str) else ""  # a method of that name is their own

    def start(
        self,
        params: Params,
        *,
        seed: int,
        settings: Settings,
        runtime: Runtime,
        room: Room | None = None,
    ) -> Training:
        """Returns a training at epoch 0.

        Args:
            params: The hyperparameters, without the fidelity if it goes on epoch by epoch.
            seed: The seed.
            settings: The fixed settings.
            runtime: How it runs.
            room: The folders of a program's run; temporary ones where None.
        """
        if isinstance(self._target, CommandObjective):
            program: Any = self._target.start(params, seed=seed, settings=settings, room=room)
            return cast("Training", program)
        with entered(self._folder):
            training: Training = self._kind()(params, seed=seed, settings=settings, runtime=runtime)
        return training

    def _kind(self) -> Callable[..., Any]:
        if self.keeps_state:
            return cast("Callable[..., Any]", self._target)
        if not self.suggests:
            return partial(FunctionTraining, self._target)
        from hpstudy.objective.trial import TrialTraining

        return partial(TrialTraining, self._target)

    def check(self, params: Params, *, settings: Settings) -> None:
        """Raises `ValueError` if the objective says that it can't train these."""
        self._ask("check", params, settings=settings)

    def prepare(self, *, settings: Settings, runtime: Runtime) -> None:
        """Lets the objective fetch what it needs."""
        self._ask("prepare", settings=settings, runtime=runtime)

    def _ask(self, part: Hook, *args: object, **options: object) -> Any:  # noqa: ANN401
        """Calls an optional method; None where the objective hasn't got it.

        Raises:
            UserError: It raised.
            ValueError: `check` raised it.
        """
        method = hook(self._target, part)
        if method is None or (
            self.suggests and not callable(method)
        ):  # an object's own layers, say
            return None
        with self._guarded(part):
            return method(*args, **options)

    @contextmanager
    def _guarded(self, part: Hook) -> Iterator[None]:
        """Runs an optional method: what it prints is no result, what it raises is a `UserError`."""
        try:
            with aside(), entered(self._folder):
                yield
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
        if not self.keeps_state and not usable and wanted != "cpu":
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
        if not self.keeps_state and wanted not in ("auto", PRECISIONS[0]):
            raise UserError(f"--precision {wanted}: {self._is_not_told('precision')}")
        if wanted != "auto":
            return wanted
        best: str | None = self._ask("auto_precision", device=device)
        return best or PRECISIONS[0]

    def _is_not_told(self, what: str) -> str:
        return f"the objective {self.name!r} is {self.kind}, and none is told the {what}"

    @property
    def kind(self) -> str:
        """What it is, in words."""
        if self.keeps_state:
            return "a Training class"
        return "a program" if self.is_program else "a function"

    def estimate(self, params: Params, *, settings: Settings) -> Estimate | None:
        """Returns one epoch's cost, if the objective can tell."""
        estimate = self._ask("estimate", params, settings=settings)
        if estimate is not None and not isinstance(estimate, Estimate):
            said = f"objective {self.name!r}: estimate"
            raise UserError(f"{said}: expected an Estimate, found {type(estimate).__name__}")
        return estimate

    def measure_rate(self, *, runtime: Runtime) -> float | None:
        """Returns the machine's operations per second, if the objective can measure them."""
        rate: float | None = self._ask("measure_rate", runtime=runtime)
        return rate

    def pictures(self, *, settings: Settings, runtime: Runtime) -> Pictures | None:
        """Returns the data's images, if the objective shows them."""
        pictures = self._ask("pictures", settings=settings, runtime=runtime)
        if pictures is not None and not isinstance(pictures, Pictures):
            found = type(pictures).__name__
            raise UserError(f"objective {self.name!r}: pictures: expected Pictures, found {found}")
        return pictures

    def layers(self, params: Params, *, settings: Settings) -> Sequence[Layer]:
        """Returns the network's layers; none where the objective has no such thing."""
        layers: Sequence[Layer] | None = self._ask("layers", params, settings=settings)
        return layers or ()

    def predict(self, pictures: Iterable[Image], **given: Any) -> Iterator[Sequence[Found]]:  # noqa: ANN401
        """Yields what a saved model finds in each picture; options as the hook `predict` has them.

        Raises:
            UserError: The objective says nothing of pictures, or what it says is no `Found`.
        """
        if hook(self._target, "predict") is None:
            raise UserError(
                f"objective {self.name!r} has no hook `predict`, which says what is in a picture"
            )
        said, over = self._ask("predict", pictures, **given), object()
        expected = f"objective {self.name!r}: predict: expected a list of Found for each picture"
        if not isinstance(said, Iterable):
            raise UserError(f"{expected}, found {type(said).__name__} for all")
        answers = iter(said)
        while True:
            with self._guarded("predict"):
                answer = next(answers, over)
                found = tuple(answer) if isinstance(answer, Iterable) else ()
            if answer is over:
                return
            other = [f for f in found if not isinstance(f, Found)]
            if other or not isinstance(answer, Iterable):
                raise UserError(f"{expected}, found {type([*other, answer][0]).__name__}")
            yield found

    def source_file(self) -> Path | None:
        """Returns the file of an objective that lies beside its study file."""
        if self._source is None or self.is_program:
            return self._source
        try:
            with entered(self._folder):
                found = inspect.getsourcefile(self._target)
        except TypeError:  # a partial, or an object that can be called
            return self._source
        return Path(found) if found else None

    def source(self) -> tuple[str, bytes] | None:
        """Returns its own source's name and text; None of what comes from elsewhere."""
        file = self.source_file()
        return None if file is None else (file.name, file.read_bytes())

    def sent(self) -> bytes | None:
        """Returns it as workers are sent it; None where they load it by its name."""
        return None


def load_objective(name: str | Command, beside: Path) -> Objective:
    """Loads "module:name", looking beside the study file first, then on `sys.path`; or a program.

    Notes on stderr, once, what it offers under a name that is close to a hook's but isn't one.

    Args:
        name: "module:name" of a `Training` class, a plain function, or an objective of Optuna's; or
            a program.
        beside: The study file's folder.

    Raises:
        UserError: The module can't be imported, or has no such class or function, or that can't
            be called as a training or a function is; or there is no such program.
    """
    folder = beside.resolve()
    if isinstance(name, Command):
        program = CommandObjective(name, folder)
        return Objective(f"{name}", program, folder, program.source())
    module, target = find_target(name, folder)
    file: Any = getattr(module, "__file__", None)
    is_beside = file is not None and Path(file).resolve().is_relative_to(folder)
    is_ours = name.split(".")[0] == "hpstudy"  # whatever a module has put in its place
    found = Objective(name, target, folder, Path(file) if is_beside and not is_ours else None)
    if not found.suggests and (notes := misspelt(target, Path(file) if file is not None else None)):
        _note(name, folder, tuple(notes))
    return found


@cache  # it is loaded more than once
def _note(name: str, folder: Path, notes: tuple[str, ...]) -> None:
    if multiprocessing.parent_process() is None:  # a worker's command has told it already
        for note in notes:
            print(f"Note: objective {name!r}: nothing asks for {note}", file=sys.stderr)
