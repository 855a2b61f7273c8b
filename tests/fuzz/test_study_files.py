"""Study files of every kind: what is wrong is said in a line, what is right is planned."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.fuzzing import PARTS, fuzz, keeps_promises, names, values

STUDIES = sorted((Path(__file__).parents[2] / "studies").glob("*.toml"))

_titles = st.sampled_from(["T", "<b>T</b> & é 数", "[red]x", "\u202eT", "שלום", "T\n\tT", "\x85"])
_good_names = st.sampled_from(["lr", "width", "kind", "wide", "größe", "a b", "x.y", "__proto__"])
_levels = {
    "lr": [0.1, 0.2, 1.0], "width": [8, 16, 4], "kind": ["a", "b", "<i>"], "wide": [True, False],
    "größe": [1e-320, 1e300, 0.1], "a b": [2**53, 0, -1], "x.y": ["", "x" * 40, "1"],
    "__proto__": [1, 2, 3],
}  # fmt: skip


@st.composite
def good_studies(draw: st.DrawFn) -> dict[str, Any]:
    """A study file of valid pieces that go together."""
    chosen = draw(st.lists(_good_names, min_size=1, max_size=4, unique=True))
    goes_by_epochs = draw(st.booleans())
    if goes_by_epochs:
        chosen = [*{"lr": 0, "width": 0, **dict.fromkeys(chosen)}]
    baseline: dict[str, Any] = {name: _levels[name][0] for name in chosen}
    study: dict[str, Any] = {"title": draw(st.sampled_from(["T", "<b>T</b> & é 数", "[red]x"]))}
    if goes_by_epochs:
        baseline["epochs"] = 2
        study |= {"objective": "walk:Walk", "fidelity": "epochs"}
    else:
        study |= draw(
            st.sampled_from(
                [
                    {"objective": "walk:total"},
                    {"command": "python x.py ${args}"},
                    {"command": ["python", "x.py", "${args}"], "flags": "underscore"},
                    {"imported": "x.csv"},
                    {"imported": "x.csv", "objective": "walk:total"},
                ]
            )
        )
    factors = draw(st.lists(st.sampled_from(chosen), min_size=1, unique=True))
    study["baseline"] = baseline
    study["settings"] = draw(st.sampled_from([{}, {"test_images": 100}, {"a": [1, {"b": True}]}]))
    compared = {
        "metric": draw(st.sampled_from(["value", "value_accuracy", "größe"])),
        "direction": draw(st.sampled_from(["maximize", "minimize"])),
        "validation": draw(st.sampled_from([0, 10])),
        "spreads": draw(st.sampled_from(["alike", "own"])),
        "trial_timeout": draw(st.sampled_from(["90s", "1h30m", 5])),
    }
    optional: dict[str, Any] = {
        "seeds": draw(st.sampled_from([1, [0], [0, 7], "3-5", 2])),
        "targets": draw(st.sampled_from([[], [0.5], [-1e300, 0]])),
        "equal_within": 0.1,
        "looks": draw(st.sampled_from([[3, 5], [2], [3, 5, 8, 12, 20]])),
        "metric_epochs": 2 if goes_by_epochs else 1,
    }
    some = draw(st.sets(st.sampled_from(sorted({**compared, **optional}))))
    grid = {key: value for key, value in {**compared, **optional}.items() if key in some}
    study["grid"] = {**grid, "factors": {name: _levels[name] for name in factors}}
    if draw(st.booleans()):
        space = {name: draw(_ranges(name)) for name in chosen if name != "__proto__"}
        if len(space) > 1 and "kind" in space:
            first = next(name for name in space if name != "kind")
            space[first] |= draw(st.sampled_from([{}, {"when": {"kind": ["a", "b"]}}]))
        shared = {key: value for key, value in compared.items() if key in some}
        more = draw(
            st.sampled_from(
                [{}, {"trials": 5, "finalists": 2}, {"confirm_looks": [2, 4], "confirm_seeds": 4},
                 {"confirm_seeds": 0}, {"choose_held_out": True}, {"equal_within": 0.01}]
            )
        )  # fmt: skip
        if space:
            study["search"] = {**shared, **more, "space": space}
    if draw(st.booleans()):
        level = _levels[factors[0]][0]
        expect = draw(
            st.sampled_from(
                [{"below": 0.5}, {"higher_than": level}, {"best": True}, {"rising": True},
                 {"equal_within": 0.1}, {"matters_most": True}]
            )
        )  # fmt: skip
        study["claims"] = [{"says": "so", "factor": factors[0], "level": level, "expect": expect}]
    if draw(st.booleans()) and "metric" in grid:
        study["metrics"] = {grid["metric"]: {"unit": draw(st.sampled_from(["share", "%", "s"]))}}
    if draw(st.booleans()) and factors[0] in ("lr", "width"):
        study["published"] = {factors[0]: {f"{_levels[factors[0]][0]}": 0.5}, "test_examples": 99}
    return study


def _ranges(name: str) -> st.SearchStrategy[dict[str, Any]]:
    levels = _levels[name]
    choices = {"choices": levels}
    if isinstance(levels[0], (bool, str)):
        return st.just(choices)
    low, high = min(levels), max(levels)
    plain = {"low": low, "high": high}
    more = [choices, plain] if low <= 0 else [choices, plain, {**plain, "log": True}]
    return st.sampled_from(more).map(dict)


_odd = values | st.sampled_from(
    [
        datetime.date(2020, 1, 1), datetime.time(1, 2), [[1]], {"a": {"b": {}}}, [1, 1.0],
        [1, True], [0.1, 0.10000000000000001], ["é", "e\u0301"], [2, 2], [float("nan")] * 2,
        {"low": 0, "high": 0}, {"low": 1, "high": 10, "step": 4}, {"low": -1e308, "high": 1e308},
        {"low": 5e-324, "high": 1e-320, "log": True}, "x" * 10_000, "os:system", "walk:",
        "walk:Walk.epoch", "a:b:c", "json:dumps", "(", "(a", "(a+)+$", "1e9h", "0-99999", "seed",
        "sh -c 'x' >", "${args", "1e999", [3, 2], [2, 100, 10_001], "90s", 1e-300, "share",
    ]
)  # fmt: skip
_keys = names | st.sampled_from(
    ["title", "objective", "command", "flags", "version", "output", "imported", "fidelity", "seeds",
     "settings", "looks", "factors", "space", "low", "high", "step", "choices", "when", "unit"]
)  # fmt: skip


def _places(table: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every key of a table and of what is in it."""
    found = []
    items = enumerate(table) if isinstance(table, list) else table.items()
    for key, value in items:
        found.append((*path, key))
        if isinstance(value, (dict, list)):
            found += _places(value, (*path, key))
    return found


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


