"""The command line: options in, exit code out. Results go to stdout, all else to stderr.

A file a command: its options and what it does. What it needs is imported when it runs.
"""

from importlib import import_module

from hpstudy.cli.app import app

__all__ = ["app"]

# As the help lists them.
_COMMANDS = (
    "init", "check", "grid", "search", "compare", "worker", "train", "predict", "import_", "show",
    "report", "export", "dashboard", "data", "clean", "delete",
)  # fmt: skip

for _command in _COMMANDS:
    import_module(f"hpstudy.cli.{_command}")
