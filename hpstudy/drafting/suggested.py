"""The `trial.suggest_…` calls of an Optuna objective, read as text."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hpstudy.drafting.known import Known
from hpstudy.expected import one_line
from hpstudy.studyfile.compose import Range

_KINDS = {"suggest_float", "suggest_int", "suggest_categorical"}
_OLD = {"suggest_uniform", "suggest_loguniform", "suggest_discrete_uniform"}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_MOST_POWER = 64


class _UnreadError(Exception):
    """Something in a call is not written out."""


def suggested_in(node: ast.FunctionDef, tree: ast.Module) -> tuple[list[Known], list[str]]:
    """Returns what an objective suggests, and what of it could not be read.

    Args:
        node: The objective.
        tree: Its module: functions that it calls suggest too, and constants have names there.
    """
    names = _constants(tree)
    known: dict[str, Known] = {}
    left: list[str] = []
    for call in _calls(node, tree):
        try:
            one = _known(call, names)
        except _UnreadError:
            left.append(f"line {call.lineno}: {one_line(ast.unparse(call), 80)}")
        else:
            known.setdefault(one.name, one)
    return list(known.values()), left


def _calls(node: ast.FunctionDef, tree: ast.Module) -> Iterator[ast.Call]:
    """Yields the calls in a function, and in those of its module that it calls."""
    functions = {one.name: one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
    todo, seen = [node], set[str]()
    while todo:
        one = todo.pop(0)
        seen.add(one.name)
        calls = [call for call in ast.walk(one) if isinstance(call, ast.Call)]
        for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
            if isinstance(call.func, ast.Attribute) and call.func.attr in _KINDS | _OLD:
                yield call
            called = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
            if called in functions and called not in seen:
                seen.add(called)
                todo.append(functions[called])


def _known(call: ast.Call, names: Mapping[str, Any]) -> Known:
    assert isinstance(call.func, ast.Attribute)
    kind = call.func.attr
    if any(isinstance(a, ast.Starred) for a in call.args) or any(
        k.arg is None for k in call.keywords
    ):
        raise _UnreadError
    order = ("name", "choices") if kind == "suggest_categorical" else ("name", "low", "high")
    given = {name: _value(arg, names) for name, arg in zip(order, call.args, strict=False)}
    if kind == "suggest_discrete_uniform" and len(call.args) > len(order):
        given["step"] = _value(call.args[len(order)], names)
    given |= {f"{k.arg}": _value(k.value, names) for k in call.keywords}
    if not isinstance(given.get("name"), str):
        raise _UnreadError
    if kind == "suggest_categorical":
        choices = given.get("choices")
        if not isinstance(choices, Sequence) or isinstance(choices, str) or not _plain(choices):
            raise _UnreadError
        return Known(given["name"], choices=[*choices])
    if not _plain([given.get("low"), given.get("high")]):
        raise _UnreadError
    return Known(given["name"], tried=_range(kind, given))


def _range(kind: str, given: Mapping[str, Any]) -> Range:
    number: type[float] = int if kind == "suggest_int" else float
    step = given.get("step", given.get("q"))
    log = bool(given.get("log", kind == "suggest_loguniform"))
    usual = kind == "suggest_int" and step == 1
    return Range(
        number(given["low"]),
        number(given["high"]),
        log=log,
        step=None if step is None or usual or log else number(step),
    )


def _plain(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(value, bool | int | float | str) for value in values)


def _constants(tree: ast.Module) -> dict[str, Any]:
    """Returns what a module's own names stand for, where that is written out."""
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = _value(node.value, found)
            except _UnreadError:
                found.pop(node.targets[0].id, None)
    return found


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Returns a literal's value, with named constants and sums in it.

    Raises:
        _UnreadError: It is none.
    """
    match node:
        case ast.Constant():
            return node.value
        case ast.Name() if node.id in names:
            return names[node.id]
        case ast.List() | ast.Tuple():
            return [_value(one, names) for one in node.elts]
        case ast.UnaryOp(op=ast.USub()):
            return _computed(lambda: -_value(node.operand, names))
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            one, other = _value(node.left, names), _value(node.right, names)
            if isinstance(node.op, ast.Pow) and not abs(other) <= _MOST_POWER:
                raise _UnreadError
            return _computed(lambda: _ARITHMETIC[type(node.op)](one, other))
    raise _UnreadError


def _computed(work: Callable[[], Any]) -> Any:  # noqa: ANN401
    try:
        return work()
    except (TypeError, ArithmeticError, ValueError) as error:
        raise _UnreadError from error
