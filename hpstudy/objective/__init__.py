"""What is trained: a `Training` class or a plain function, named as "module:name".

Either may offer more than it has to, by the names in `hpstudy.objective.hooks`: checks before
anything runs, cost estimates, curves finer than epochs, predictions, images for the report.
"""

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
    "Estimate",
    "FunctionTraining",
    "Layer",
    "Objective",
    "Params",
    "Pictures",
    "Runtime",
    "Settings",
    "Step",
    "Training",
    "hook",
    "load_objective",
    "predictions_of",
    "steps_of",
]
