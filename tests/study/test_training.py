"""What whoever watches a training is told of it."""

from contextlib import contextmanager

from hpstudy.objective import Step
from hpstudy.store.connections import connections
from hpstudy.study.choosing import Asked
from hpstudy.study.opened import open_study
from hpstudy.study.planning import Machine
from hpstudy.study.training import train

LAST_STEP = """
    def last_step(self):
        from hpstudy import Step
        if self.number == 1:
            raise RuntimeError("not yet")
        return Step(self.number, 0.5, 0.25)
"""


class Watcher:
    """Notes what it is told."""

    def __init__(self):
        self.told = []

    def say(self, line):
        self.told.append(line)

    def epoch(self, epoch, *, is_new):
        self.told.append((epoch.number, is_new))

    def step(self, step):
        self.told.append(step)

    def again(self, count):
        self.told.append(("again", count))

    @contextmanager
    def training(self, label, last, metric):
        self.told.append((label, last, metric))
        yield self


def test_it_is_told_of_epochs_and_of_steps_between_them(folder, study_with):
    study_with(("[settings]", "[settings]\nsleep = 0.7"))
    before, _, after = (folder.path / "walk.py").read_text().partition("\n\ndef total")
    folder.write("walk.py", f"{before}{LAST_STEP}\n\ndef total{after}")
    watcher = Watcher()
    with folder.inside():
        opened = open_study("walk.toml")
        with connections(opened.runs) as database:
            asked = Asked(machine=Machine())
            made = train(opened, opened.objective(), database, asked, watcher)
    assert watcher.told == [
        ("lr 0.1, epochs 2, width 8 · seed 0 on cpu, fp32, 1 thread", 2, "value"),
        (1, True),
        Step(2, 0.5, 0.25),
        (2, True),
    ]
    assert (made.taken_over, made.again, len(made.epochs)) == (0, 0, 2)
