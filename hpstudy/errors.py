"""What a user can put right, in one line each."""

from __future__ import annotations

from typing import ClassVar


class UserError(Exception):
    """Something the user can fix: a study file, an option, a dataset, a database.

    The message is one line that says what is wrong, where, and what was expected. The command
    line prints it without a traceback and exits with code 2.
    """

    exit_code: ClassVar[int] = 2


class StoppedError(UserError):
    """What stopped a run that was good when it began: a full disk, a database that was deleted.

    The command line exits with code 1, as something is left to do.
    """

    exit_code: ClassVar[int] = 1


class CutError(StoppedError):
    """The connection to a server was cut in the middle of something; done again, it may succeed.

    Attributes:
        is_undone: Whether it is known that nothing of it was done.
    """

    def __init__(self, message: str, *, is_undone: bool = False) -> None:
        super().__init__(message)
        self.is_undone = is_undone