@st.composite
def studies(draw: st.DrawFn) -> dict[str, Any]:
    """A study file of valid pieces, some of them changed."""
    study: dict[str, Any] = _copied(draw(good_studies()))
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 1, 2, 3]))):
        path = draw(st.sampled_from(_places(study)))
        home = study
        for key in path[:-1]:
            home = home[key]
        kind = draw(st.sampled_from(["value", "value", "value", "drop", "rename", "add"]))
        if kind == "value":
            home[path[-1]] = _copied(draw(_odd))
        elif kind == "drop":
            del home[path[-1]]
        elif isinstance(home, list):
            home.append(_copied(draw(_odd)))
        elif kind == "rename":
            home[draw(_keys)] = home.pop(path[-1])
        else:
            home[draw(_keys)] = _copied(draw(_odd))
        if not study:
            break
    return study


def toml(value: Any) -> str:
    """Returns a value as TOML writes it, tables in their line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{"".join(map(_escaped, value))}"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, int) and abs(value) >= 10**300:
        return f"{'-' * (value < 0)}1{'0' * 400}"
    if isinstance(value, float) and math.isfinite(value) and "e" in repr(value):
        return repr(value).replace("e", ".0e") if "." not in repr(value) else repr(value)
    return f"{value}"


def _escaped(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    return f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """A study file as bytes: of pieces, or one of ours, at times with its text damaged."""
    if draw(st.integers(0, 5)):
        study = draw(studies())
        lines = [f"{toml(key)} = {toml(value)}" for key, value in study.items()]
        text = "\n".join(lines)
        damaged = not draw(st.integers(0, 9))
    else:
        text = draw(st.sampled_from(STUDIES)).read_text()
        damaged = True
    if damaged:
        at = draw(st.integers(0, len(text)))
        until = at + draw(st.sampled_from([0, 1, 5, 10**9]))
        text = text[:at] + draw(st.sampled_from(DAMAGES) | st.text(max_size=4)) + text[until:]
    mark = draw(st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf", b"\xff\xfe"]))
    ends = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    return mark + text.replace("\n", ends).encode("utf-8", "surrogatepass")


DAMAGES = (
    "", "", '"', "'", "[", "]", "=", "\n", "\n[grid]\n", "\ntitle = 1\n", "\0", "#", "{", '"""',
    "\n[grid.factors]\n", "[[claims]]\n", "1979-05-27", "0x10", "1_000", "+nan", "\\ud800", "'''",
    "[" * 3000,
)  # fmt: skip
_FRESH = ("--runs", "fresh")  # where nothing has begun, so that anything may
COMMANDS = st.sampled_from(
    [
        *[("grid", "--plan", *_FRESH), ("grid", "--plan", "--json", *_FRESH)] * 4,
        *[("search", "--plan", "--json", *_FRESH), ("search", "--plan", *_FRESH)] * 2,
        ("grid", "--plan", "--until", "1", "--combine", *_FRESH),
        ("compare", "lr=0.2", "--plan", "--json", *_FRESH),
        *[("show",), ("show", "--json"), ("clean",), ("export",), ("grid", "--plan"), ("report",)],
    ]
)


def checked(begun: Any) -> tuple[Callable[[Any], object], st.SearchStrategy[Any]]:
    """The check of an example, and the examples."""

    def check(example: tuple[bytes, tuple[str, ...]]) -> None:
        text, (command, *options) = example
        (begun.path / "seek.toml").write_bytes(text)
        keeps_promises(begun, command, "seek.toml", *options)

    return check, st.tuples(texts(), COMMANDS)


@PARTS
def test_a_study_file_is_planned_and_shown_or_refused_in_a_line(begun: Any, part: int):
    fuzz(*checked(begun), 120, part)
