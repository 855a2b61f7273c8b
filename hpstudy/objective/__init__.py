"""What is trained: a `Training` class, a plain function, an objective of Optuna's, or a program.

A program is a study file's `command`: see `hpstudy.objective.command` for its arguments,
`output` for what it prints, `command_epochs` for its epochs. Anything else is named as
"module:name". A function whose one argument is a `trial` is Optuna's kind and works
as it is: what it suggests is answered by the point, what it reports are its epochs. A search lets
Optuna choose what the study file doesn't know, from the objective's own ranges; a grid refuses that
with the line that [baseline] lacks. The replicate is `trial.user_attrs["seed"]`, and for
objectives of all kinds `hpstudy.seed()`; as Optuna's may not ask for it, Python's, NumPy's and
torch's own generators are seeded with it before each.

Each may offer more than it has to, by the names in `hpstudy.objective.hooks`: checks before
anything runs, cost estimates, curves finer than epochs, predictions, images for the report.
"""

from hpstudy.objective.command import Command, Room
from hpstudy.objective.function import FunctionTraining
from hpstudy.objective.hooks import HOOKS, hook, predictions_of, steps_of
from hpstudy.objective.load import Objective, load_objective
from hpstudy.objective.shown import Layer, Pictures
from hpstudy.objective.training import (
    DEVICES,
    PRECISIONS,
    Estimate,
    Params,
    Runtime,
    Settings,
    Step,
    Training,
)

__all__ = [
    "DEVICES",
    "HOOKS",
    "PRECISIONS",
    "Command",
    "Estimate",
    "FunctionTraining",
    "Layer",
    "Objective",
    "Params",
    "Pictures",
    "Room",
    "Runtime",
    "Settings",
    "Step",
    "Training",
    "hook",
    "load_objective",
    "predictions_of",
    "steps_of",
]
