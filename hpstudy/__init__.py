"""Which hyperparameters matter, is the difference real or luck, and which setting to use.

The names below are the public face; they load on first use, so that importing `hpstudy` alone
costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpstudy.errors import UserError
    from hpstudy.objective import Runtime, Step, Training
    from hpstudy.sampler import OneFactorSampler
    from hpstudy.studyfile.file import StudyFile
    from hpstudy.studyfile.find import load_study

__version__ = "0.1.0"

__all__ = [
    "OneFactorSampler",
    "Runtime",
    "Step",
    "StudyFile",
    "Training",
    "UserError",
    "__version__",
    "load_study",
]

_HOMES = {
    "OneFactorSampler": "hpstudy.sampler",
    "Runtime": "hpstudy.objective",
    "Step": "hpstudy.objective",
    "StudyFile": "hpstudy.studyfile.file",
    "Training": "hpstudy.objective",
    "UserError": "hpstudy.errors",
    "load_study": "hpstudy.studyfile.find",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
