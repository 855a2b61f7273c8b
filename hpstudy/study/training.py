"""Training one setting of a study, and saving what it has learned, with a card and a page."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from hpstudy.errors import StoppedError, UserError
from hpstudy.metric import Metric, Quantity
from hpstudy.objective import Objective, Step
from hpstudy.plans.scenario import PlannedPoint
from hpstudy.plans.training import (
    Choice,
    plan_training,
)
from hpstudy.running.fingerprint import told_apart
from hpstudy.running.lesson import Lesson, TakenUp, Waiting
from hpstudy.running.output import Say
from hpstudy.running.train import Trainee
from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.connections import Connections
from hpstudy.store.creation import check_ours
from hpstudy.store.models import Card, Model, find_model, write_model
from hpstudy.store.places import check_place, checkpoints_of, note_place
from hpstudy.store.records import Epoch, Records
from hpstudy.study.choosing import Asked, chosen
from hpstudy.study.opened import Opened
from hpstudy.study.planning import runtime_of
from hpstudy.studyfile.sections import Grid
from hpstudy.views.tables.training import seconds_of
from hpstudy.wording import counted, duration, elapsed, label, quantity, setting, words

_ANY_EPOCH = 2**62
_DROPPED = "their last state was dropped (--keep, hpstudy clean)"


class View(Protocol):
    """Shows a training as it goes."""

    def say(self, line: str) -> None:
        """Shows a line."""

    def epoch(self, epoch: Epoch, *, is_new: bool) -> None:
        """Shows an epoch; one that is not new was recorded before."""

    def step(self, step: Step) -> None:
        """Shows the latest step of the running epoch."""

    def again(self, count: int) -> None:
        """Shows how many epochs were trained again so far, as their state was gone."""


class Teller(Protocol):
    """Tells whoever watches how a training goes."""

    def say(self, line: str) -> None:
        """Tells what is to be known before and after it, a line at a time."""

    def training(self, label: str, last: int, metric: str) -> AbstractContextManager[View]:
        """Shows a training for the block.

        Args:
            label: What is trained.
            last: Its last epoch.
            metric: The metric that is compared.
        """


@dataclass(frozen=True)
class TrainedModel:
    """A trained model, saved.

    Attributes:
        model: The model.
        metric: The metric that it is told by.
        epochs: The epochs behind it.
        taken_over: How many of them were recorded before.
        again: How many of these had to be trained again, as their state was gone.
        seconds: How long training and saving took here.
    """

    model: Model
    metric: Metric
    epochs: tuple[Epoch, ...] = field(repr=False)
    taken_over: int
    again: int
    seconds: float

    @property
    def card(self) -> Card:
        """What it is."""
        return self.model.card

    @property
    def file(self) -> Path:
        """The file with what it has learned."""
        return self.model.file

    @property
    def page(self) -> Path:
        """The page that shows it."""
        return self.model.page

    @property
    def told(self) -> str:
        """Says how good it is, how sure that is, and how long it took."""
        card = self.card
        tested = quantity(Quantity(card.value, card.low, card.high), self.metric)
        of = f", 95 % interval of {card.test_examples:,} test examples" if card.interval else ""
        seconds = seconds_of(self.epochs)
        spent = "" if seconds is None else f", {duration(seconds)} of training"
        trained = len(self.epochs) - self.taken_over + self.again
        here = f"{trained} trained here in {elapsed(self.seconds)}"
        epochs = counted(len(self.epochs), "epoch")
        return f"{words(card.metric)} {tested}{of}; {epochs}{spent}; {here}."


def train(
    opened: Opened, objective: Objective, database: Connections, asked: Asked, teller: Teller
) -> TrainedModel:
    """Trains what is missing of one setting, and saves it.

    Args:
        opened: The study.
        objective: What it trains.
        database: The run's database.
        asked: What is to be trained.
        teller: Who tells how it goes.

    Raises:
        UserError: It can't be trained, or there would be nothing to save.
        StoppedError: It diverged, or the objective raised; finished epochs are kept.
        KeyboardInterrupt: It was interrupted; all finished epochs are kept.
    """
    start = time.monotonic()
    choice, lesson = _prepared(opened, objective, database, asked, teller.say)
    planned, records = lesson.planned, Records(database.writer.engine)
    note_place(opened.runs, database.writer)
    with (
        teller.training(_label(lesson), planned.epochs, lesson.metric) as view,
        Trainee(lesson, view.say) as trainee,
    ):
        from hpstudy.study.trained import Learned, card_of, page_of  # while it begins

        checkpoints = checkpoints_of(opened.runs, database.writer)
        course = _Course(checkpoints, planned, lesson.metric, view)
        epochs = tuple(course.run(trainee))
        learned = Learned(
            opened,
            objective,
            choice,
            lesson.scenario,
            planned,
            epochs,
            records.steps(planned.key, planned.epochs),
            records.predictions(planned.key, planned.epochs),
            trainee.versions,
        ).with_pictures(view.say)
        folder, card = opened.runs.models, card_of(learned)
        if note := _replaced(card, folder):
            view.say(note)
        shows = partial(page_of, learned)
        model = write_model(folder, card, trainee.save, shows, database=opened.runs.url)
    spent = time.monotonic() - start
    return TrainedModel(model, learned.metric, epochs, course.found, course.again, spent)


def _prepared(
    opened: Opened, objective: Objective, database: Connections, asked: Asked, say: Say
) -> tuple[Choice, Lesson]:
    """Returns what is to be trained, its data at hand.

    Raises:
        UserError: It can't be trained here, or there would be nothing to save.
    """
    if not objective.keeps_state:
        raise UserError(
            f"objective {objective.name!r} is {objective.kind}, which leaves nothing to save: a "
            "Training class has a state_dict, or save_model"
        )
    reader = database.reader
    choice = chosen(opened, objective, asked, reader, say)
    runtime = runtime_of(opened, objective, reader, asked.machine)
    scenario, planned = plan_training(
        opened.file,
        objective,
        choice,
        name=opened.name,
        home=opened.home,
        runtime=runtime,
        quick=opened.is_quick,
    )
    if reader is not None:
        check_ours(opened.runs.url)
    check_place(opened.runs, reader)
    if reader is not None and asked.best is not None:
        kind = scenario.fingerprint(choice.section)
        parts = ("grid",) if isinstance(choice.section, Grid) else ("search", "confirm")
        changes = [c for part in parts for c in told_apart(f"{opened.name}/{part}", reader, kind)]
        if changes:
            say(f"Note: {'; '.join(dict.fromkeys(changes))}: what to use was found before that.")
    objective.prepare(settings=planned.identity.settings, runtime=runtime)
    metric = getattr(choice.section, "confirming_metric", choice.section.metric)
    return choice, Lesson(scenario, planned, metric, opened.runs, objective.sent())


def _replaced(card: Card, folder: Path) -> str:
    """Says which other model a new one takes the place of; "" where there is none."""
    try:
        old = find_model(card.study, folder).card
    except UserError:  # none, or what is damaged
        return ""
    if (old.training, old.hyperparameters) == (card.training, card.hyperparameters):
        return ""
    others = {name: v for name, v in old.settings.items() if card.settings.get(name) != v}
    name = f"{setting({**old.hyperparameters, **others})}, seed {old.seed}"
    if old.version != card.version:
        name += f", version {old.version}"
    return f"Note: this takes the place of the model of {name} (--name keeps both)"


def _label(lesson: Lesson) -> str:
    identity, threads = lesson.planned.identity, lesson.scenario.runtime.threads
    how = f"{identity.device}, {identity.precision}, {counted(threads, 'thread')}"
    return f"{label(lesson.planned.point, {}, seeds=2)} on {how}"


class _Course:
    """How one training goes: what was there of it, and what is trained.

    Attributes:
        found: How many epochs were recorded before.
        again: How many of these had to be trained again.
    """

    def __init__(
        self, checkpoints: Checkpoints, planned: PlannedPoint, metric: str, view: View
    ) -> None:
        self._checkpoints = checkpoints
        self._planned = planned
        self._metric = metric
        self._view = view
        self._last = planned.epochs
        self.found = 0
        self.again = 0

    def run(self, trainee: Trainee) -> list[Epoch]:
        """Returns all epochs.

        Raises:
            StoppedError: It diverged.
        """
        epochs: list[Epoch] = []
        for news in trainee.news():
            if isinstance(news, Waiting):
                self._view.say("Another process is at this training: waiting for it.")
            elif isinstance(news, TakenUp):
                self.found = self.found or news.found
                if news.again:
                    self.again = news.again
                    self._view.again(news.again)
            elif isinstance(news, Step):
                self._view.step(news)
            else:
                epochs.append(news)
                self._view.epoch(news, is_new=news.number > self.found)
                if news.number == self.found and news.metrics[self._metric] is not None:
                    self._view.say(self._told())
        if epochs[-1].metrics[self._metric] is None:
            raise StoppedError(
                f"the training diverged in epoch {epochs[-1].number}: its {self._metric} is no "
                "finite number; nothing was saved"
            )
        return epochs

    def _told(self) -> str:
        """Says what is taken over, and what is trained again and why."""
        key, found, last = self._planned.key, self.found, self._last
        epochs = f"epoch{'s' if found > 1 else ''} {_span(1, found)}"
        state = self._checkpoints.latest(key, at_most=found)
        if state == found:
            rest = f"{_span(found + 1, last)} to train" if found < last else "that is all of them"
            return f"Taken over from the database: {epochs}; {rest}."
        kept = self._checkpoints.latest(key, at_most=_ANY_EPOCH)
        why = f"the only state kept is that after epoch {kept}" if kept > found else _DROPPED
        more = f", then {_span(found + 1, last)}" if found < last else ""
        again = f"{_span(state + 1, found)} again{more}"
        return f"In the database: {epochs}, but {why}; to train: {again}, with the same numbers."


def _span(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first} to {last}"
