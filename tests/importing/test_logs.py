"""Logs, a file a run: the last value of each metric, the setting from a name or a table."""

from __future__ import annotations

import json

import pytest

# A log that begins with its own source, as some do.
LOG = """\
import sys
lr = 0.5; print(f"step:{{step}}/{{n}} val_loss:{{v:.4f}}")  # looks like a log line but is code
step:0/900 val_loss:10.8100 train_time:0ms
 50%|####      | 450/900\r step:450/900 val_loss:4.1021 train_time:27810ms
step:900/900 val_loss:{} train_time:55444ms
peak memory allocated: 20480 MiB
"""


@pytest.fixture
def logs(folder):
    for lr, gain in (("0.01", 0.0), ("0.02", 0.05)):
        for seed in range(3):
            value = f"{3.4 - gain + seed / 100:.4f}"
            folder.write(f"logs/run_lr{lr}_wd0.1_s{seed}_20250102.txt", LOG.format(value))
            folder.write(f"hydra/lr={lr},seed={seed}/train.log", LOG.format(value))
    return folder


@pytest.mark.parametrize("where", ["logs", "hydra"])
def test_a_folder_of_logs_is_a_study(logs, where: str):
    ran = logs.run("import", where, "--json")
    assert "Hyperparameters: lr\n" in ran.stderr
    found = json.loads(ran.stdout)["grid"]
    assert found["metric"] == "val_loss"
    levels = {row["level"]: row for row in found["factors"][0]["levels"]}
    assert levels[0.01]["values"] == [3.4, 3.41, 3.42]
    assert levels[0.02]["verdict"] == "better"
    assert "lr 0.02" in logs.run("show", f"{where}.toml").stdout


def test_a_table_may_say_the_settings(logs):
    rows = "".join(
        f"run_lr{lr}_wd0.1_s{s}_20250102.txt,{lr},{s}\n" for lr in ("0.01", "0.02") for s in (0, 1)
    )
    logs.write("runs.csv", "file,rate,seed\n" + rows)
    pattern = ("--pattern", "left=([0-9.]+)ms", "--metric", "left", "--direction", "min")
    found = logs.json("import", "runs.csv", "--logs", "logs", *pattern)["grid"]
    assert found["baseline"] == {"rate": 0.01}
    assert found["factors"][0]["levels"][0]["values"] == [55444.0, 55444.0]
    logs.write("other.csv", "file,rate,seed\nnix.txt,1,2\n" + rows)
    assert "line 2: file: expected a log in logs, found 'nix.txt'" in logs.error(
        "import", "other.csv", "--logs", "logs"
    )
    logs.write("none.csv", "rate,acc\n1,2\n2,3\n")
    assert "none.csv: expected a column with the names of logs in logs" in logs.error(
        "import", "none.csv", "--logs", "logs"
    )


def test_what_is_wrong_with_logs_is_one_line(logs):
    logs.write("empty/readme.md", "")
    assert "empty: expected logs (.log, .txt" in logs.error("import", "empty")
    logs.write("plain/a.log", "nothing\n")
    assert "plain: the logs' names say no setting" in logs.error("import", "plain")
    assert "--pattern a: no regular expression" in logs.error("import", "logs", "--pattern", "a=(")
    assert "--pattern a: expected one group" in logs.error("import", "logs", "--pattern", "a=b")
    assert "expected a pattern whose group is a number" in logs.error(
        "import", "logs", "--pattern", "a=(val_loss:.*) "
    )
