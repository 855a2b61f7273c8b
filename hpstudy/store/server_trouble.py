"""What befalls a server's database that was good when it was opened: waited for, or said in a line.

A connection that is cut while nobody uses it is made anew, for a minute if need be. What is cut in
the middle of a transaction raises `CutError`: what may be done twice is done again (`again`).
"""

from __future__ import annotations

import atexit
import functools
import os
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import IntegrityError

from hpstudy.errors import CutError, StoppedError
from hpstudy.store.postgres import NOTICING_THERE, patiently, reason_of

_ATTEMPTS = 5

# By SQLSTATE, or the class that begins it; what is not here is a mistake of ours and keeps its
# traceback.
_REASONS = {
    "53100": "the server's disk is full; what was recorded is kept",
    "53": "the server has no room left",
    "25006": "it can't be written to",
    "42501": "this user may not do that",
    "42P01": "its tables are gone",
    "22": "it can't hold what was to be written",
    "54": "it can't hold what was to be written",
    "55": "it is in use by somebody else",
    "57": "the server ended what was asked for",
    "58": "the server can't read or write its files",
    "XX": "it is damaged",
}
_UNDONE = ("40",)  # deadlocks and the like: the transaction was rolled back

_engines: WeakKeyDictionary[Engine, int] = WeakKeyDictionary()  # with the process that has them

_Params = ParamSpec("_Params")
_Found = TypeVar("_Found")


def say_server_trouble(engine: Engine, url: str, name: str) -> None:
    """Makes all that goes wrong with a database from now on a `StoppedError`.

    Args:
        engine: The engine of Optuna and of our records.
        url: The database.
        name: What the message calls it.
    """

    def connect(dialect: Dialect, record: object, args: Any, options: Any) -> Any:  # noqa: ANN401
        return patiently(url, lambda: _connected(dialect, args, options))

    def say(context: ExceptionContext) -> None:
        error = context.original_exception
        if context.is_pre_ping:  # another connection is made
            return
        state = getattr(error, "sqlstate", None) or ""
        if context.is_disconnect:
            raise CutError(f"{name}: the connection was cut: {reason_of(error)}") from error
        if state.startswith(_UNDONE):
            raise CutError(f"{name}: {reason_of(error)}", is_undone=True) from error
        reason = _REASONS.get(state) or _REASONS.get(state[:2])
        if reason is not None:
            raise StoppedError(f"{name}: {reason}: {reason_of(error)}") from error

    _engines[engine] = os.getpid()
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "handle_error", say)
    engine.dispose()  # its connections so far were made without


def _connected(dialect: Dialect, args: Any, options: Any) -> Any:  # noqa: ANN401
    connection = dialect.connect(*args, **options)
    try:
        connection.execute(f"{NOTICING_THERE} SELECT count(*) FROM done")
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection


@atexit.register
def _close_all() -> None:
    """Closes what a worker leaves open; a process that it forked must not."""
    for engine, process in _engines.items():
        if process == os.getpid():
            engine.dispose()


def again(call: Callable[_Params, _Found]) -> Callable[_Params, _Found]:
    """Does once more what was cut or met another doing the same, and may be done twice."""
    return _repeated(call, lambda error: True)


def again_if_undone(call: Callable[_Params, _Found]) -> Callable[_Params, _Found]:
    """Does once more what is known not to have been done."""
    return _repeated(call, lambda error: isinstance(error, CutError) and error.is_undone)


def _repeated(
    call: Callable[_Params, _Found], may_be: Callable[[Exception], bool]
) -> Callable[_Params, _Found]:
    @functools.wraps(call)
    def repeated(*args: _Params.args, **kwargs: _Params.kwargs) -> _Found:
        for _ in range(_ATTEMPTS - 1):
            try:
                return call(*args, **kwargs)
            except (CutError, IntegrityError) as error:
                if not may_be(error):
                    raise
        return call(*args, **kwargs)

    return repeated
