"""Names of an objective that were meant as a hook's, it seems: nothing would ever ask for them."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from hpstudy.expected import did_you_mean
from hpstudy.objective.hooks import HOOKS, hook

_NEAR = 0.8  # "step" is near "steps"; "checkpoint" isn't near "check", nor "features" "pictures"


def misspelt(target: object, source: Path | None) -> list[str]:
    """Returns what seems misspelt of an objective: "'prepair'; did you mean 'prepare'?".

    A name that the objective uses itself, as in `self.step()`, has its purpose, and so has one
    that a base class from elsewhere knows, or that stands beside the hook itself.

    Args:
        target: The class or function.
        source: The file that it lies in, if there is one.
    """
    missing = [name for name in HOOKS if hook(target, name) is None]
    near = {
        name: hint
        for name in _own_names(target)
        if not name.startswith("_")
        and name not in HOOKS
        and (hint := did_you_mean(name, missing, _NEAR))
    }
    used = _used(target, source) if near else set()
    return [f"{name!r}{hint}" for name, hint in near.items() if name not in used]


def _own_names(target: object) -> list[str]:
    """Returns what a class has of its own module, or what was set on a function."""
    if not inspect.isclass(target):
        return [*getattr(target, "__dict__", ())]
    own = [kind for kind in target.__mro__ if kind.__module__ == target.__module__]
    inherited = {name for kind in target.__mro__ if kind not in own for name in vars(kind)}
    return [name for kind in own for name in vars(kind) if name not in inherited]


def _used(target: object, source: Path | None) -> set[str]:
    """Returns the names that a file reads of an objective that lies in it."""
    try:
        tree = ast.parse(source.read_bytes() if source else b"")
    except (OSError, SyntaxError, ValueError):  # compiled, or edited since
        return set()
    owners = {"self", "cls", getattr(target, "__name__", "")}
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id in owners
    }
