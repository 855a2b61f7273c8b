"""The command line: options in, exit code out. Results go to stdout, all else to stderr."""

from hpstudy.cli.commands import app

__all__ = ["app"]
