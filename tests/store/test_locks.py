"""The locks of a file and those of a server: held by one, and gone with its owner."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from hpstudy.errors import CutError, UserError
from hpstudy.store import advisory_locks, locks

HOLD = """
import sys, time
from hpstudy.store import locks

held = locks.take(sys.argv[1], "name/with/slashes")
print("held", flush=True)
time.sleep(60)
"""
NAME = "name/with/slashes"


@pytest.fixture(params=["file", "server"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "server":
        address = request.getfixturevalue("postgres_url")
        yield address
        advisory_locks.leave(address)
    else:
        yield f"sqlite:///{tmp_path / 'x.db'}"


@pytest.fixture
def server_url(postgres_url: str) -> Iterator[str]:
    yield postgres_url
    advisory_locks.leave(postgres_url)


def test_a_lock_is_held_by_one_and_released_by_its_owners_death(url: str):
    assert locks.is_free(url, NAME)
    owner = subprocess.Popen([sys.executable, "-c", HOLD, url], text=True, stdout=subprocess.PIPE)
    assert owner.stdout.readline() == "held\n"
    assert not locks.is_free(url, NAME)
    assert locks.try_take(url, NAME) is None
    assert locks.is_free(url, "another")
    owner.kill()
    owner.wait()
    owner.stdout.close()
    held = locks.take(url, NAME)
    assert held.is_held()
    assert not locks.is_free(url, NAME)
    assert locks.try_take(url, NAME) is None  # a process has it once
    assert held.release()
    assert locks.is_free(url, NAME)
    assert not held.is_held() or url.startswith("sqlite")


def test_one_of_two_threads_waits(url: str):
    order = []

    def second() -> None:
        with locks.hold(url, NAME):
            order.append("second")

    with locks.hold(url, NAME):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]


def test_released_locks_leave_no_files(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    for number in range(5):
        locks.take(url, f"trial/{number}").release()
        assert locks.is_free(url, f"trial/{number}")
    assert list((tmp_path / "x.db.locks").iterdir()) == []


def test_a_servers_lock_goes_with_its_connection_and_its_owner_knows(postgres, server_url):
    database = server_url.rpartition("/")[2]
    held = locks.take(server_url, NAME)
    cut = pytest.raises(CutError, match=f"/{database}: the connection was cut$")
    with cut, locks.hold(server_url, "ask/s"):
        postgres.cut(database)
    assert not held.is_held()
    assert not held.release()
    again = locks.try_take(server_url, NAME)
    assert again is not None
    assert again.is_held()
    again.release()
    postgres.cut(database)
    assert locks.is_free(server_url, NAME)  # by another connection


def test_a_forked_process_has_none_of_its_parents_locks_and_ends_none(server_url):
    held = locks.take(server_url, NAME)
    child = os.fork()
    if not child:
        code = 0 if locks.try_take(server_url, NAME) is None else 1
        advisory_locks._close_all()
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert held.is_held()
    held.release()


def test_an_idle_connection_is_not_ended_by_the_servers_own_limit(postgres, server_url):
    database = server_url.rpartition("/")[2]
    postgres.sql(f"ALTER DATABASE {database} SET idle_session_timeout = '50ms'")
    held = locks.take(server_url, NAME)
    time.sleep(0.3)
    assert held.is_held()
    held.release()


class Shared:
    """A connection of a pool's, behind which is a server's that others have as well."""

    info = SimpleNamespace(backend_pid=1)
    __enter__ = execute = lambda self, *args: self
    __exit__ = close = lambda self, *args: None

    def fetchone(self) -> tuple:
        return next(self.answers)


def test_a_pool_that_shares_connections_by_transaction_is_refused(server_url, monkeypatch):
    Shared.answers = iter([("public", 7, 5), (7,)])
    monkeypatch.setattr(advisory_locks, "connect", lambda url: Shared())
    with pytest.raises(UserError, match=r"PgBouncer with pool_mode = transaction\?"):
        locks.try_take(server_url, NAME)


def test_studies_in_two_schemas_of_a_database_have_locks_of_their_own(postgres, server_url):
    postgres.sql("CREATE SCHEMA mine", server_url.rpartition("/")[2])
    mine = f"{server_url}?options=-csearch_path%3Dmine"
    with locks.hold(server_url, NAME), locks.hold(mine, NAME):
        assert not locks.is_free(mine, NAME)
    advisory_locks.leave(mine)
