"""An objective that a Python program hands over: a function of a script or of a notebook's cell."""

from __future__ import annotations

import inspect
import re
from functools import partial
from pathlib import Path
from typing import Any

from hpstudy.errors import UserError
from hpstudy.objective.load import Objective
from hpstudy.objective.targets import IN_PYTHON, check_target
from hpstudy.raised import described


class GivenObjective(Objective):
    """A function (or class) that is no name in a file: workers are sent itself.

    Attributes:
        folder: Where its own file lies, or where one is.

    Args:
        name: "module:name", as `name_of` gives it.
        target: The function or class.
        folder: As above.
        version: Its version; what the function itself states where None.
    """

    def __init__(self, name: str, target: Any, folder: Path, version: int | None = None) -> None:  # noqa: ANN401
        super().__init__(name, check_target(name, target), folder)
        self.folder = folder
        self._version = version

    @property
    def version(self) -> int:
        """The version that was given with it, or that it states itself."""
        return super().version if self._version is None else self._version

    def source(self) -> tuple[str, bytes] | None:
        """Returns what it is called and its own text, as far as that is known."""
        try:
            return self.name.partition(":")[2], inspect.getsource(_code(self._target)).encode()
        except (OSError, TypeError):
            return None

    def sent(self) -> bytes:
        """Returns it as workers are sent it.

        Raises:
            UserError: It holds something that can't be sent.
        """
        import cloudpickle

        try:
            return bytes(cloudpickle.dumps((self.name, self._target, self.folder, self._version)))
        except Exception as error:  # whatever an object in its closure raises
            raise UserError(
                f"{self.name.partition(':')[2]} can't be sent to the workers, which are processes: "
                f"{described(error)}; make what can't be sent inside the function"
            ) from error


def received(sent: bytes) -> GivenObjective:
    """Returns an objective that was sent to this process.

    Raises:
        UserError: What it needs is not to be had here.
    """
    import cloudpickle

    try:
        return GivenObjective(*cloudpickle.loads(sent))
    except Exception as error:  # whatever the imports of its modules raise
        raise UserError(f"a worker can't take up the objective: {described(error)}") from error


def name_of(target: Any, study: str) -> str:  # noqa: ANN401
    """Returns the "module:name" of something handed over, which its trainings are known by.

    What is of no module, as in a notebook, is told from others of its name by the study's.

    Args:
        target: The function or class.
        study: The study's name.

    Raises:
        UserError: It has no name.
    """
    code = _code(target)
    name = getattr(code, "__name__", type(code).__name__)
    if not name.isidentifier():
        raise UserError(f"Study: expected a function with a name (def score…), found {name!r}")
    module = getattr(code, "__module__", None) or "__main__"
    if module == "__main__":
        told_by = re.sub(r"\W", "_", study)
        module = f"{IN_PYTHON}.of_{told_by}"
    return f"{module}:{name}"


def folder_of(target: Any) -> Path:  # noqa: ANN401
    """Returns the folder of a function's file; where one is, of a notebook's."""
    try:
        file = Path(inspect.getsourcefile(_code(target)) or "")
    except (OSError, TypeError):  # of a class in a cell, Python finds no file
        file = Path()
    return file.resolve().parent if file.is_file() else Path.cwd()


def _code(target: Any) -> Any:  # noqa: ANN401
    """Returns what stands in the source: behind a partial, or an object's class."""
    while isinstance(target, partial):
        target = target.func
    return target if hasattr(target, "__name__") else type(target)
