"""A program's run becomes epochs while it runs, whatever the program does."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from hpstudy.errors import UserError
from hpstudy.objective import Command, Room, Runtime, load_objective
from hpstudy.objective import command_process as processes
from hpstudy.objective.command_training import ProgramFailedError
from hpstudy.objective.output import Output


@pytest.fixture
def started(tmp_path):
    """Starts a program, given as Python's source or as arguments; it is ended after the test."""
    begun = []

    def start(source="", *, arguments=None, output=None, epochs=None, **params):
        (tmp_path / "p.py").write_text(textwrap.dedent(source))
        command = Command(arguments or (sys.executable, "p.py"), output=output or Output())
        room = Room(tmp_path / "run", tmp_path / "keep", tmp_path / "out.log", epochs or {})
        objective = load_objective(command, tmp_path)
        training = objective.start(params, seed=1, settings={}, runtime=Runtime(), room=room)
        begun.append(training)
        return training

    yield start
    for training in begun:
        training.stop()


def untimed(metrics):
    assert metrics["seconds"] >= 0
    return {name: value for name, value in metrics.items() if name != "seconds"}


def course(training):
    """Returns all epochs of a run: their numbers and metrics."""
    found = []
    while not training.has_ended:
        metrics = untimed(training.epoch())
        found.append((training.number, metrics))
    return found


def failure(training):
    with pytest.raises(ProgramFailedError) as error:
        course(training)
    return error.value


EPOCHS = """
    import sys, time
    print("lr: 0.1")
    for epoch in range({first}, {first} + 3):
        print("epoch", epoch, "of 3: val_loss=%s" % (1 / (epoch + 1)))
        print("a line between")
        print("acc: 93%")
    print("Test loss: 0.5", file=sys.stderr)
"""


def test_lines_that_carry_an_epoch_make_the_curve(started):
    assert course(started(EPOCHS.format(first=1))) == [
        (1, {"lr": 0.1, "val_loss": 0.5, "acc": 93.0}),
        (2, {"val_loss": pytest.approx(1 / 3), "acc": 93.0}),
        (3, {"lr": 0.1, "val_loss": 0.25, "acc": 93.0, "test_loss": 0.5}),
    ]


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("0 1 2", [1, 2, 3]),
        ("1 1 2 2", [1, 2]),
        ("5 6", [5, 6]),  # it went on from a checkpoint of its own
        ("1 2 1 2 1 2", [1, 2, 3, 4, 5, 6]),  # three folds
        ("0 1 0 1", [1, 2, 3, 4]),
        ("1 2 3 2", [1, 2, 3]),  # "best at epoch 2"
        ("0.25 0.5 1.0 1.25 2.0", [1, 2]),
        ("998 999 1000 1005 1009 1010 12345 12400", [998, 999, 1000, 1010, 12400]),
    ],
)
def test_epochs_are_numbered_as_the_program_counts(started, said, numbers):
    training = started(f"for e in '{said}'.split(): print('epoch', e, 'loss=1')")
    assert [number for number, _ in course(training)] == numbers


def test_with_a_fidelity_every_epoch_is_kept(started):
    training = started("for e in range(1, 1103): print('epoch', e)", epochs={"epochs": 1102})
    assert len(course(training)) == 1102


def test_one_that_goes_on_from_its_checkpoint_has_the_epochs_before(started):
    goes_on = (sys.executable, "p.py", "{checkpoint}")
    first = started("print('epoch 0 a=1'); print('epoch 1 a=2')", arguments=goes_on)
    course(first)
    later = started("print('epoch 4 a=1')", arguments=goes_on)
    assert course(later) == [(5, {"a": 1.0})]
    before = {number: untimed(metrics) for number, metrics in later.before.items()}
    assert before == {1: {"a": 1.0}, 2: {"a": 2.0}}
    anew = started("print('epoch 0 a=5')", arguments=goes_on)
    assert course(anew) == [(1, {"a": 5.0})]
    assert anew.before == {}


