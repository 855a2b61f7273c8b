"""Which hyperparameters matter, is the difference real or luck, and which setting to use.

The names below are the public face; they load on first use, so that importing `hpstudy` alone
costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpstudy.errors import UserError
    from hpstudy.metric import Metric, Quantity, Verdict
    from hpstudy.objective import Runtime, Step, Training
    from hpstudy.objective.running_seed import seed
    from hpstudy.sampler import OneFactorSampler
    from hpstudy.study.study import Study
    from hpstudy.studyfile.file import StudyFile
    from hpstudy.studyfile.find import load_study

__version__ = "0.1.0"

__all__ = [
    "Metric",
    "OneFactorSampler",
    "Quantity",
    "Runtime",
    "Step",
    "Study",
    "StudyFile",
    "Training",
    "UserError",
    "Verdict",
    "__version__",
    "from_csv",
    "from_cv_results",
    "from_optuna",
    "load_study",
    "seed",
]

_HOMES = {
    "Metric": "hpstudy.metric",
    "OneFactorSampler": "hpstudy.sampler",
    "Quantity": "hpstudy.metric",
    "Runtime": "hpstudy.objective",
    "Step": "hpstudy.objective",
    "Study": "hpstudy.study.study",
    "StudyFile": "hpstudy.studyfile.file",
    "Training": "hpstudy.objective",
    "UserError": "hpstudy.errors",
    "Verdict": "hpstudy.metric",
    "from_csv": "hpstudy.study.sources",
    "from_cv_results": "hpstudy.study.sources",
    "from_optuna": "hpstudy.study.sources",
    "load_study": "hpstudy.studyfile.find",
    "seed": "hpstudy.objective.running_seed",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return __all__
