"""`hpstudy compare FILE.csv`: what there is, judged at once; what is wrong with it is one line."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

GAINS = (("a", 0.5), ("b", 0.6))
ASKED = ("--column", "method", "--metric", "accuracy", "--seed", "seed")


@pytest.fixture
def sheet(folder) -> Callable[..., str]:
    """Writes `runs.csv`: each method's gain, on eight seeds; the cells that are given as texts."""

    def write(cells: dict[tuple[str, int], str] | None = None, **gains: float) -> str:
        lines = ["method,seed,accuracy"]
        for seed in range(8):
            shared = random.Random(seed).gauss(0.9, 0.005)
            for method, gain in gains.items():
                luck = random.Random(f"{method} {seed}").gauss(0, 0.001)
                value = (cells or {}).get((method, seed), f"{shared + gain + luck:.6f}")
                lines += [] if value == "missing" else [f"{method},{seed},{value}"]
        folder.write("runs.csv", "\n".join(lines) + "\n")
        return "runs.csv"

    return write


def test_two_groups_are_paired_by_seed(folder, sheet):
    sheet(adam=0.0, sgd=0.004)
    shown = folder.run("compare", "runs.csv", *ASKED).stdout.splitlines()
    assert shown[0].startswith("B is better: +0.39 points (+0.")
    assert shown[0].endswith("on 8 seeds.")
    found = folder.json("compare", "runs.csv", *ASKED)
    assert (found["a"]["name"], found["b"]["name"]) == ("adam", "sgd")
    assert found["test"] == "blocks"
    assert found["low"] > 0
    assert found["cost"] is None
    unpaired = folder.json("compare", "runs.csv", *ASKED[:4], code=1)
    assert unpaired["test"] == "Welch"
    assert unpaired["answer"].endswith("on 8 and 8 runs.")


def test_a_noisy_group_may_tell_nothing_of_the_others(folder, sheet):
    sheet(adam=0.0, sgd=0.004, rmsprop=0.0)
    found = folder.json("compare", "runs.csv", *ASKED, "--spreads", "own")
    assert (found["spreads"], found["test"]) == ("own", "paired")
    assert "spreads" not in folder.json("compare", "runs.csv", *ASKED, "--spreads", "alike")
    error = folder.error("compare", "runs.csv", *ASKED, "--spreads", "unlike")
    assert error == "--spreads: expected alike or own, found 'unlike'"


def test_the_baseline_and_the_direction_can_be_said(folder, sheet):
    sheet(adam=0.0, sgd=0.004)
    found = folder.json("compare", "runs.csv", *ASKED, "--baseline", "sgd", code=1)
    assert (found["verdict"], found["a"]["name"]) == ("worse", "sgd")
    found = folder.json("compare", "runs.csv", *ASKED, "--minimize", code=1)
    assert (found["verdict"], found["direction"]) == ("worse", "minimize")
    assert "'sgdd'; did you mean 'sgd'?" in folder.error(
        "compare", "runs.csv", *ASKED, "--baseline", "sgdd"
    )


def test_a_margin_tells_what_is_equal(folder, sheet):
    sheet(adam=0.0, sgd=0.0002)
    found = folder.json("compare", "runs.csv", *ASKED, "--until", "0.5", code=1)
    assert (found["verdict"], found["margin"], found["unit"]) == ("equal", 0.005, "share")


def test_several_groups_share_one_error_rate(folder, sheet):
    sheet(adam=0.0, sgd=0.004, lion=-0.004, ada=0.0)
    found = folder.json("compare", "runs.csv", *ASKED)
    verdicts = {one["b"]["name"]: one["verdict"] for one in found["comparisons"]}
    assert verdicts == {"sgd": "better", "lion": "worse", "ada": "no difference shown"}
    assert (found["verdict"], found["b"]["name"]) == ("better", "sgd")
    assert "Of 3 beside adam: 1 better, 1 worse, 1 no difference shown." in found["answer"]


def test_columns_together_name_a_group(folder):
    lines = [
        f"{lr};{decay};{seed};0,{9 if lr == '0.1' else 8}{seed}1"
        for lr in ("0.2", "0.1")
        for decay in ("0", "1")
        for seed in range(3)
    ]
    folder.write("runs.csv", "\ufefflr;decay;seed;f1\r\n" + "\r\n".join(lines))
    columns = ("--column", "lr", "--column", "decay", "--seed", "seed")
    found = folder.json("compare", "runs.csv", *columns, "--metric", "f1", "--unit", "share")
    assert found["a"]["name"] == "lr=0.2, decay=0"
    assert found["b"]["name"] == "lr=0.1, decay=0"
    assert found["difference"] == pytest.approx(0.1)


