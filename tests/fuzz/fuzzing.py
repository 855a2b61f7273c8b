"""What holds whatever a command is given, and how many examples try it.

By default 200 examples; `pytest -m slow tests/fuzz` tries 10,000 others, in 25 parts of each kind.
Each part draws from a seed of its own, so that it is the same wherever it runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from hpstudy.expected import harmless

PARTS = pytest.mark.parametrize(
    "part", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 26))]
)

NUMBERS = (
    0, 1, -1, 2, 3, 7, 100, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30,
    10**400, 0.0, -0.0, 0.1, 0.30000000000000004, 1.0, 1.5, -2.5, 1e-320, 5e-324, 1e-9, 1e16,
    1.7e308, float("inf"), float("-inf"), float("nan"),
)  # fmt: skip
NAMES = (
    "", " ", "lr", "epochs", "width", "value", "seed", "precision", "validation", "threads",
    "device", "settings", "baseline", "grid", "__proto__", "constructor", "a.b", "a/b", "..",
    "a=b", "a,b", "A", "é", "e\u0301", "größe", "数", "\u202eabc", "a\u200bb", "a\nb",
    "\x1b[31mred", "\x00", "\ud800", "<b>bold</b>", "<script>alert(1)</script>", "[bold]",
    "{lr}", "${lr}", "%s", "=1+1", "|", "`x`", "![](http://x.invalid)", "CON", "x" * 300, "true",
    "1", "1.0", "nan", "None", "-", "--help",
)  # fmt: skip

numbers = st.sampled_from(NUMBERS)
names = st.sampled_from(NAMES) | st.text(max_size=6)
scalars = numbers | names | st.booleans()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=2)
)


def fuzz(
    check: Callable[[Any], object], examples: st.SearchStrategy[Any], count: int, part: int
) -> None:
    """Tries a check on as many examples as a part has.

    Args:
        check: What raises where the example shows a fault.
        examples: Where examples come from.
        count: How many the default run tries; a later part, twice as many, or 80 at least.
        part: The number of the part.
    """

    @settings(
        max_examples=count if part == 0 else max(2 * count, 80),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @seed(part)
    @given(examples)
    def tried(example: object) -> None:
        check(example)

    tried()


def _no_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} is no JSON")


def keeps_promises(
    folder: Any,
    *args: str,
    env: Mapping[str, str | None] | None = None,
    stdin: str = "",
    traces: bool = False,
    secret: str | None = None,
) -> int:
    """Runs a command and checks what all of them promise; returns its exit code.

    Args:
        folder: The user's folder.
        args: The command.
        env: The environment's changes.
        stdin: What is typed.
        traces: Whether it is to show the tracebacks of what failed.
        secret: What may be nowhere in what it says.
    """
    before = _files(folder)
    code, (out, err) = folder.outcome(*args, env=env, stdin=stdin)
    assert code in (0, 1, 2), f"exit code {code}"
    for text in (out, err):
        assert traces or "Traceback" not in text
        assert secret is None or secret not in text
        assert harmless(text) == text, f"a terminal obeys this: {text!r}"
    if code == 2:
        *notes, error = err.splitlines()
        assert error.startswith("Error: "), err
        assert not any(note.startswith("Error: ") for note in notes), err
        assert len(error) < 1200, err
        assert _files(folder) == before, "bad input wrote a file"
    if "--json" in args and "--help" not in args and out:
        json.loads(out, parse_constant=_no_constant)
    return code


def _files(folder: Any) -> dict[str, tuple[int, int]]:
    return {
        f"{path}": (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.path.rglob("*")
        if path.is_file() and "-shm" not in path.name and "-wal" not in path.name
    }
