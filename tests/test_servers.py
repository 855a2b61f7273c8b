"""The PostgreSQL server that tests run: it is real, and comes back after a crash."""

import psycopg
import pytest
from psycopg.errors import AdminShutdown

from tests.servers import PASSWORD


def _connect(postgres, url: str, password: str = PASSWORD):
    address = url.replace("+psycopg", "").replace(PASSWORD, password)
    return psycopg.connect(address, autocommit=True)


def test_password_is_asked_for_and_a_crash_loses_nothing(postgres, postgres_url):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        _connect(postgres, postgres_url, "wrong")
    with _connect(postgres, postgres_url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
        postgres.cut(postgres_url.rpartition("/")[2])
        with pytest.raises(AdminShutdown):
            connection.execute("SELECT 1")
    postgres.stop(at_once=True)
    postgres.start()
    with _connect(postgres, postgres_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
