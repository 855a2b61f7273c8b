"""A real PostgreSQL server for tests: started for a session, gone with it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PASSWORD = "open-sesame-7351"  # nowhere in what hpstudy shows or writes
_PROGRAMS = ("initdb", "postgres", "psql")
_SETTINGS = {
    "fsync": "off",  # the machine doesn't fail, only the server
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_wal_size": "64MB",
    "max_parallel_workers": "0",
}
_ACCESS = "local all all trust\nhost all all all scram-sha-256\n"


def binaries() -> Path | None:
    """The folder of a server's programs; None where there is none."""
    found = shutil.which("postgres")
    folders = [Path(found).resolve().parent] if found else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True)
    return next((f for f in folders if all((f / name).exists() for name in _PROGRAMS)), None)


class PostgresServer:
    """A server of our own, with a superuser `hpstudy`; it ends when this process does.

    Args:
        folder: Where its files go; the user that it runs as may go there.
        programs: Where its programs are.
        address: Where it listens.
    """

    def __init__(self, folder: Path, programs: Path, address: str) -> None:
        self.folder = folder
        self.address = address
        self.port = _free_port(address)
        self._programs = programs
        self._made = 0
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:  # the server refuses root
            user = next(u for u in pwd.getpwall() if u.pw_name in ("postgres", "nobody"))
            self._user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(folder, user.pw_uid, user.pw_gid)
        self._data = folder / "data"
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        options = ["-U", "hpstudy", "--pwfile", f"{secret}", "-E", "UTF8", "--locale=C"]
        self._run("initdb", "-D", f"{self._data}", "-A", "trust", "--no-sync", *options)
        (self._data / "pg_hba.conf").write_text(_ACCESS)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        where = {"unix_socket_directories": f"{self.folder}", "listen_addresses": self.address}
        settings = _SETTINGS | where | {"port": f"{self.port}"}
        server = [f"{self._programs / 'postgres'}", "-D", f"{self._data}"]
        server += [f"--{name}={value}" for name, value in settings.items()]
        # The shell reads until this process closes the pipe, or dies.
        waits = '"$@" & read _; kill -QUIT $! 2>/dev/null; wait'
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", waits, "sh", *server],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for pytest
                **self._user,
            )
        end = time.monotonic() + 60
        while self._ask("SELECT 1", check=False).returncode:
            if time.monotonic() > end:
                raise TimeoutError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self, *, at_once: bool = False) -> None:
        """Stops it; `at_once` as a crash does: nobody is told, and nothing is put in order."""
        if self._process is None:
            return
        if not at_once:
            first = (self._data / "postmaster.pid").read_text().splitlines()[0]
            os.kill(int(first), signal.SIGINT)
            while (self._data / "postmaster.pid").exists():
                time.sleep(0.02)
        self._process.communicate(timeout=60)
        self._process = None

    def url(self, database: str, password: str | None = PASSWORD) -> str:
        """The address of a database, by TCP: the password is asked for."""
        secret = "" if password is None else f":{password}"
        return f"postgresql+psycopg://hpstudy{secret}@{self.address}:{self.port}/{database}"

    def new(self, template: str = "template0") -> str:
        """Makes a database of a test's own and returns its name."""
        self._made += 1
        name = f"test_{self._made}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def sql(self, text: str, database: str = "postgres") -> str:
        """Runs SQL as the superuser, and returns what came of it: rows as lines, `|` between."""
        return self._ask(text, database).stdout.rstrip("\n")

    def cut(self, database: str) -> None:
        """Cuts all connections to a database."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{database}' AND pid <> pg_backend_pid()",
            database,
        )

    def _ask(
        self, text: str, database: str = "postgres", *, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        where = ["-h", f"{self.folder}", "-p", f"{self.port}", "-U", "hpstudy", "-d", database]
        return self._run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *where, "-c", text, check=check)

    def _run(self, name: str, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "HOME": f"{self.folder}", "LC_ALL": "C"}
        done = subprocess.run(
            [f"{self._programs / name}", *args],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            **self._user,
        )
        if check and done.returncode:
            raise RuntimeError(f"{name}: {done.stderr}")
        return done


@contextmanager
def postgres_server(programs: Path, address: str = "127.0.0.1") -> Iterator[PostgresServer]:
    """A server for the block."""
    # A socket's path is short, and another user can't see into pytest's folders.
    with tempfile.TemporaryDirectory(prefix="hpstudy-pg-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        server = PostgresServer(Path(folder), programs, address)
        try:
            server.start()
            yield server
        finally:
            server.stop(at_once=True)


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
