"""A function, a Training class or an Optuna objective in a file, as a subject; nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hpstudy.drafting.draft import Subject
from hpstudy.drafting.known import Known, usual
from hpstudy.drafting.suggested import suggested_in
from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, listed, one_line
from hpstudy.importing.names import is_seed, metric_rank
from hpstudy.metric import Direction, direction_of
from hpstudy.sampler import Level

_Function = ast.FunctionDef
_METHODS = {"epoch", "state_dict", "load_state_dict"}


@dataclass(frozen=True)
class Found:
    """What was found in a file.

    Attributes:
        subject: What to study.
        wrapper: The text of a module that calls it as hpstudy does, where it can't be as it is.
    """

    subject: Subject
    wrapper: str = ""


def find_in(file: Path, name: str, module: str) -> Found:
    """Reads a file, and returns what is there under a name.

    Args:
        file: A Python file.
        name: What to look for; "" for the only one there is.
        module: What the study file calls the file's module.

    Raises:
        UserError: It is no Python, or has nothing of that name.
    """
    tree = _parsed(file)
    known = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    node = known.get(name) if name else _only(known, file)
    if node is None:
        what = "no function or class" if known else "neither functions nor classes"
        some = f" (it has {listed([*known][:8], 'and')})" if known and name else ""
        hint = did_you_mean(name, [*known])
        raise UserError(f"{file}: {what}{f' named {name!r}' if name else ''}{some}{hint}")
    objective = f"{module}:{node.name}"
    if isinstance(node, ast.ClassDef):
        called = _methods(node).get("__call__")
        if called is None or not _is_optunas(called, after=1):
            return Found(_training(node, objective, file))
        return Found(_optunas(called, tree, objective, _title(node, file)))
    if _is_optunas(node):
        return Found(_optunas(node, tree, objective, _title(node, file)))
    arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    if arguments[:1] == ["params"] or {"seed", "settings"} <= {*arguments}:
        return Found(_function(node, objective, file, arguments[0]))
    return _wrapped(node, module, file)


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), filename=file.name)
    except OSError as error:
        raise UserError(f"{file}: can't be read: {error.strerror}") from error
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise UserError(f"{file}{line}: expected Python: {one_line(f'{error}', 80)}") from error


def _only(known: Mapping[str, ast.AST], file: Path) -> _Function | ast.ClassDef | None:
    """Returns what alone may be meant where no name is given."""
    likely = [
        node
        for node in known.values()
        if (isinstance(node, ast.ClassDef) and _methods(node).keys() >= _METHODS)
        or (isinstance(node, _Function) and (_is_optunas(node) or _takes_params(node)))
    ]
    if len(likely) == 1:
        (one,) = likely
        assert isinstance(one, _Function | ast.ClassDef)
        return one
    if known:
        names = listed([f"{file}:{name}" for name in [*known][:6]])
        raise UserError(f"{file}: expected which of its functions or classes, as {names}")
    return None


def _takes_params(node: _Function) -> bool:
    return bool(node.args.args) and node.args.args[0].arg == "params"


def _is_optunas(node: _Function, after: int = 0) -> bool:
    """Tells whether a function takes a trial, as its first argument or after a few."""
    arguments = [*node.args.posonlyargs, *node.args.args][after:]
    if not arguments:
        return False
    first = arguments[0]
    note = "" if first.annotation is None else ast.unparse(first.annotation)
    return "trial" in first.arg.lower() or "Trial" in note


def _title(node: _Function | ast.ClassDef, file: Path) -> str:
    says = (ast.get_docstring(node) or "").strip().partition("\n")[0].rstrip(".")
    return one_line(says, 60) if says else f"{node.name} of {file.name}"


def _optunas(node: _Function, tree: ast.Module, objective: str, title: str) -> Subject:
    known, left = suggested_in(node, tree)
    notes = ['An objective asks for its seed: hpstudy.seed(), or trial.user_attrs["seed"].']
    return Subject(
        title=title,
        objective=objective,
        known=known,
        direction=_optimized(tree),
        notes=notes,
        left=left,
    )


def _optimized(tree: ast.Module) -> Direction:
    """Returns which direction a file's own study goes; Optuna's is less, where it is not said."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "direction":
            return direction_of(minimize="max" not in ast.unparse(node.value))
    return direction_of(minimize=True)


def _function(node: _Function, objective: str, file: Path, params: str) -> Subject:
    return Subject(
        title=_title(node, file),
        objective=objective,
        known=[*_read({params}, node)],
        metric=_returned(node),
    )


