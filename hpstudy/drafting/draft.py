"""What is known of hyperparameters, as a draft of a study file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hpstudy.drafting.known import Known
from hpstudy.expected import one_line
from hpstudy.expected import shown as shown_value
from hpstudy.importing.names import direction_by, is_seed
from hpstudy.metric import Direction
from hpstudy.sampler import Level
from hpstudy.studyfile.compose import Draft, Place, Range, compose

_FIDELITY = re.compile(
    r"(?:num|n|max|nb|total)?_?(?:train(?:ing)?_?)?(?:epochs?|steps|iters?|iterations)", re.I
)
_NO_HYPERPARAMETER = re.compile(
    r"(?:^|[_.-])(?:dir|directory|path|file|out|output|save|log|logging|gpus?|cuda|cpu|mps|"
    r"accel|workers?|jobs|threads|processes|verbose|verbosity|quiet|debug|name|project|entity|"
    r"resume|checkpoints?|ckpt|fp16|bf16|tf32|amp|port|host|wandb|tensorboard|help|version|config|dry|run|seed|data|"
    r"dataset|root|url|interval|every|print|report|plot|show|eval|test|cache|download|rank|"
    r"local|push|hub|token|strategy|backend|deepspeed|fsdp|ddp|tqdm|bar|progress)(?:$|[_.-])"
    r"|^do_|device$|^(?:load|use|keep)_",
    re.I,
)
_MOST_FACTORS = 4  # that are varied; the others' levels are there as comments
_MOST_OTHERS = 30  # that are listed
_LONGEST_HELP = 60


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is to be studied.

    Attributes:
        title: The study in a few words.
        objective: "module:name"; None for a command.
        command: The program with its arguments.
        flags: How options are spelled: "underscore", or None for hyphens.
        known: Its hyperparameters.
        metric: What is compared; None where that is not known.
        direction: Which direction is better; None where the metric's name says it.
        fidelity: The hyperparameter that says how long to train, where that is sure.
        notes: What else to say, a line each, at the top.
        left: What could not be read, a line each.
    """

    title: str
    objective: str | None = None
    command: Sequence[str] | None = None
    flags: str | None = None
    known: Sequence[Known] = ()
    metric: str | None = None
    direction: Direction | None = None
    fidelity: str | None = None
    notes: Sequence[str] = ()
    left: Sequence[str] = ()


def is_fidelity(name: str) -> bool:
    """Tells whether a name is that of what says how long to train."""
    return _FIDELITY.fullmatch(name.replace("-", "_").rpartition(".")[2]) is not None


def is_hyperparameter(one: Known) -> bool:
    """Tells whether something seems to change how well a model learns."""
    if one.is_flag or is_seed(one.name) or one.base is None:
        return False
    return not _NO_HYPERPARAMETER.search(one.name) and bool(one.levels() or is_fidelity(one.name))


def text_of(subject: Subject, file: str) -> str:
    """Returns a study file's text.

    Args:
        subject: What is to be studied.
        file: What the file is called, for the comments.
    """
    varied = [one for one in subject.known if is_hyperparameter(one)]
    baseline = {one.name: _base(one) for one in varied}
    levels = {one.name: one.levels() for one in varied if not is_fidelity(one.name)}
    factors = dict(list(levels.items())[:_MOST_FACTORS])
    space = {one.name: _space(one) for one in varied if one.tried is not None or _is_listed(one)}
    is_searched = any(one.tried is not None for one in varied)
    metric = subject.metric or ("value" if subject.command is None else "accuracy")
    draft = Draft(
        title=subject.title,
        objective=subject.objective,
        command=subject.command,
        flags=subject.flags,
        fidelity=subject.fidelity,
        baseline=baseline,
        metric=metric,
        direction=subject.direction or direction_by(metric),
        seeds=range(3),
        factors=factors,
        space=space if is_searched else {},
        comments=_comments(subject, file, varied, levels),
    )
    return compose(draft)


def _base(one: Known) -> Level:
    base = one.base
    assert base is not None  # else it would be no hyperparameter
    is_length = is_fidelity(one.name) and isinstance(base, float) and base.is_integer()
    return int(base) if is_length else base


def _is_listed(one: Known) -> bool:
    return len(one.choices) > 1


def _space(one: Known) -> Range:
    return one.tried if one.tried is not None else Range(choices=list(one.choices))


def _comments(
    subject: Subject, file: str, varied: Sequence[Known], levels: Mapping[str, Sequence[Level]]
) -> dict[Place, str]:
    found: dict[Place, str] = {
        (): "\n".join(
            [
                "Written by hpstudy init, to be edited: what is varied, and around which values?",
                f"Then: hpstudy check {file}, and hpstudy grid {file}",
                *subject.notes,
                *(f"Could not be read: {line}" for line in subject.left),
            ]
        ),
        ("grid", "seeds"): "each setting is trained with seeds 0 to 2",
        ("grid", "factors"): "\n".join(_factors_said(levels)),
    }
    if subject.metric is None and subject.command is not None:
        found["grid", "metric"] = "a guess: what it prints, as in `accuracy: 0.93`"
    others = [one for one in subject.known if one not in varied and not is_seed(one.name)]
    found["baseline",] = "\n".join(_others_said(others))
    found |= {("baseline", one.name): _cut(one.says) for one in varied if one.says}
    lengths = [one.name for one in varied if is_fidelity(one.name)]
    if subject.fidelity is None and lengths and subject.command is not None:
        found["fidelity",] = (
            "where an epoch is the same however many follow it, a longer run serves the shorter:\n"
            f'fidelity = "{lengths[0]}"'
        )
    return found


def _factors_said(levels: Mapping[str, Sequence[Level]]) -> Iterable[str]:
    yield "what is varied, one at a time; the baseline's value is among the levels"
    for name, values in list(levels.items())[_MOST_FACTORS:]:
        yield f"{name} = {_toml(list(values))}"


def _others_said(others: Sequence[Known]) -> Iterable[str]:
    if others:
        yield "not varied, as they are switches, have no default, or seem to change no result:"
    for one in others[:_MOST_OTHERS]:
        default = "" if one.default is None else f" = {_toml(one.default)}"
        says = f"  # {_cut(one.says)}" if one.says else ""
        yield f"{one.name}{default}{says}"
    if len(others) > _MOST_OTHERS:
        yield f"… and {len(others) - _MOST_OTHERS} more"


def _toml(value: object) -> str:
    return shown_value(value).replace("'", '"')


def _cut(text: str) -> str:
    return one_line(text, _LONGEST_HELP)
