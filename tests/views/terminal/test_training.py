"""One training as it goes: a table and a bar on a terminal, a line an epoch elsewhere."""

import io

from rich.console import Console

from hpstudy.objective import Step
from hpstudy.store.records import Epoch
from hpstudy.views.terminal.training import LiveTraining


def epoch(number, **more):
    metrics = {"train_loss": 1 / number, "test_accuracy": 0.9 + number / 100, "seconds": 2.0}
    return Epoch(number, {**metrics, "wall_seconds": 2.5, **more})


def shown(is_terminal, tell):
    file = io.StringIO()
    console = Console(file=file, force_terminal=is_terminal, width=100, markup=False)
    with LiveTraining("lr 0.1, seed 0", 3, "test_accuracy", console) as view:
        tell(view)
    return file.getvalue()


def test_a_pipe_gets_a_line_for_each_epoch_that_is_new():
    def tell(view):
        view.epoch(epoch(1), is_new=False)
        view.epoch(epoch(2), is_new=True)
        view.epoch(epoch(3, test_accuracy=None), is_new=True)

    assert shown(False, tell).splitlines() == [
        "lr 0.1, seed 0",
        "epoch 2/3: train loss 0.5, test accuracy 92.00 %, 2.00 s",
        "epoch 3/3: train loss 0.33333, 2.00 s",
    ]


def test_a_terminal_gets_the_epochs_and_how_far_it_is():
    def tell(view):
        view.epoch(epoch(1), is_new=True)
        view.again(1)
        view.step(Step(20_000, 0.25, 0.9125))
        view.say("\x1b[1mprinted\x1b[0m by the objective")

    text = shown(True, tell)
    assert "test accuracy" in text
    assert "91.00 %" in text
    assert "epoch 2 of 3, 0 s so far of about 2 s; 5 s left" in text
    assert "loss 0.2500, accuracy 91.25 % at 20,000 examples" in text
    assert "epoch 1/3" not in text


def test_after_the_last_epoch_a_terminal_says_what_takes_time():
    def tell(view):
        for number in (1, 2, 3):
            view.epoch(epoch(number), is_new=False)

    assert "saving the model" in shown(True, tell)
    text = shown(True, lambda view: (tell(view), view.again(2)))
    assert "2 epochs trained again, as their state is gone" in text
