"""Trained models that were saved: a file of weights each, and a card that says what it is."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hpstudy.errors import UserError
from hpstudy.expected import did_you_mean, expectation
from hpstudy.files import replacing, shown
from hpstudy.store.locks import hold

_OURS = (".json", ".html")  # what lies beside a model
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Card(BaseModel):
    """What a saved model is, in JSON beside it; keys that it doesn't know are of a later version.

    Attributes:
        study: The study's name, which is the model's too.
        home: The study file's folder, where the objective is looked for first.
        objective: "module:name".
        version: The objective's version.
        hyperparameters: Its setting, with how long it was trained.
        fidelity: Which hyperparameter that is.
        settings: What is the same for all of the study's trainings.
        seed: The replicate.
        device: The device type that it was trained on.
        precision: What it was trained in.
        threads: Processor threads that trained it.
        metric: The metric that the study compares.
        value: Its value after the last epoch.
        low: The lower end of its 95 % interval, where it has one.
        high: The upper end.
        interval: What that interval is of.
        test_examples: How many examples it was tested on, if that is known.
        classes: What the classes are called, from class 0.
        preprocessing: What is done to an example before the network sees it.
        versions: The versions of the software, by name.
        created: When it was saved, in UTC.
        training: The key of its training.
        file: The name of the file with the weights, beside the card.
        sha256: The digest of that file.
    """

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    study: str
    home: str
    objective: str
    version: int
    hyperparameters: dict[str, Any]
    fidelity: str | None
    settings: dict[str, Any]
    seed: int
    device: str
    precision: str
    threads: int
    metric: str
    value: Finite
    low: Finite | None = None
    high: Finite | None = None
    interval: str = ""
    test_examples: int | None = None
    classes: list[str] = []
    preprocessing: str = ""
    versions: dict[str, str]
    created: str
    training: str
    file: str = ""
    sha256: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """The hyperparameters as a `Training` takes them: without the fidelity."""
        return {k: v for k, v in self.hyperparameters.items() if k != self.fidelity}


@dataclass(frozen=True)
class Model:
    """A saved model.

    Attributes:
        card: What it is.
        path: The card's file.
    """

    card: Card
    path: Path

    @property
    def file(self) -> Path:
        """The file with the weights."""
        return self.path.with_name(self.card.file)

    @property
    def page(self) -> Path:
        """The page that shows it."""
        return self.path.with_suffix(".html")


def write_model(
    folder: Path,
    card: Card,
    write: Callable[[Path], object],
    page: Callable[[Model], str],
    *,
    database: str,
) -> Model:
    """Saves a model with its card and page; what has that name stays until all three are whole.

    Args:
        folder: Where models lie.
        card: What it is; `file` and `sha256` are filled in.
        write: Writes the weights to the file that it is given, or to one beside it.
        page: Makes the page that shows it.
        database: The database's address; one process at a time saves a model of a name.

    Raises:
        UserError: It wrote no file, or several, or it can't be written.
    """
    path = folder / f"{card.study}.json"
    with hold(database, f"model/{card.study}"):
        before = _weights_of(path)
        model = _written(path, card, write, page)
        if before not in (None, model.file):  # of another ending: nobody's now
            before.unlink(missing_ok=True)
    return model


def _written(
    path: Path, card: Card, write: Callable[[Path], object], page: Callable[[Model], str]
) -> Model:
    folder = path.parent
    with replacing(path) as told, replacing(path.with_suffix(".html")) as shows:
        for left in folder.glob(f".{_literal(card.study)}.*.draft"):  # by a killed process
            shutil.rmtree(left, ignore_errors=True)
        draft = Path(mkdtemp(dir=folder, prefix=f".{card.study}.", suffix=".draft"))
        try:
            write(draft / f"{card.study}.safetensors")
            file = _only_file(draft)
            name = f"{card.study}{file.suffix}"  # whatever it is called: others lie here too
            whole = card.model_copy(update={"file": name, "sha256": _digest(file)})
            told.write_text(f"{whole.model_dump_json(indent=2)}\n", encoding="utf-8")
            shows.write_text(page(Model(whole, path)), encoding="utf-8")
            file.replace(folder / name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return Model(whole, path)


def _weights_of(path: Path) -> Path | None:
    """Returns the weights that a card tells of; None where it is none, or they are others."""
    with suppress(UserError):
        return _checked(_read(path)).file
    return None


def find_model(name: str, folder: Path) -> Model:
    """Returns a saved model.

    Args:
        name: The name of the study that it was trained for, or the path of its card or weights.
        folder: Where a run's models lie.

    Raises:
        UserError: There is none, or it is damaged.
    """
    named, given = folder / f"{name}.json", Path(name)
    is_given = _is_file(given)
    path = given.with_suffix(".json") if is_given and not _is_file(named) else named
    if "/" in name and not is_given:
        raise UserError(f"{name}: no such model; expected a model's name, or the path of its card")
    if not _is_file(path):
        known = [card.stem for card in folder.glob("*.json")]
        there = f"found {', '.join(sorted(known))}" if known else "there is none yet"
        raise UserError(
            f"no model {name!r} in {shown(folder)}: {there}{did_you_mean(name, known)}; "
            f"`hpstudy train {name}` makes one"
        )
    return _checked(_read(path))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, a folder that may not be entered
        return False


def saved_models(folder: Path) -> list[Model]:
    """Returns the models that lie in a folder, the newest first; what is damaged is none."""
    found = []
    for path in filter(_is_file, folder.glob("*.json")):
        with suppress(UserError):
            found.append(_checked(_read(path)))
    return sorted(found, key=lambda model: model.card.created, reverse=True)


def _read(path: Path) -> Model:
    try:
        return Model(Card.model_validate_json(path.read_bytes()), path)
    except OSError as error:
        raise UserError(f"{shown(path)}: can't be read: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        why = f"{where}: {expectation(first)}" if where else "it is no JSON object"
        raise UserError(f"{shown(path)}: no card of a saved model: {why}") from error


def _checked(model: Model) -> Model:
    """Returns a model whose file is the one that its card tells of."""
    card, path = model.card, shown(model.path)
    if card.file != Path(card.file).name or not model.file.is_file():
        raise UserError(f"{path}: its weights, {card.file or 'no file'}, don't lie beside it")
    if _digest(model.file) != card.sha256:
        raise UserError(
            f"{shown(model.file)}: not the file that {path} tells of: damaged, or of another "
            f"training; `hpstudy train {card.study}` makes both anew"
        )
    return model


def _only_file(draft: Path) -> Path:
    found = sorted(draft.rglob("*"))
    if len(found) != 1 or not found[0].is_file():
        what = ", ".join(one.name for one in found) or "nothing"
        raise UserError(f"save_model: expected it to write one file, the one given, found {what}")
    if found[0].suffix in _OURS:
        raise UserError(
            f"save_model: expected a file of another kind than {found[0].name}: the card and the "
            "page are called so"
        )
    return found[0]


def _literal(name: str) -> str:
    """Returns a name as a pattern that means itself."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
