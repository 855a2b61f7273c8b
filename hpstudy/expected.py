"""The words of an error: what was expected, what was found, and which known name is near."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST = 60  # characters of a value in a message
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# What pydantic's kinds of errors mean to a user; `{…}` stands for an entry of the error's context.
_EXPECTED = {
    "string_type": "expected text",
    "string_too_short": "expected some text",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_parsing_size": "expected a whole number of fewer digits",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected at least {ge}",
    "less_than": "expected less than {lt}",
    "less_than_equal": "expected at most {le}",
    "too_short": "expected at least {min_length} of them",
    "too_long": "expected at most {max_length} of them",
    "literal_error": "expected {expected}",
    "list_type": "expected a list",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "path_type": "expected a path",
}


def expectation(error: Mapping[str, Any]) -> str:
    """Returns in our words what an error of pydantic's says.

    Args:
        error: One of `ValidationError.errors()`.
    """
    if error["type"] == "missing":
        return "missing"
    if error["type"] == "value_error":  # our own
        return str(error["ctx"]["error"])
    words = _EXPECTED.get(error["type"], "expected something else")
    context = {k: f"{v:g}" if isinstance(v, float) else v for k, v in error.get("ctx", {}).items()}
    return f"{words.format_map(context)}, found {shown(error['input'])}"


def shown(value: object) -> str:
    """Returns a value as a message shows it: as TOML writes it, and short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, list):
        text = f"[{', '.join(shown(item) for item in value)}]"
    elif isinstance(value, dict):
        inside = ", ".join(f"{name} = {shown(item)}" for name, item in value.items())
        text = f"{{ {inside} }}" if value else "an empty table"
    else:
        text = repr(value)
    if len(text) <= _LONGEST:
        return text
    length = len(value) if isinstance(value, str) else len(text)
    return f"{text[: _LONGEST - 20]}… ({length:,} characters)"


def listed(words: Iterable[str], last: str = "or") -> str:
    """Returns words as a list in a sentence: "a, b or c"."""
    *some, end = words
    return f"{', '.join(some)} {last} {end}" if some else end


def did_you_mean(name: str, known: Iterable[str] | Mapping[str, str], likeness: float = 0.6) -> str:
    """Returns a hint for a message about an unknown name; empty where none is close.

    Args:
        name: The unknown name.
        known: The names that there are; a mapping says how each is shown.
        likeness: How close a name must be, up to 1 for the same one.
    """
    shown_as = known if isinstance(known, Mapping) else {name: name for name in known}
    close = difflib.get_close_matches(name, shown_as, n=1, cutoff=likeness)
    return f"; did you mean {shown_as[close[0]]!r}?" if close else ""


def one_line(text: str, longest: int = 300) -> str:
    """Returns text as one line of printable characters, cut where it is longer."""
    cut = text[: 2 * longest]  # an error's text may be of any length
    line = printable(" ".join(cut.split()))
    return line if len(line) <= longest and len(cut) == len(text) else f"{line[:longest]}…"


def printable(line: str) -> str:
    """Returns a line with what is no printable character spelled out: no terminal obeys it."""
    return "".join(c if c.isprintable() else _escaped(c) for c in line)


def harmless(text: str) -> str:
    """Returns text that moves no cursor, hides nothing and can be written, its lines as they are.

    Letters of all alphabets stay; what reverses their order would show another text than there is.
    """
    return _HARMFUL.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
