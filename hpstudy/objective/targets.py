"""What "module:name" names, imported and looked at before anything is trained."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, listed, one_line
from hpstudy.objective.aside import aside
from hpstudy.objective.beside import import_beside
from hpstudy.objective.hooks import hook
from hpstudy.objective.optunas import made, refuse_optimizing, refuse_running, takes_trial
from hpstudy.raised import described, place
from hpstudy.seeds import LARGEST_WHOLE

IN_PYTHON = "__main__"  # what a notebook's functions are of, and a script's own

_CLASS_PARTS = ("epoch", "state_dict", "load_state_dict")


def is_module_and_name(text: str) -> bool:
    """Tells whether a text is "module:name"; the module of a file is named without `.py`."""
    module, _, name = text.partition(":")
    parts = module.split(".")
    return all(map(str.isidentifier, [*parts, name])) and parts[-1] != "py"


def near_objective(text: str) -> str:
    """Returns the "module:name" that a text comes nearest to."""
    path, _, name = text.partition(":")
    module = path.removeprefix("./").removesuffix(".py").replace("/", ".")
    if not name and not path.endswith(".py"):  # "mine.score", or "score" alone
        module, _, name = module.rpartition(".")
    guess = f"{module or 'mine'}:{name or 'score'}"
    return guess if is_module_and_name(guess) else "mine:score"


def is_of_python(name: str | None) -> bool:
    """Tells whether an objective was given in Python, and is nowhere to be loaded from."""
    return name is not None and name.startswith(f"{IN_PYTHON}.")


def find_target(name: str, folder: Path) -> tuple[ModuleType, Any]:
    """Imports "module:name", looking in a folder first, then on `sys.path`.

    Args:
        name: "module:name" of a `Training` class, a plain function, or an objective of Optuna's.
        folder: The study file's folder.

    Returns:
        The module, and the class or function.

    Raises:
        UserError: The module can't be imported, or has no such class or function, or what it has
            can't be called as a training or a function is.
    """
    module_name, _, attribute = name.partition(":")
    if is_of_python(name):
        raise UserError(
            f"{attribute} was given to hpstudy.Study(…) in Python, and is trained from there; "
            "hpstudy show, report and export work here too"
        )
    module = _imported(module_name, name, folder)
    try:
        target = getattr(module, attribute)
    except AttributeError as error:
        raise UserError(_missing(name, attribute, module, folder)) from error
    return module, check_target(name, target)


def check_target(name: str, target: Any) -> Any:  # noqa: ANN401
    """Returns a class or function that can be trained, an object of a class that gives such.

    Args:
        name: Its "module:name".
        target: The class or function.

    Raises:
        UserError: It can't be called as a training or a function is.
    """
    if inspect.isclass(target) and takes_trial(target):
        target = made(name, target)
    if inspect.isclass(target):
        _check_class(name, target)
    else:
        _check_function(name, target)
    version = hook(target, "version", 1)
    if isinstance(version, bool) or not isinstance(version, int):
        found = one_line(repr(version), 60)
        raise UserError(f"objective {name!r}: version: expected a whole number, found {found}")
    if abs(version) > LARGEST_WHOLE:
        raise UserError(f"objective {name!r}: version: expected a smaller number, found {version}")
    return target


def _imported(module_name: str, name: str, folder: Path) -> ModuleType:
    """Imports a module; what it prints goes to stderr, as stdout is for results."""
    failed = f"objective {name!r}: importing it failed"
    refuse_running(name, folder / f"{module_name.replace('.', '/')}.py")
    try:
        with aside():
            return import_beside(module_name, folder)
    except SystemExit as error:
        code = "" if error.code is None else one_line(repr(error.code), 60)
        raise UserError(
            f"{failed}: {place(error, folder)}: it calls sys.exit({code}); what a script runs "
            'belongs under if __name__ == "__main__":'
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a user's module may raise anything
        if isinstance(error, ModuleNotFoundError) and _is_part(error.name, module_name):
            near = did_you_mean(module_name, [file.stem for file in folder.glob("*.py")])
            raise UserError(
                f"objective {name!r}: no module {error.name!r} in {folder} or on sys.path{near}"
            ) from error
        raise UserError(f"{failed}: {place(error, folder)}: {described(error)}") from error


def _is_part(missing: str | None, module: str) -> bool:
    return missing is not None and f"{module}.".startswith(f"{missing}.")


def _missing(name: str, attribute: str, module: ModuleType, folder: Path) -> str:
    file = Path(module.__file__ or module.__name__)
    shown = file.relative_to(folder) if file.is_relative_to(folder) else file
    known = [known for known in vars(module) if not known.startswith("_")]
    message = f"objective {name!r}: {shown} has no {attribute!r}{did_you_mean(attribute, known)}"
    own = folder / f"{module.__name__}.py"
    if own.is_file() and own != file:
        message += f"; it hides {own.name} beside the study file, which needs another name"
    return message


def _check_class(name: str, target: type) -> None:
    missing = [part for part in _CLASS_PARTS if not callable(getattr(target, part, None))]
    if missing:
        raise UserError(
            f"objective {name!r}: a Training class needs the methods {listed(_CLASS_PARTS, 'and')};"
            f" missing {', '.join(missing)}"
        )
    if inspect.isabstract(target):
        raise UserError(f"objective {name!r}: expected a class that can be made, found an abstract")
    _check_call(name, target, "params, *, seed, settings, runtime", runtime=None)
    _check_method(name, target, "epoch")
    _check_method(name, target, "state_dict")
    _check_method(name, target, "load_state_dict", "state")


def _check_function(name: str, target: object) -> None:
    if not callable(target):
        raise UserError(
            f"objective {name!r}: expected a Training class or a function, "
            f"found {type(target).__name__}"
        )
    call = target if inspect.isroutine(target) else target.__call__  # of an object
    if any(map(inspect.iscoroutinefunction, (target, call))) or inspect.isgeneratorfunction(call):
        raise UserError(
            f"objective {name!r}: expected a function that returns its result, "
            "found one that is async or yields"
        )
    if takes_trial(target):
        refuse_optimizing(name, target)
    else:
        _check_call(name, target, "params, *, seed, settings")


def _check_call(name: str, target: Callable[..., Any], expected: str, **more: object) -> None:
    """Checks that hpstudy's call fits; a callable that shows no signature passes."""
    called = name.partition(":")[2]
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return
    try:
        signature.bind({}, seed=0, settings={}, **more)
    except TypeError as error:
        found = one_line(f"{called}{signature}", 100)
        optunas = "" if inspect.isclass(target) else f" or, as Optuna has it, {called}(trial)"
        raise UserError(
            f"objective {name!r}: expected {called}({expected}){optunas}, found {found}"
        ) from error


def _check_method(name: str, target: type, method: str, *arguments: str) -> None:
    function = inspect.getattr_static(target, method)
    if not inspect.isfunction(function):
        return
    signature = inspect.signature(function)
    try:
        signature.bind(None, *arguments)
    except TypeError as error:
        expected = ", ".join(("self", *arguments))
        raise UserError(
            f"objective {name!r}: expected {method}({expected}), "
            f"found {one_line(f'{method}{signature}', 100)}"
        ) from error
