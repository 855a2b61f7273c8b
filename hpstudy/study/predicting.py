"""What a saved model finds in pictures."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hpstudy.errors import UserError
from hpstudy.files import shown
from hpstudy.objective import Runtime
from hpstudy.objective.load import load_objective
from hpstudy.objective.shown import Found
from hpstudy.running.output import Say
from hpstudy.store.models import Model, find_model, saved_models
from hpstudy.study.picture_files import readable

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Read:
    """A picture and what was found in it.

    Attributes:
        file: The file, as given.
        image: The picture; None where it couldn't be read.
        found: What is in it, in reading order.
        error: Why there is nothing; empty where there is something.
    """

    file: str
    image: Image.Image | None
    found: Sequence[Found]
    error: str = ""


def chosen_model(name: str | None, folder: Path, say: Say) -> Model:
    """Returns the model of a name or path, or the newest.

    Raises:
        UserError: There is none.
    """
    if name == "":
        raise UserError("--model: expected a model's name, or the path of its card, found ''")
    if name is not None:
        return find_model(name, folder)
    models = saved_models(folder)
    if not models:
        raise UserError(f"no model in {shown(folder)}: `hpstudy train` makes one")
    if len(models) > 1:
        say(f"Model: {models[0].card.study}, the newest of {len(models)}; --model names another.")
    return models[0]


def predict(
    model: Model, files: Sequence[str], *, device: str, data: Path, say: Say
) -> Iterator[Read]:
    """Yields what a model finds in each picture, in their order.

    Args:
        model: The model.
        files: The pictures' files; "-" for the standard input.
        device: Where the network computes; "auto" for the objective's best.
        data: The folder of the data.
        say: Is told a line about a picture that has more to it.

    Raises:
        UserError: The objective can't be loaded, or says nothing of pictures.
    """
    card = model.card
    objective = load_objective(card.objective, Path(card.home))
    if objective.version != card.version:
        say(
            f"Note: the model is of version {card.version} of {card.objective}, which is at "
            f"version {objective.version} now: it may read otherwise than it did."
        )
    threads = max(1, min(card.threads, os.cpu_count() or 1))  # another machine's, maybe
    runtime = Runtime(
        device=objective.device(device), precision="fp32", threads=threads, data=f"{data}"
    )
    waiting: deque[Read] = deque()  # what was given to the objective, and what couldn't be

    def images() -> Iterator[Image.Image]:
        for file, picture in readable(files):
            if isinstance(picture, UserError):
                waiting.append(Read(file, None, (), f"{picture}"))
                continue
            if picture.note:
                say(picture.note)
            waiting.append(Read(file, picture.image, ()))
            yield picture.image

    answers = objective.predict(
        images(), model=model.file, params=card.params, settings=card.settings, runtime=runtime
    )
    for found in answers:
        for one in found:
            if card.classes and one.label not in card.classes:
                raise UserError(
                    f"objective {objective.name!r}: predict: expected one of the model's "
                    f"{len(card.classes)} classes, found {one.label!r}"
                )
        yield from _broken(waiting)
        if not waiting:
            raise UserError(f"objective {objective.name!r}: predict: expected one answer a picture")
        read = waiting.popleft()
        yield Read(read.file, read.image, found, "" if found else f"{read.file}: nothing found")
    yield from _broken(waiting)
    if waiting:
        raise UserError(f"objective {objective.name!r}: predict: expected one answer a picture")


def _broken(waiting: deque[Read]) -> Iterator[Read]:
    while waiting and waiting[0].error:
        yield waiting.popleft()