def test_epochs_come_while_it_runs(started):
    training = started("""
        import time
        print("epoch 1 loss=1")
        print("epoch 2 loss=2")
        time.sleep(60)
    """)
    assert untimed(training.epoch()) == {"loss": 1.0}
    assert not training.has_ended
    training.stop()


def test_a_bar_drawn_over_again_and_bytes_that_are_no_text(started):
    training = started(r"""
        import os
        for epoch in range(2):
            for n in range(5):
                os.write(2, b"\rEpoch %d: %d%%|\xff\xe2\x96\x88| loss=%d.5" % (epoch, n * 25, n))
    """)
    assert course(training) == [(1, {"loss": 4.5}), (2, {"loss": 4.5})]


def test_a_file_that_grows_is_read_too(started):
    training = started(
        """
        import json, sys
        print("loss: 9")
        for epoch in (1, 2):
            with open(sys.argv[1], "a") as file:
                print(json.dumps({"epoch": epoch, "loss": epoch / 2}), file=file)
        """,
        arguments=(sys.executable, "p.py", "{run_dir}/m.jsonl"),
        output=Output(file="{run_dir}/m.jsonl"),
    )
    assert course(training) == [(1, {"loss": 0.5}), (2, {"loss": 1.0})]
    nothing = started("", output=Output(file="{run_dir}/none"))
    assert f"{failure(nothing)}" == "p.py wrote no {run_dir}/none"


def test_it_runs_beside_the_study_file_and_its_folders_are_there(started, tmp_path):
    training = started(
        """
        import os, sys
        print("there:", int(os.path.isdir(sys.argv[1]) and os.path.isdir(sys.argv[2])))
        print("here:", int(os.getcwd() == os.path.dirname(os.path.abspath(__file__))))
        print("x:", sys.argv[3])
        print("stdin:", len(sys.stdin.read()))
        """,
        arguments=(sys.executable, "p.py", "${run_dir}", "${checkpoint}", "{x}"),
        x=4,
    )
    assert course(training) == [(1, {"there": 1.0, "here": 1.0, "x": 4.0, "stdin": 0.0})]
    assert (tmp_path / "out.log").read_text() == "there: 1\nhere: 1\nx: 4\nstdin: 0\n"


def test_a_failure_is_told_with_what_was_printed_last(started):
    error = failure(started("print('epoch 1 a=1'); raise ValueError('no such thing')"))
    assert f"{error}" == "p.py ended with exit code 1: ValueError: no such thing"
    assert error.last.startswith("Traceback")
    arguments = (sys.executable, "p.py", "${args}")
    error = failure(started("import sys; sys.exit(sys.argv[1])", arguments=arguments, a_b=1))
    assert f"{error}" == ('p.py ended with exit code 1: --a-b=1; flags = "underscore" writes --a_b')
    argparse = """
from argparse import ArgumentParser
parser = ArgumentParser()
parser.add_argument("--amp", action="store_true")
print("amp:", int(parser.parse_args().amp))
"""
    error = failure(started(argparse, arguments=arguments, amp=True))
    assert "ignored explicit argument 'true'" in f"{error}"
    assert f"{error}".endswith(
        "; ${args_no_boolean_flags} in place of ${args} writes a true one alone"
    )
    switches = (sys.executable, "p.py", "${args_no_boolean_flags}")
    assert course(started(argparse, arguments=switches, amp=True)) == [(1, {"amp": 1.0})]
    assert course(started(argparse, arguments=switches, amp=False)) == [(1, {"amp": 0.0})]
    error = failure(started("import os; print('bye', flush=True); os.kill(os.getpid(), 11)"))
    assert f"{error}" == "p.py was killed by SIGSEGV: bye"
    error = failure(started("print('loss: low')", output=Output({"loss": "loss: (.*)"})))
    assert f"{error}".startswith("output.loss: expected a pattern whose group is a number")


def test_one_that_prints_nothing_has_no_metrics(started):
    training = started("")
    assert course(training) == [(1, {})]
    assert training.last_lines() == ""
    assert training.missing("acc") == (
        "metric 'acc': p.py says no number with a name: it printed nothing; [output] says where "
        "one stands"
    )


