"""Joining what a grid, a search or a comparison has begun, from wherever its database is reached.

Who joins does what the same command would do if it were started a second time: what is done is
known by the database alone, so they share the work, and whoever is left does the rest of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpstudy.errors import StoppedError, UserError
from hpstudy.results.grid import Failure
from hpstudy.running.course import Teller, Trained
from hpstudy.running.crew import Crew
from hpstudy.running.interrupts import check_interrupts
from hpstudy.sampler import SEED, Level
from hpstudy.store.addresses import shown_url
from hpstudy.store.connections import Connections
from hpstudy.store.database import Database
from hpstudy.store.studies import confirm_name, find_study, search_name, trials_of
from hpstudy.store.trials import (
    error_of,
    failed,
    is_finished,
    trace_of,
    trained_epochs,
    training_of,
)
from hpstudy.study.comparing import run_contest
from hpstudy.study.grid import Asked, run_grid
from hpstudy.study.noting import Note, check_same, latest_note, machine_of, names_of
from hpstudy.study.opened import Opened
from hpstudy.study.parties import Asked as AskedOfContest
from hpstudy.study.parties import (
    Contest,
    announcement,
    between_settings,
    between_studies,
    name_together,
)
from hpstudy.study.planning import search_plan
from hpstudy.study.search import run_search
from hpstudy.studyfile.changed import parse_changes, with_timeout

_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Joined:
    """What came of joining a command.

    Attributes:
        study: The study's name.
        command: "grid", "search" or "compare".
        trainings: How many trainings it took to their end, or to where they were pruned.
        epochs: How many epochs it trained, each as often as it did.
        seconds: How long it took.
        failed: The points that raised here.
        left: How many points of the whole command are not done, wherever they failed.
    """

    study: str
    command: str
    trainings: int
    epochs: int
    seconds: float
    failed: tuple[Failure, ...]
    left: int


def join(
    opened: Sequence[Opened],
    database: Connections,
    workers: int | None,
    teller: Teller,
    *,
    name: str | None = None,
    wait: float = 0.0,
) -> Joined:
    """Does what is left of the command that a study, or a comparison of two, was begun with last.

    Args:
        opened: The study, or both.
        database: Its database.
        workers: How many processes; as many as are of use where None.
        teller: Who tells how it goes.
        name: What two studies are called together; after both of them where None.
        wait: For how many seconds to wait, while nothing is begun or nothing is left of it.

    Raises:
        UserError: Nothing is begun, or it can't be joined with these files or on this machine.
        StoppedError: It stopped, as the command would.
        KeyboardInterrupt: It was interrupted; all finished epochs are kept.
    """
    together = name_together(opened, name)
    end, seen, has_waited = time.monotonic() + wait, None, False
    found: Joined | UserError = _nothing(together, opened[0].runs.url)
    while True:
        try:
            note = latest_note(_names(opened, together, database.reader), database.reader)
            if note is not None and note.time != seen:
                seen = note.time
                found = _join(note, opened, together, database, workers, teller)
                if has_waited or found.epochs or found.failed:
                    return found
        except UserError as error:  # what was begun doesn't fit yet, or the server isn't up
            if isinstance(error, StoppedError) or time.monotonic() >= end:
                raise
            if f"{error}" != f"{found}":
                teller.say(f"{error}.")
            found = error
        if time.monotonic() >= end:
            break
        if not has_waited:
            teller.say(f"Waiting for a grid, search or comparison of {together!r} to begin.")
        time.sleep(_LOOK_SECONDS)
        check_interrupts()
        has_waited = True
    if isinstance(found, UserError):
        raise found
    return found


def _nothing(name: str, url: str) -> UserError:
    return UserError(
        f"nothing to join: {shown_url(url)} holds no grid, search or comparison of {name!r} that "
        "was begun; start `hpstudy grid` or `hpstudy search` with this --storage, or --wait 10m "
        "for somebody to do so"
    )


def _names(opened: Sequence[Opened], together: str, reader: Database | None) -> list[str]:
    return names_of(together, reader) if len(opened) == 1 else [f"{together}/A", f"{together}/B"]


def _again(
    note: Note,
    opened: Sequence[Opened],
    together: str,
    database: Connections,
    crew: Crew,
    teller: Teller,
) -> Trained:
    """Runs a command again, as it was asked for."""
    limit = note.trial_timeout
    files = [Opened(**vars(one) | {"file": with_timeout(one.file, limit)}) for one in opened]
    machine, reader, options = machine_of(note, database.reader), database.reader, note.options
    for one in files:
        _check_device(one, machine.device)
    if note.command == "compare":
        parties = (
            between_studies(files[0], files[1], together, reader, machine)
            if len(files) > 1
            else between_settings(files[0], _changes(files[0], options["changes"]), reader, machine)
        )
        contest = Contest(*parties, announcement(parties, reader, AskedOfContest()))
        check_same(note, contest.opened)
        return run_contest(contest, database, crew, teller)
    check_same(note, files)
    (study,) = files
    objective = study.objective()
    if note.command == "grid":
        asked = Asked(**options, machine=machine)
        return run_grid(study, objective, database, asked, crew, teller)
    confirm, ablate = options["confirm"], options["ablate"]
    asked_of_search = {k: v for k, v in options.items() if k not in ("confirm", "ablate")}
    plan = search_plan(study, objective, reader, machine, **asked_of_search)
    return run_search(
        study, plan, objective, database, crew, teller, confirm=confirm, ablate=ablate
    )


def _changes(opened: Opened, noted: Mapping[str, object] | None) -> dict[str, Level]:
    """Returns what was noted to be changed, as far as the study file has it."""
    return parse_changes(opened.file, [f"{name}={value}" for name, value in (noted or {}).items()])


def _check_device(opened: Opened, device: str) -> None:
    try:
        opened.objective().device(device)
    except UserError as error:
        raise UserError(
            f"study {opened.name!r} is trained on {device}, which can't be used here: {error}"
        ) from error


def _join(
    note: Note,
    opened: Sequence[Opened],
    together: str,
    database: Connections,
    workers: int | None,
    teller: Teller,
) -> Joined:
    """Does what is left of a command, and returns what came of it by the trials that it ran."""
    crew = Crew(workers, invocation=note.invocation, joins=True)
    begun = time.monotonic()
    trained = _again(note, opened, together, database, crew, teller)
    seconds, reader = time.monotonic() - begun, database.reader
    assert reader is not None  # what was joined is there
    name = note.study.rpartition("/")[0]
    names = [note.study, *([confirm_name(name)] if note.study == search_name(name) else [])]
    ours = [t for one in names for t in trials_of(find_study(one, reader)) if crew.ran(t)]
    raised = [
        Failure(
            {key: value for key, value in trial.params.items() if key != SEED},
            int(trial.params.get(SEED, note.options.get("seed", 0))),
            error_of(trial) or "",
            trace_of(trial),
        )
        for trial in failed(ours)
    ]
    trainings = {training_of(trial) for trial in ours if is_finished(trial)}
    epochs = trained_epochs(ours).count
    return Joined(name, note.command, len(trainings), epochs, seconds, tuple(raised), trained.left)
