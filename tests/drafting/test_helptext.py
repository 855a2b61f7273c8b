"""Help texts as programs print them."""

from __future__ import annotations

import pytest

from hpstudy.drafting.helptext import options_in, value_of

ARGPARSE = """
usage: train.py [-h] [--batch-size N] [--lr LR] [--dry-run]

PyTorch MNIST Example

options:
  -h, --help          show this help message and exit
  --batch-size N      input batch size for training (default: 64)
  --lr LR             learning rate (default: 1.0)
  -o {adam,sgd}, --optimizer {adam,sgd}
                      a name that is so long that what it says
                      stands in lines of its own (default: adam)
  --layers {1,2,4}    (default: 2)
  --eps EPS           default is 1e-08
  --amp, --no-amp     mixed precision (default: True)
  --betas BETAS BETAS
                      (default: (0.9, 0.999))
  --path PATH         where to (default: None)
  --momentum MOMENTUM
  --dry-run           quickly check a single pass
"""

CLICK = """
Usage: train.py [OPTIONS] DATA

Options:
  -b, --batch-size INTEGER   Batch size.  [default: 32]
  --lr FLOAT RANGE           Learning rate.  [default: 0.01; 0<=x<=1]
  --optimizer [adam|sgd]     Optimizer.  [default: adam]
  --shuffle / --no-shuffle   Shuffle.  [default: shuffle]
  --dropout-rate FLOAT       Dropout rate, which
                             takes two lines.  [default: 0.25]
  --seed INTEGER             [env var: SEED; default: 1]
  --help                     Show this message and exit.
"""

TYPER = """
 \x1b[1mUsage: \x1b[0mtrain.py [OPTIONS]

╭─ Options ─────────────────────────────────────────────────────────────╮
│    --lr                          FLOAT       The learning rate.       │
│                                              [default: 0.01]          │
│    --opt                         [adam|sgd]  [default: adam]          │
│    --use-bias    --no-use-bias               [default: no-use-bias]   │
│ *  --data                        TEXT        where  [required]        │
│    --help                                    Show this message.       │
╰───────────────────────────────────────────────────────────────────────╯
"""

ABSL = """
train.py:
  --batch_size: Batch size.
    (default: '128')
    (an integer)
  --learning_rate: Learning
    rate.
    (default: '0.001')
    (a number)
  --[no]use_bn: Use batch norm.
    (default: 'true')
  --optimizer: <adam|sgd>: The optimizer.
    (default: 'adam')
"""

HYDRA = """
train is powered by Hydra.

== Configuration groups ==
optimizer: adam, sgd

== Config ==
Override anything in the config (foo.bar=value)

optimizer:
  name: adam
  lr: 0.001
  betas:
  - 0.9
model:
  net:
    hidden: 128
seed: 42
data_dir: ???

Powered by Hydra (https://hydra.cc)
"""

HUGGING = """
options:
  --output_dir OUTPUT_DIR, --output-dir OUTPUT_DIR
                        Where to write. (default: out)
  --fp16 [FP16]         Whether to use fp16 (mixed) precision (default: False)
  --learning_rate LEARNING_RATE, --learning-rate LEARNING_RATE
                        The initial rate (AdamW). (default: 5e-05)
"""

FOUND = {
    ARGPARSE: {
        "batch-size": 64, "lr": 1.0, "optimizer": "adam", "layers": 2, "eps": 1e-08, "amp": True,
        "betas": None, "path": None, "momentum": None, "dry-run": None,
    },
    CLICK: {
        "batch-size": 32, "lr": 0.01, "optimizer": "adam", "shuffle": True, "dropout-rate": 0.25,
        "seed": 1,
    },
    TYPER: {"lr": 0.01, "opt": "adam", "use-bias": False, "data": None},
    ABSL: {"batch_size": 128, "learning_rate": 0.001, "use_bn": True, "optimizer": "adam"},
    HYDRA: {
        "optimizer.name": "adam", "optimizer.lr": 0.001, "model.net.hidden": 128, "seed": 42,
        "data_dir": None,
    },
    HUGGING: {"output_dir": "out", "fp16": False, "learning_rate": 5e-05},
}  # fmt: skip


@pytest.mark.parametrize("text", FOUND, ids=["argparse", "click", "typer", "absl", "hydra", "hf"])
def test_options_are_found_with_their_defaults(text: str):
    assert {one.name: one.default for one in options_in(text)} == FOUND[text]


@pytest.mark.parametrize("text", [ARGPARSE, CLICK, TYPER, ABSL])
def test_choices_and_switches_are_told_apart(text: str):
    known = {one.name: one for one in options_in(text)}
    (named,) = {"optimizer", "opt"} & {*known}
    assert known[named].choices == ["adam", "sgd"]
    switches = {name for name, one in known.items() if one.is_flag}
    assert switches == {*known} & {"amp", "dry-run", "shuffle", "use-bias", "use_bn"}


def test_what_it_says_is_kept_without_the_default():
    known = {one.name: one.says for one in options_in(ARGPARSE)}
    assert known["lr"] == "learning rate"
    assert known["optimizer"].endswith("says stands in lines of its own")


@pytest.mark.parametrize("text", ["", "no options", "\0\n--", "-", "  --: x", "[" * 500, "{a,b}"])
def test_what_tells_of_no_options_has_none(text: str):
    assert options_in(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("1e3", 1000.0), ("True", True), ("'0.5'", 0.5), ("None", None), ("inf", "inf"),
     ("'a b'", "a b"), ("(1, 2)", None), ("1e999", None), ("x=", "x=")],
)  # fmt: skip
def test_values_are_read_as_they_are_meant(text: str, value: object):
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)