def test_what_diverged_counts_and_what_is_missing_is_said(folder, sheet):
    sheet({("sgd", 3): "nan", ("sgd", 5): "inf"}, adam=0.0, sgd=0.004)
    found = folder.json("compare", "runs.csv", *ASKED, code=1)
    assert found["verdict"] == "unstable"
    assert found["b"]["diverged"] == [3, 5]
    assert "B diverged on 2 of 8 seeds" in found["answer"]
    sheet({("sgd", 3): "missing", ("adam", 4): ""}, adam=0.0, sgd=0.004)
    ran = folder.run("compare", "runs.csv", *ASKED)
    assert "on 6 seeds." in ran.stdout
    assert "sgd lacks seed 3, which others have" in ran.stderr
    assert "no accuracy in line 9: taken for" in ran.stderr


def test_a_failed_run_and_the_one_after_it_are_one(folder):
    folder.write("runs.csv", "m,s,v\na,0,1\na,1,2\nb,0,\nb,0,3\nb,1,4\n")
    ran = folder.run("compare", "runs.csv", "--column", "m", "--metric", "v", "--seed", "s", code=1)
    assert ran.stderr == ""
    assert "on 2 seeds" in ran.stdout


def test_seeds_may_have_names(folder):
    rows = "".join(
        f"{m},fold-{s},{s * s + (m == 'b') * 5 + s % 2 / 9}\n" for m in "ab" for s in (1, 2, 3)
    )
    folder.write("runs.csv", "m,s,v\n" + rows)
    found = folder.json("compare", "runs.csv", "--column", "m", "--metric", "v", "--seed", "s")
    assert found["verdict"] == "better"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a line that names the columns, found none"),
        ("m,s,v\n", "expected two groups or more in m, found no row"),
        ("m,s,v\na,0,1\na,1,2\n", "expected two groups or more in m, found only a"),
        ("m,s,v\na,0,1\n\na,0,2\n", "line 4: the second row of a, s 0, after line 2"),
        ("m,s,v\na,0,1\na,1,high\n", "line 3: v: expected a number, found 'high'"),
        ("m,s,v\na,0,1\n,1,2\n", "line 3: m: expected the name of a group, found an empty cell"),
        ("m,s,v\na,0,1\nb,,2\n", "line 3: s: expected a seed, found an empty cell"),
        ("m,s,v\na,0,1\nb,1\n", "line 3: expected 3 cells, as line 1 names so many columns"),
        ('m,s,v\na,0,1\nb,1,"2\n', "line 3: not CSV"),
        ("m,s,w\na,0,1\n", "--metric: expected a column of runs.csv (m, s, w), found 'v'"),
        ("m,s,v,v\na,0,1,2\n", "--metric: there are 2 such"),
        (
            "m,s,v\n" + "".join(f"{'ab'[n % 2]},{n},{n}\n" for n in range(2001)),
            "runs.csv: expected 2,000 seeds at most where not all groups have all (without --seed "
            "each row is one), found 2,001",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(folder, text: str, message: str):
    folder.write("runs.csv", text)
    asked = ("--column", "m", "--metric", "v", "--seed", "s")
    assert message in folder.error("compare", "runs.csv", *asked)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--metric", "accuracy"), "--column: missing: expected a column of runs.csv"),
        (("--column", "method"), "--metric: missing: expected a column of runs.csv"),
        ((*ASKED, "--looks", "3,5"), "--looks: goes with a study"),
        ((*ASKED, "--unit", "<b>"), '--unit: expected "share"'),
        ((*ASKED, "--until", "3 s"), "--until: expected a margin such as 0.3 (points)"),
        (("lr=3", *ASKED), "lr=3: expected one CSV file"),
    ],
)
def test_what_is_wrongly_asked_is_one_line(folder, sheet, args, message: str):
    assert message in folder.error("compare", sheet(a=0.0, b=0.1), *args)


def test_of_a_thousand_unpaired_runs_both_numbers_are_written_alike(folder):
    rows = [f"{name},{(7 * n) % 11 / 100 + gain}" for n in range(1000) for name, gain in GAINS]
    folder.write("runs.csv", "\n".join(["method,accuracy", *rows]))
    told = folder.run("compare", "runs.csv", *ASKED[:4])
    assert "on 1,000 and 1,000 runs" in told.stdout


def test_no_terminal_obeys_a_group_s_name(folder):
    folder.write("runs.csv", "m,v\na,0.5\na,0.6\n\x1b[31mb,0.5\n\x1b[31mb,0.7\n")
    told = folder.run("compare", "runs.csv", "--column", "m", "--metric", "v", code=1)
    assert r"\x1b[31mb" in told.stdout
    assert "\x1b" not in told.stdout
