"""A PostgreSQL server as the database: made whole, the same bits, refusals in a line."""

from __future__ import annotations

import json
import math
import multiprocessing
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import optuna
import pytest
from optuna.distributions import FloatDistribution

from hpstudy.errors import UserError
from hpstudy.objective import Step
from hpstudy.store.database import exists, open_database
from hpstudy.store.records import Epoch, Identity, Records
from hpstudy.store.schema import VERSION
from tests.servers import PASSWORD

# What a number, a text or a setting may be, and comes back as it was.
NUMBERS = [0.1 + 0.2, 1e-300, 1.7976931348623157e308, -0.0, 1 / 3]
SETTINGS = {"clip": math.inf, "drop": math.nan, "text": "naïve \0 \ud800 ‰", "many": 2**62}


def bits(value: float) -> bytes:
    return struct.pack("d", value)


def create(url: str) -> None:
    open_database(url, write=True).close()


def test_processes_that_open_an_empty_database_at_once_make_it_whole(postgres, postgres_url):
    assert not exists(postgres_url)
    with pytest.raises(UserError, match="no database there yet"):
        open_database(postgres_url, write=False)
    context = multiprocessing.get_context("forkserver")
    processes = [context.Process(target=create, args=(postgres_url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 3
    name = postgres_url.rpartition("/")[2]
    assert postgres.sql("SELECT version FROM hpstudy_version", name) == f"{VERSION}"
    assert postgres.sql("SELECT count(*) FROM alembic_version", name) == "1"


def test_whatever_is_recorded_comes_back_bit_by_bit(postgres_url):
    database = open_database(postgres_url, write=True)
    study = optuna.create_study(study_name="s" * 300, storage=database.storage)
    spans = {"lr": FloatDistribution(0.0, 1.7976931348623157e308)}
    for number in NUMBERS:
        trial = study.ask()
        trial.set_user_attr("said", SETTINGS)
        for step, value in enumerate([number, math.nan, math.inf, -math.inf], 1):
            trial.report(value, step)
        study.tell(trial, number)
    study.add_trial(optuna.create_trial(value=-math.inf, params={"lr": 1 / 3}, distributions=spans))
    records, seed = Records(database.engine), 2**62
    identity = Identity("m:f", 20261130041500, SETTINGS, SETTINGS, seed, "fp32", "cpu", 1)
    metrics = {f"m{n}": number for n, number in enumerate(NUMBERS)}
    step = Step(2**40, NUMBERS[0], math.nan)
    for _ in range(2):
        records.add(identity, Epoch(1, metrics), steps=[step], predictions=b"\0\xff")
    database.close()

    database = open_database(postgres_url, write=False)
    records = Records(database.engine)
    trials = optuna.load_study(study_name="s" * 300, storage=database.storage).trials
    for number, trial in zip(NUMBERS, trials, strict=False):
        assert bits(trial.value) == bits(number)
        assert [*map(bits, trial.intermediate_values.values())] == [
            *map(bits, [number, math.nan, math.inf, -math.inf])
        ]
        assert json.dumps(trial.user_attrs["said"]) == json.dumps(SETTINGS)
    assert trials[-1].value == -math.inf
    assert bits(trials[-1].params["lr"]) == bits(1 / 3)
    read = records.trainings_of([identity.key])[identity.key].identity
    assert (json.dumps(read.settings), read.seed, read.version) == (
        json.dumps(SETTINGS), seed, identity.version
    )  # fmt: skip
    (epoch,) = records.epochs(identity.key)
    assert [*map(bits, epoch.metrics.values())] == [*map(bits, NUMBERS)]
    (step,) = records.steps(identity.key)
    assert (step.seen, bits(step.loss), math.isnan(step.accuracy)) == (
        2**40, bits(NUMBERS[0]), True
    )  # fmt: skip
    assert records.predictions(identity.key, 1) == b"\0\xff"
    database.close()


def test_a_grid_gives_the_same_as_in_a_file_and_shows_no_password(postgres_folder):
    def told(where) -> dict:
        text = where.run("grid", "walk.toml", "--json").stdout
        assert PASSWORD not in text
        database = open_database(where.url, write=False)
        trials = optuna.load_study(study_name="walk/grid", storage=database.storage).trials
        database.close()
        return {
            json.dumps(t.params, sort_keys=True): [*map(bits, t.intermediate_values.values())]
            for t in trials
        }

    there = told(postgres_folder)
    file = replace(postgres_folder, storage=None)
    assert told(file) == there
    for command in ("show", "export", "report"):
        said = postgres_folder.run(command, "walk.toml")
        assert PASSWORD not in f"{said}"
    page = (file.path / "runs" / "report" / "walk.html").read_text()
    assert PASSWORD not in page
    assert "--storage postgresql+psycopg://hpstudy@127.0.0.1" in page


def _plain(postgres, url: str) -> None:
    storage = optuna.storages.RDBStorage(url)
    optuna.create_study(study_name="walk/grid", storage=storage)
    storage.engine.dispose()


def _others(postgres, url: str) -> None:
    postgres.sql("CREATE TABLE users (id int)", url.rpartition("/")[2])


def _newer(postgres, url: str) -> None:
    create(url)
    postgres.sql("UPDATE hpstudy_version SET version = 7", url.rpartition("/")[2])


def _read_only(postgres, url: str) -> None:
    create(url)
    name = url.rpartition("/")[2]
    postgres.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (_plain, "holds plain Optuna studies, beside which hpstudy writes nothing"),
        (_others, "holds another program's tables: expected a study's"),
        (_newer, "was written by a newer hpstudy: its tables have version 7"),
        (_read_only, "it can't be written to: cannot execute INSERT in a read-only transaction"),
    ],
)
def test_what_is_not_ours_to_write_to_is_said_in_a_line(postgres, postgres_folder, before, message):
    before(postgres, postgres_folder.url)
    code = 1 if before is _read_only else 2
    said = postgres_folder.run("grid", "walk.toml", code=code).stderr
    assert said.startswith("Error: postgresql+psycopg://hpstudy@127.0.0.1:")
    assert message in said
    assert said.count("\n") == 1
    assert postgres_folder.trained() == []


def test_what_cannot_be_opened_is_said_in_a_line(postgres, postgres_url, folder):
    name = postgres_url.rpartition("/")[2]
    postgres.sql("CREATE ROLE weak LOGIN PASSWORD 'weak'")
    weak = postgres.url(name).replace(f"hpstudy:{PASSWORD}", "weak:weak")
    there = postgres.url(name)
    refusals = {
        there.replace(f":{postgres.port}/", ":1/"): "Connection refused",
        postgres.url(name, "wrong"): 'password authentication failed for user "hpstudy"',
        postgres.url(name, None): "no password supplied (PGPASSWORD or ~/.pgpass holds it)",
        postgres.url("nowhere"): 'database "nowhere" does not exist',
        f"{there}?sslmode=wrong": 'invalid sslmode value: "wrong"',
        f"{there}?nonsense=1": 'invalid connection option "nonsense"',
        weak: "permission denied for schema public",
    }
    for url, reason in refusals.items():
        for command in ("show", "grid") if url is not weak else ("grid",):
            said = folder.error(command, "walk.toml", "--storage", url)
            assert said.endswith(f": can't be opened as a database: {reason}")
            assert PASSWORD not in said
            assert "weak:weak" not in said


FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON hpstudy_epochs EXECUTE FUNCTION full_disk();
"""


def test_a_server_whose_disk_is_full_ends_the_run_in_a_line_and_it_goes_on(
    postgres, postgres_folder
):
    create(postgres_folder.url)
    name = postgres_folder.url.rpartition("/")[2]
    postgres.sql(FULL, name)
    said = postgres_folder.run("grid", "walk.toml", "--factor", "lr", code=1).stderr
    full = "the server's disk is full; what was recorded is kept: could not extend file"
    assert said.splitlines()[-1].endswith(full)
    postgres.sql("DROP TRIGGER full_disk ON hpstudy_epochs", name)
    done = postgres_folder.json("grid", "walk.toml", "--factor", "lr")
    assert done["grid"]["trials"]["complete"] == 2
    assert done["grid"]["trials"]["failed"] == 0


def test_what_several_record_at_once_is_there_once(postgres_url):
    database = open_database(postgres_url, write=True)
    records = Records(database.engine)
    trainings = [Identity("m:f", 1, {}, {}, seed, "fp32", "cpu", 1) for seed in range(10)]

    def add(_: int) -> None:
        for training in trainings:
            records.add(training, *(Epoch(n, {"value": float(n)}) for n in (1, 2)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    assert records.counts() == {training.key: 2 for training in trainings}
    database.close()


def test_the_server_is_to_notice_a_machine_that_vanished(postgres_url):
    engine = open_database(postgres_url, write=True).engine
    with engine.begin() as first, engine.begin() as second:
        for one in (first, second):
            assert one.exec_driver_sql("SHOW tcp_keepalives_idle").scalar() == "15"
    engine.dispose()


def test_who_may_read_alone_reads(postgres, postgres_folder):
    postgres_folder.run("grid", "walk.toml", "--factor", "lr")
    name = postgres_folder.url.rpartition("/")[2]
    postgres.sql("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", name)
    there = postgres_folder.url.replace(f"hpstudy:{PASSWORD}", "reader:reader")
    shown = postgres_folder.json("show", "walk.toml", "--storage", there)
    assert shown["grid"]["trials"]["complete"] == 2
    said = postgres_folder.run("grid", "walk.toml", "--storage", there, code=1).stderr
    assert said.count("\n") == 1
    assert ": this user may not do that: permission denied for table " in said
    postgres.sql("DROP OWNED BY reader", name)
    postgres.sql("DROP ROLE reader")


def test_the_password_may_stand_where_libpq_looks_for_it(postgres, postgres_url, folder):
    create(postgres_url)
    bare = postgres.url(postgres_url.rpartition("/")[2], None)
    env = {"HPSTUDY_STORAGE": bare}
    asked = folder.run("show", "walk.toml", code=2, env=env | {"PGPASSWORD": PASSWORD}).stderr
    assert asked.startswith("Error: Nothing run yet")
    passwords = folder.write("pgpass", f"127.0.0.1:*:*:hpstudy:{PASSWORD}\n")
    passwords.chmod(0o600)
    asked = folder.run("show", "walk.toml", code=2, env=env | {"PGPASSFILE": f"{passwords}"}).stderr
    assert asked.startswith("Error: Nothing run yet")


def test_a_trial_is_running_while_its_lock_is_held(postgres_folder):
    from hpstudy.store import locks

    postgres_folder.run("grid", "walk.toml", "--factor", "lr")
    database = open_database(postgres_folder.url, write=True)
    study = optuna.load_study(study_name="walk/grid", storage=database.storage)
    trial = study.ask()
    with locks.hold(postgres_folder.url, locks.trial_lock("walk/grid", trial.number)):
        said = postgres_folder.run("delete", "walk", "--yes", code=2).stderr
        assert said == "Error: study 'walk/grid' is running: stop it first\n"
    postgres_folder.run("delete", "walk", "--yes")
    assert optuna.get_all_study_names(database.storage) == []
    assert Records(database.engine).counts() == {}
    database.close()
    assert trial.number == 2
