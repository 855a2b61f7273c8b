"""What lines say: programs print their metrics and epochs in many ways."""

from __future__ import annotations

import math

import pytest

from hpstudy.objective.output import Output, Reader, Said

PATTERNS = Output({"accuracy": r"Accuracy: (\d+)/10000", "loss": r"loss (\S+)"}, r"step:(\d+)/")


@pytest.mark.parametrize(
    ("line", "epoch", "metrics"),
    [
        ("epoch 3 val_loss=0.25 acc=0.9", 3, {"val_loss": 0.25, "acc": 0.9}),
        (
            "Test set: Average loss: 0.0279, Accuracy: 9914/10000 (99%)",
            None,
            {"average_loss": 0.0279, "accuracy": 0.9914},
        ),
        ("Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.5e-1", 1, {"loss": 0.25}),
        ('{"epoch": 2, "val": {"loss": 0.5}, "ok": true, "name": "x"}', 2, {"val.loss": 0.5}),
        ('12:30:01 INFO: {"epoch": 2, "loss": 0.5}\n', 2, {"loss": 0.5}),
        ("{'loss': 0.5, 'acc': np.float64(0.25), 'epoch': 1.5}", 1.5, {"loss": 0.5, "acc": 0.25}),
        ("Epoch 0: 100%|██| 9/9 [00:05<00:00, loss=0.2, v_num=0]", 0, {"loss": 0.2, "v_num": 0}),
        ("[Epoch 003/100] loss: tensor(0.25)", 3, {"loss": 0.25}),
        ("Epoch [4/10], lr: 1E-3", 4, {"lr": 0.001}),
        ("EPOCH=7", 7, {}),
        ("\x1b[32mepoch 3\x1b[0m acc \x1b[1m93.5%\x1b[0m", 3, {"acc": 93.5}),
        ("Top-1 accuracy 93.1 %", None, {"top_1_accuracy": 93.1}),
        ("loss: nan, other=-inf", None, {"loss": math.nan, "other": -math.inf}),
        ("train loss: .5 val loss: 4.", None, {"train_loss": 0.5, "val_loss": 4.0}),
        ("loss: 0.3 loss: 0.2", None, {"loss": 0.2}),
        ("step:450/900 val_loss:4.1 t:27ms", None, {"step": 0.5, "val_loss": 4.1, "t": 27}),
        ("max_epoch=10, best epoch: 3, epochs: 5", None, {"epochs": 5}),
        ('lr = 0.02; print0(f"step:{step}/{n} val_loss:{v:.4f}")', None, {"lr": 0.02}),
        ("for epoch in range(10):", None, None),
        ("inference: info, version: v2", None, None),
        ("acc: 0,91, loss: 1,234.5, at: 12:30:11, v=1.2.3, lr=1e-5,3", None, None),
        ("acc: 0.5, 3 of 4, lr=1e-3,loss=0.25,", None, {"acc": 0.5, "lr": 0.001, "loss": 0.25}),
        ("{not json: 3", None, {"not_json": 3.0}),
        ("", None, None),
        ("done", None, None),
        ("=" * 5000, None, None),
        ("a " * 5000 + "b", None, None),
    ],
)
def test_without_patterns_numbers_are_found_by_their_names(line, epoch, metrics):
    said = Reader(Output()).read(line)
    if metrics is None:
        assert said is None
    else:
        assert said is not None
        assert said.epoch == epoch
        assert said.metrics == pytest.approx(metrics, nan_ok=True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Accuracy: 9914/10000 (99%)", Said({"accuracy": 9914.0})),
        ("step:450/900 loss 4.5 other: 3", Said({"loss": 4.5}, 450.0)),
        ("loss 93%", Said({"loss": 93.0})),
        ("epoch 3 acc=0.9", None),
    ],
)
def test_with_patterns_they_alone_count(line, said):
    assert Reader(PATTERNS).read(line) == said


def test_what_a_pattern_finds_must_be_a_number():
    with pytest.raises(ValueError, match=r"output.loss: .* a number, found 'low' in 'a loss low'"):
        Reader(PATTERNS).read("a loss low")


def test_a_json_line_of_any_shape_is_read():
    read = Reader(Output()).read
    assert read('{"a": 1, "b": [1], "c": null, "d": NaN}').metrics["a"] == 1
    assert read('{"a": ' + "9" * 400 + "}") == Said({"a": math.inf})
    assert read("{" * 100_000) is None
    assert read('{"epoch": "three", "a": 1}') == Said({"a": 1.0})
