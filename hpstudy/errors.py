"""The one exception type for what a user can put right."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can fix: a study file, an option, a dataset, a database.

    The message is one line that says what is wrong, where, and what was expected. The command
    line prints it without a traceback and exits with code 2.
    """
