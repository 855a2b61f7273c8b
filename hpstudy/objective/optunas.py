"""What tells an objective of Optuna's, `objective(trial)`, from a function of ours."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from inspect import Parameter
from pathlib import Path
from typing import Any

from hpstudy.errors import UserError
from hpstudy.expected import one_line
from hpstudy.raised import described

_ANY = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def takes_trial(target: Any) -> bool:  # noqa: ANN401
    """Tells whether something is called with a trial, and needs nothing else.

    Its first parameter says so by its name or its annotation.

    Args:
        target: A callable; of a class, it is its objects that are asked about.
    """
    is_class = inspect.isclass(target)
    try:
        signature = inspect.signature(target.__call__ if is_class else target)
    except (TypeError, ValueError):
        return False
    first, *rest = [*signature.parameters.values(), Parameter("nothing", _ANY[0])][is_class:]
    if first.kind not in _BY_PLACE:
        return False
    note = getattr(first.annotation, "__name__", f"{first.annotation}")
    is_trial = first.name == "t" or "trial" in first.name.lower() or "Trial" in note
    return is_trial and all(p.default is not p.empty or p.kind in _ANY for p in rest)


def made(name: str, target: type) -> Any:  # noqa: ANN401
    """Returns an object of a class whose objects are objectives.

    Raises:
        UserError: It can't be made without arguments.
    """
    try:
        return target()
    except Exception as error:  # a user's class may raise anything
        called = name.partition(":")[2]
        raise UserError(
            f"objective {name!r}: {called}() raised {described(error)}; name an object of it: the "
            f"line objective = {called}(…) in its module, and {name.partition(':')[0]}:objective"
        ) from error


def refuse_running(name: str, file: Path) -> None:
    """Refuses a file that runs an Optuna study as soon as it is imported.

    Raises:
        UserError: It does.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):  # elsewhere, or its import will tell
        return
    for statement in tree.body:
        is_later = isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        is_guarded = isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)
        for line in [] if is_later or is_guarded else _optimizing(statement):
            raise UserError(
                f"objective {name!r}: {file.name}:{line}: importing it runs study.optimize, and "
                'hpstudy runs the trials: that line belongs under if __name__ == "__main__":'
            )


def refuse_optimizing(name: str, target: Any) -> None:  # noqa: ANN401
    """Refuses an objective that runs an Optuna study itself.

    Raises:
        UserError: It does.
    """
    try:
        lines, first = inspect.getsourcelines(target)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):  # a partial, an object, or no source
        return
    for line in _optimizing(tree):
        raise UserError(
            f"objective {name!r}: line {first + line - 1} calls study.optimize, and hpstudy runs "
            "the trials: expected the function that study.optimize is given, found the one that "
            f"calls it: {one_line(lines[line - 1], 80)}"
        )


def _optimizing(tree: ast.AST) -> Iterator[int]:
    """Yields the lines that call `study.optimize`, whatever leads to that study."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "optimize"
            and "study" in ast.unparse(node.func.value).lower()
        ):
            yield node.lineno
