"""The options that a program's `--help` tells of, whichever library wrote it.

argparse, click, typer with its boxes, absl and tyro write an option a line or more, Hydra its
configuration as YAML.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from hpstudy.drafting.known import Known
from hpstudy.sampler import Level

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BOX = re.compile(r"^[│┃|]\s?|\s*[│┃|]\s*$")
_RULE = re.compile(r"^\s*[╭╰┏┗├─━╶]")
_OPTION = re.compile(r"^\s{0,12}(?:\*\s+)?-{1,2}[A-Za-z\[]")
_LONG = re.compile(r"(?<![\w-])--((?:\[no-?\])?[A-Za-z][\w.\-]*)")
_DEFAULT = re.compile(
    r"[(\[][^()\[\]]*?\bdefaults?(?: value)?(?:\s*[:=]\s*|\s+(?:to|is)\s+|\s+)"
    r"(?P<in>'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\([^)]*\)|[^)\];]+?)\s*(?:;[^)\]]*)?[)\]]"
    r"|\bdefaults?(?::\s*|=|\s+(?:to|is)\s+)(?P<out>'[^']*'|\"[^\"]*\"|[^\s,;]*[^\s,;.)\]])",
    re.IGNORECASE,
)
_CHOICES = re.compile(r"\{([^{}]+,[^{}]+)\}|[\[<]([\w.\-]+(?:\|[\w.\-]+)+)[\]>]")
_KIND = re.compile(
    r"\s<?(?:float|int(?:eger)?|number|bool(?:ean)?|text|str(?:ing)?|path)(?: range)?>?(?!\w)", re.I
)
_GAP = re.compile(r"\s{2,}")
_YAML = re.compile(r"^(\s*)([A-Za-z_][\w.\-/@]*):(?:\s+(.*?))?\s*$")
_OF_ALL = {"help", "version", "helpfull", "helpshort", "install-completion", "show-completion"}
_NOTHING = {"", "none", "null", "[]", "{}", "???", "required", "unset", "==suppress=="}


def options_in(text: str) -> list[Known]:
    """Returns the options that a help text tells of, each once."""
    lines = [_plain(line) for line in text.splitlines()]
    if any("Powered by Hydra" in line or re.match(r"=+ Config =+", line) for line in lines):
        return [*_of_hydra(lines)]
    found: dict[str, Known] = {}
    for block in _blocks(lines):
        one = _option(block)
        if one is not None and one.name not in _OF_ALL:
            found.setdefault(one.name, one)
    return list(found.values())


def value_of(text: str) -> Level | None:
    """Returns a value as a help text writes it; None for none."""
    text = text.strip()
    if text.lower() in _NOTHING:
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        value = ast.literal_eval(text.removeprefix("+"))
    except (ValueError, SyntaxError):
        value = text
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    if value is text or isinstance(value, bool | int | float):
        return value
    return _quoted(value) if isinstance(value, str) else None


def _quoted(value: str) -> Level | None:
    """Returns what stands in quotes: absl puts numbers there, too."""
    try:
        return float(value) if re.search(r"[.e]", value) else int(value)
    except ValueError:
        return {"true": True, "false": False}.get(value.lower(), value or None)


def _plain(line: str) -> str:
    line = _COLOUR.sub("", line).expandtabs()
    return "" if _RULE.match(line) else _BOX.sub("", line).rstrip()


def _blocks(lines: list[str]) -> Iterator[str]:
    """Yields each option with the lines that go on about it, which stand further in."""
    block: list[str] = []
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if _OPTION.match(line):
            yield from _joined(block)
            block = [line]
        elif block and line and indent > len(block[0]) - len(block[0].lstrip()):
            block.append(f"  {line.strip()}")
        else:
            yield from _joined(block)
            block = []
    yield from _joined(block)


def _joined(block: list[str]) -> Iterator[str]:
    if block:
        first, *others = block
        yield first.strip().removeprefix("*").strip() + "".join(f"  {o.strip()}" for o in others)


def _option(block: str) -> Known | None:
    """Reads an option: its names and what it takes, then what it does."""
    named, says = _parted(block)
    names = _LONG.findall(named)
    if not names:
        return None
    is_switch = any(re.match(r"\[?no-?\]?", name) for name in names[1:]) or "[no" in names[0]
    name = re.sub(r"^\[no-?\]", "", names[0])
    choices = _choices(named) or _choices(says[:60])
    default = _default(block)
    takes = _KIND.search(named) or choices or re.search(r"--[\w.\-]+[ =](?!-)\S", named)
    is_flag = is_switch or (not takes and not _KIND.search(f" {says[:24]}") and default is None)
    if isinstance(default, bool) and not takes:
        is_flag = True
    if is_switch and isinstance(default, str):  # click names the switch that is on
        default = not default.startswith("no-")
    if choices and default is not None and not isinstance(default, type(choices[0])):
        default = next((c for c in choices if str(c) == str(default)), default)
    says = _GAP.sub(" ", _DEFAULT.sub("", says)).strip(" .;:")
    return Known(name, default, choices, says=says, is_flag=is_flag)


def _parted(block: str) -> tuple[str, str]:
    """Parts what an option is called, with what it takes, from what it does."""
    if (colon := re.match(r"(--[\w\[\]\-]+(?: ?<[^>]*>)?): ?", block)) is not None:  # absl
        return colon[1], block[colon.end() :]
    parts = _GAP.split(block)
    count = 1
    while count < len(parts) and (
        parts[count].startswith("-") or _is_kind(parts[count]) or parts[count - 1].endswith(",")
    ):
        count += 1
    return " ".join(parts[:count]), "  ".join(parts[count:])


def _is_kind(part: str) -> bool:
    return _KIND.fullmatch(f" {part}") is not None or _CHOICES.fullmatch(part) is not None


def _choices(text: str) -> list[Level]:
    found = _CHOICES.search(text)
    if found is None:
        return []
    texts = found[1].split(",") if found[1] else found[2].split("|")
    values = [value_of(text) for text in texts if text.strip()]
    known = [value for value in values if value is not None]
    if {type(value) for value in known} == {int, float}:
        return [float(value) for value in known]
    return known if len({type(value) for value in known}) == 1 else [f"{v}" for v in known]


def _default(block: str) -> Level | None:
    found = [*_DEFAULT.finditer(block)]
    if not found:
        return None
    last = found[-1]
    return value_of((last["in"] or last["out"] or "").strip())


def _of_hydra(lines: list[str]) -> Iterator[Known]:
    """Yields the values of a configuration in YAML, named as Hydra's overrides name them."""
    begin = next((n for n, line in enumerate(lines) if re.match(r"=+ Config =+", line)), -1)
    inside: list[tuple[int, str]] = []
    for line in lines[begin + 1 :]:
        found = _YAML.match(line)
        if found is None or line.startswith("Powered by"):
            continue
        indent, name, text = len(found[1]), found[2], found[3]
        inside = [(depth, above) for depth, above in inside if depth < indent]
        if text is None:
            inside.append((indent, name))
        elif begin >= 0:
            yield Known(".".join([*(above for _, above in inside), name]), value_of(text))
