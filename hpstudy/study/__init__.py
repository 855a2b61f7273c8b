"""A study as a Python program holds it, and what the command line makes of it too."""

from hpstudy.study.study import Study

__all__ = ["Study"]
