"""The database in optuna-dashboard: opened as it is, and by `hpstudy dashboard`."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def get(address: str):
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)
    except OSError:
        return None


@pytest.fixture
def grid(folder):
    """A folder with a finished grid."""
    folder.run("grid", "walk.toml", "--seeds", "0,1", "--publish")
    return folder


@pytest.fixture
def plain_dashboard(grid):
    """The address of optuna-dashboard as it comes."""
    port = free_port()
    command = [Path(sys.executable).with_name("optuna-dashboard"), "--port", str(port)]
    process = subprocess.Popen(
        [*command, "sqlite:///runs/hpstudy.db"],
        cwd=grid.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


class Served:
    """A running `hpstudy dashboard`."""

    def __init__(self, folder, port: int) -> None:
        self.port = port
        self.process = folder.start("dashboard", "--port", str(port))
        self.said = self.process.stdout.readline()

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, bytes]:
        """Sends a request with the headers given and no others."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(method, path, skip_host=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    @property
    def own(self) -> str:
        return f"127.0.0.1:{self.port}"

    def studies(self) -> list[dict]:
        return json.loads(self.ask("GET", "/api/studies", Host=self.own)[1])["study_summaries"]


@pytest.fixture
def served(grid):
    made = Served(grid, free_port())
    yield made
    made.process.kill()
    made.process.communicate()


def test_it_shows_every_trial_with_its_parameters_and_epochs(grid, plain_dashboard: str):
    studies = grid.wait_for(lambda: get(f"{plain_dashboard}/api/studies"))["study_summaries"]
    assert [s["study_name"] for s in studies] == ["walk/grid"]
    detail = get(f"{plain_dashboard}/api/studies/{studies[0]['study_id']}?after=0")
    trials = detail["trials"]
    assert len(trials) == 8
    assert {t["state"] for t in trials} == {"Complete"}
    longest = next(t for t in trials if len(t["intermediate_values"]) == 4)
    assert {p["name"] for p in longest["params"]} == {"lr", "epochs", "width", "seed"}


def test_its_own_pages_see_the_findings_and_other_sites_pages_change_nothing(served):
    assert served.said == f"http://{served.own} shows sqlite:///runs/hpstudy.db; Ctrl-C ends it.\n"
    (study,) = served.studies()
    path = f"/api/studies/{study['study_id']}"

    status, page = served.ask("GET", "/dashboard", Host=f"localhost:{served.port}")
    assert (status, b"<html" in page) == (200, True)
    detail = json.loads(served.ask("GET", f"{path}?after=0", Host=served.own)[1])
    assert detail["note"]["body"].startswith("# A walk\n")
    assert "effect-lr" in {graph["id"] for graph in detail["plotly_graph_objects"]}
    (artifact,) = detail["artifacts"]
    assert artifact["filename"] == "results.json"
    where = f"/artifacts/{study['study_id']}/{artifact['artifact_id']}"
    status, results = served.ask("GET", where, Host=served.own)
    assert json.loads(results)["grid"]["trials"]["complete"] == 8

    evil = {"Host": "evil.example", "Origin": "http://evil.example"}
    for headers in (evil, {**evil, "Host": served.own}, {"Host": evil["Host"]}, {}):
        assert served.ask("DELETE", path, **headers)[0] == 403
        assert served.ask("GET", "/api/studies", **headers)[0] == 403
    assert served.studies() == [study]

    own = {"Host": served.own, "Origin": f"http://{served.own}"}
    assert served.ask("DELETE", path, **own)[0] == 204
    assert served.studies() == []


def test_ctrl_c_ends_it_cleanly(served):
    served.process.send_signal(signal.SIGINT)
    out, err = served.process.communicate(timeout=30)
    assert served.process.returncode == 0
    assert (out, err) == ("", "")


def test_a_port_in_use_is_one_line(grid):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = grid.run("dashboard", "--port", str(port), code=2)
    assert result.stderr.startswith(f"Error: can't listen on 127.0.0.1, port {port}: ")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_an_address_that_others_reach_is_said(grid):
    with socket.create_server(("0.0.0.0", 0)) as taken:  # so that it ends at once
        port = taken.getsockname()[1]
        result = grid.run("dashboard", "--host", "0.0.0.0", "--port", str(port), code=2)
    note, error = result.stderr.splitlines()
    assert note.startswith("Note: 0.0.0.0 can be reached from elsewhere, and the dashboard has no ")
    assert error.startswith("Error: can't listen on 0.0.0.0, port")


def test_no_database_yet_is_one_line_and_nothing_is_written(folder):
    result = folder.run("dashboard", code=2)
    assert result.stderr == "Error: sqlite:///runs/hpstudy.db: no database there yet\n"
    assert not (folder.path / "runs").exists()


def test_a_grid_is_done_though_its_findings_cannot_be_published(folder):
    (folder.path / "runs").mkdir()
    (folder.path / "runs" / "artifacts").write_text("a file where the folder should be")
    result = folder.run("grid", "walk.toml", "--publish")
    assert "4 of 4 points done" in result.stdout
    assert "Note: optuna-dashboard will not show the findings: UserError: " in result.stderr
    assert "artifacts: can't be created: File exists" in result.stderr


def test_what_others_ended_is_published_by_the_next_run(folder):
    artifacts = folder.path / "runs" / "artifacts"
    folder.run("grid", "walk.toml", "--factor", "lr")
    assert not artifacts.exists()
    folder.run("grid", "walk.toml", "--factor", "lr", "--publish")
    (results,) = artifacts.iterdir()
    written = results.stat().st_mtime_ns
    folder.run("grid", "walk.toml", "--factor", "lr", "--publish")
    assert results.stat().st_mtime_ns == written
    folder.run("grid", "walk.toml")
    folder.run("grid", "walk.toml", "--publish")
    assert json.loads(results.read_text())["grid"]["trials"]["complete"] == 4


def test_findings_are_published_though_the_images_cannot_be_had(folder):
    objective = (folder.path / "walk.py").read_text()
    folder.write(
        "walk.py",
        "from hpstudy.errors import UserError\n"
        + objective.replace(
            "    def state_dict(self):",
            """    @staticmethod
    def pictures(*, settings, runtime):
        raise UserError("no images")

    def state_dict(self):""",
            1,
        ),
    )
    result = folder.run("grid", "walk.toml", "--publish")
    assert "will not show the findings" not in result.stderr
    (published,) = (folder.path / "runs" / "artifacts").iterdir()
    assert json.loads(published.read_text())["grid"]["trials"]["complete"] == 4