def test_it_is_ended_when_it_takes_too_long(started):
    training = started("import time; print('step 1', flush=True); time.sleep(60)")
    training.deadline = time.monotonic() + 0.5
    error = failure(training)
    assert f"{error}" == "p.py was ended: it ran longer than trial_timeout"
    assert error.last.startswith("step 1\nAll that it printed: ")


def test_what_ignores_sigterm_is_killed_with_its_children(started, monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "_GRACE_SECONDS", 0.3)
    training = started("""
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = os.fork() or time.sleep(60)
        print("epoch 1 child=%d" % child)
        print("epoch 2")
        time.sleep(60)
    """)
    child = int(training.epoch()["child"])
    start = time.monotonic()
    training.stop()
    assert time.monotonic() - start < 5
    wait_until_gone(child)


def test_what_it_leaves_running_ends_with_it(started):
    training = started("""
        import os, time
        if not os.fork():
            os.write(1, b"child: %d\\n" % os.getpid())
            while True:
                os.write(1, b"x" * 1000 + b"\\n")
        time.sleep(0.2)
    """)
    ((_, metrics),) = course(training)
    wait_until_gone(int(metrics["child"]))


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":  # whoever reaps it
            return
        time.sleep(0.02)
    raise TimeoutError


def test_it_dies_with_a_process_that_is_killed(tmp_path):
    script = f"""
        import os, pathlib, signal
        from hpstudy.objective.command_process import Process
        p = Process(["sleep", "60"], pathlib.Path("."), pathlib.Path({str(tmp_path / "log")!r}))
        print(p._popen.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    wait_until_gone(int(done.stdout))


def test_100_mb_take_little_time_and_memory(started, tmp_path):
    training = started("""
        import os
        line = b"iteration 12345 of a long text without any number that has a name \\n" * 1000
        for _ in range(1500):
            os.write(1, line)
        os.write(2, b"y" * 5_000_000 + b"\\nloss: 0.5\\n")
    """)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ((_, metrics),) = course(training)
    assert metrics == {"loss": 0.5}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KB
    assert (tmp_path / "out.log").stat().st_size < 600_000
    assert b"bytes are left out" in (tmp_path / "out.log").read_bytes()


def test_a_program_in_c(started, tmp_path):
    if (compiler := shutil.which("cc") or shutil.which("gcc")) is None:
        pytest.skip("there is no C compiler")
    source = tmp_path / "p.c"
    source.write_text("""
        #include <stdio.h>
        #include <stdlib.h>
        int main(int n, char **a) {
            for (int e = 1; e <= 2; e++) printf("epoch %d loss=%g\\n", e, atof(a[1]) / e);
            return 0;
        }
    """)
    subprocess.run([compiler, "-o", tmp_path / "p", source], check=True)
    training = started(arguments=("./p", "{lr}"), lr=0.5)
    assert course(training) == [(1, {"loss": 0.5}), (2, {"loss": 0.25})]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("nowhere-at-all", "{lr}"), "command: no program 'nowhere-at-all' on PATH$"),
        (("p.py", "{lr}"), r"no program 'p.py' on PATH; did you mean './p.py'\?"),
        (("A=1", "p"), "no program 'A=1' on PATH; a variable is set by a program, too: env A=1 …"),
        (("./p.py", "{lr}"), "no program './p.py' in .*; it can't be executed"),
        ((sys.executable, "train.py"), "command: no file 'train.py' in "),
    ],
)
def test_a_missing_program_is_said_before_anything_runs(tmp_path, arguments, error):
    (tmp_path / "p.py").write_text("")
    with pytest.raises(UserError, match=error):
        load_objective(Command(arguments), tmp_path)


def test_its_source_is_the_file_that_lies_there(tmp_path):
    (tmp_path / "p.py").write_text("")
    assert load_objective(Command(("python", "p.py")), tmp_path).source_file() == tmp_path / "p.py"
    assert load_objective(Command((sys.executable, "-V")), tmp_path).source_file() is None
    assert os.access(sys.executable, os.X_OK)