def _training(node: ast.ClassDef, objective: str, file: Path) -> Subject:
    methods = _methods(node)
    missing = sorted(_METHODS - methods.keys())
    if missing and not node.bases:  # else it may inherit them
        raise UserError(
            f"{file}:{node.lineno}: {node.name} is no Training class: it lacks "
            f"{listed(missing, 'and')}"
        )
    known = [*_read({"params", "self.params", "self._params"}, node)]
    length = Known("epochs", 5, says="how long it trains")
    return Subject(
        title=_title(node, file),
        objective=objective,
        known=[*(one for one in known if one.name != "epochs"), length],
        metric=_returned(methods["epoch"]) if "epoch" in methods else None,
        fidelity="epochs",
    )


def _methods(node: ast.ClassDef) -> dict[str, _Function]:
    return {one.name: one for one in node.body if isinstance(one, _Function)}


def _read(names: set[str], node: ast.AST) -> Iterator[Known]:
    """Yields what is read of parameters: `params["lr"]`, `params.get("lr", 0.1)`."""
    found: dict[str, Level | None] = {}
    for one in ast.walk(node):
        key: ast.expr | None = None
        default: Level | None = None
        if isinstance(one, ast.Subscript) and ast.unparse(one.value) in names:
            key = one.slice
        elif (
            isinstance(one, ast.Call)
            and isinstance(one.func, ast.Attribute)
            and one.func.attr in ("get", "pop")
            and ast.unparse(one.func.value) in names
            and one.args
        ):
            key = one.args[0]
            default = literal(one.args[1]) if len(one.args) > 1 else None
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found[key.value] = found.get(key.value) if default is None else default
    for name, default in found.items():
        guess = usual(name) if default is None else None
        says = "a guess" if guess is not None else ""
        yield Known(name, guess if default is None else default, says=says)


def literal(node: ast.expr) -> Level | None:
    """Returns a value that is written out in source; None for anything else."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
    return value if isinstance(value, bool | int | float | str) else None


def _returned(node: _Function) -> str | None:
    """Returns the likeliest metric of those that a function returns by name."""
    names = [
        key.value
        for one in ast.walk(node)
        if isinstance(one, ast.Return) and isinstance(one.value, ast.Dict)
        for key in one.value.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    ]
    ranked = sorted(names, key=lambda name: _rank(metric_rank(name)))
    return ranked[0] if ranked else None


def _rank(rank: int | None) -> int:
    return 1000 if rank is None else rank


def _wrapped(node: _Function, module: str, file: Path) -> Found:
    """Makes a subject of a function whose hyperparameters are its own arguments."""
    plain = [*node.args.posonlyargs, *node.args.args]
    defaults = [*[None] * (len(plain) - len(node.args.defaults)), *node.args.defaults]
    pairs = [*zip(plain, defaults, strict=True)]
    pairs += zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    docs = _documented(ast.get_docstring(node) or "")
    known = []
    for argument, default in pairs:
        value = None if default is None else literal(default)
        choices = _literals(argument.annotation)
        guess = usual(argument.arg) if value is None and not choices else None
        says = docs.get(argument.arg, "") or ("a guess" if guess is not None else "")
        known.append(Known(argument.arg, guess if value is None else value, choices, says=says))
    seed = next((one.name for one in known if is_seed(one.name)), None)
    wrapper = f"{module.replace('.', '_')}_objective"
    subject = Subject(
        title=_title(node, file),
        objective=f"{wrapper}:objective",
        known=known,
        metric=_returned(node),
        fidelity=None,
        notes=[] if seed else [f"{node.name} takes no seed: without one, luck can't be told."],
    )
    passed = f", {seed}=seed" if seed else ""
    text = (
        f'"""Calls {node.name} of {file.name} as hpstudy calls an objective."""\n\n'
        f"from {module} import {node.name}\n\n\n"
        "def objective(params, *, seed, settings):\n"
        f"    return {node.name}(**params{passed})\n"
    )
    return Found(subject, text)


def _literals(annotation: ast.expr | None) -> list[Level]:
    """Returns the values of a `Literal[…]`."""
    if not isinstance(annotation, ast.Subscript) or not ast.unparse(annotation.value).endswith(
        "Literal"
    ):
        return []
    inside = annotation.slice
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    return [value for part in parts if (value := literal(part)) is not None]


def _documented(text: str) -> dict[str, str]:
    """Returns what a docstring says of each argument, one a line."""
    return {
        found[1]: found[2]
        for line in text.splitlines()
        if (found := re.match(r"\s*(?::param )?(\w+)(?: \([^)]*\))?:\s+(.+)", line))
    }
