"""Options and arguments of every command, as the command line itself lists them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from typer.main import get_command

from hpstudy.cli import app
from tests.fuzz.fuzzing import NAMES, NUMBERS, PARTS, fuzz, keeps_promises

_COMMANDS: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]

# What keeps a command from training for long, fetching data, opening a port or running a program.
_ALWAYS = {
    "grid": ("--plan",), "search": ("--plan",), "compare": ("--plan",), "check": ("--threads", "0"),
    "train": ("--seed", "-1"), "dashboard": ("--runs", "none"), "data": ("--runs", "walk.py"),
    "predict": ("--runs", "none"), "delete": ("--runs", "none"), "clean": ("--runs", "none"),
    "import": ("--runs", "none"), "worker": ("--workers", "0"),
}  # fmt: skip

# What an option may well be given, good or bad; any may be given anything else too.
_LIKELY = (
    "walk.toml", "seek.toml", "total.toml", "walk", "report", "walk.py", "walk.py:total",
    "runs.csv", "lr=0.2", "width=16", "lr=", "=", "lr=x,width=", "best", "maximize", "share",
    "own", "auto", "cpu", "fp32", "tpe", "none", "csv", "0-4", "0,1,7", "3-3", "3,5,8", "90s",
    "1h30m", "4GB", "0.3", "0", "sqlite:///x.db", "sqlite://", "sqlite:///walk.py",
    "mysql://u:secret@h/d", "postgresql://u:secret@127.0.0.1:1/d", "memory://x",
    "sqlite:////proc/x.db", ":memory:", "runs", "none/x", "/dev/null",
    "/proc/none", ".", "..", "~", "\\", "a\\b", "x.html", "x.toml", "(", "acc=(", "acc=(.*)",
    "(a+)+$=x", "9" * 5000, "x" * 5000, "²", "\uff11", "0x10", "1_0", "1e3", "--", "-", "@x", "*",
)  # fmt: skip

_texts = (
    st.sampled_from(_LIKELY)
    | st.sampled_from(NAMES)
    | st.sampled_from(NUMBERS).filter(lambda n: abs(n) < 10**300).map(str)
    | st.text(max_size=5)
).filter(lambda text: "\0" not in text)  # no program can be given it


@st.composite
def asked(draw: st.DrawFn) -> list[str]:
    """A command with some of its arguments and options."""
    name = draw(st.sampled_from(sorted(_COMMANDS)))
    arguments: list[str] = []
    options = [param for param in _COMMANDS[name].params if param.param_type_name == "option"]
    for option in draw(st.lists(st.sampled_from(options), max_size=4)):
        spelled = draw(st.sampled_from([*option.opts, *option.secondary_opts]))
        if option.is_flag:
            arguments += draw(st.sampled_from([[spelled], [spelled], [f"{spelled}=x"]]))
        else:
            arguments += [spelled, draw(_texts)]
    given = draw(st.lists(_texts, max_size=2))
    if draw(st.booleans()) and name not in ("delete", "data", "init", "import", "predict"):
        given = ["seek.toml", *given[:1]]
    place = draw(st.integers(0, len(arguments)))
    stop = ["--"] if name == "init" and draw(st.booleans()) else []
    extra = [] if stop else list(_ALWAYS.get(name, ()))
    return [name, *arguments[:place], *stop, *given, *arguments[place:], *extra]


_ENVIRONMENT = st.dictionaries(
    st.sampled_from(
        ["HPSTUDY_RUNS", "HPSTUDY_STORAGE", "HPSTUDY_WORKERS", "HPSTUDY_KEEP", "HPSTUDY_PUBLISH",
         "COLUMNS"]
    ),
    _texts.filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text)),
    max_size=1,
)  # fmt: skip


def checked(begun: Any) -> tuple[Callable[[Any], object], st.SearchStrategy[Any]]:
    """The check of an example, and the examples."""
    begun.write("total.toml", TOTAL)
    begun.write("runs.csv", "lr,seed,acc\n0.1,0,0.5\n0.2,0,0.6\n0.1,1,0.7\n0.2,1,0.8\n")

    there = {*begun.path.rglob("*")}

    def check(example: tuple[list[str], dict[str, str]]) -> None:
        arguments, environment = example
        for path in sorted({*begun.path.rglob("*")} - there, reverse=True):  # of another example
            path.unlink() if path.is_file() or path.is_symlink() else path.rmdir()
        told = [a for before, a in pairwise(["", *arguments]) if before != "--storage"]
        told += [text for name, text in environment.items() if name != "HPSTUDY_STORAGE"]
        secret = None if any("secret" in text for text in told) else "secret"
        keeps_promises(begun, *arguments, env=environment, secret=secret)

    return check, st.tuples(asked(), _ENVIRONMENT)


TOTAL = """
title = "Sums"
objective = "walk:total"
baseline = { x = 1, y = 2.5 }
[grid.factors]
x = [1, 2]
"""


@PARTS
def test_options_are_taken_or_refused_in_a_line(begun: Any, part: int):
    fuzz(*checked(begun), 50, part)
