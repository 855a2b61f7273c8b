"""Optuna's storage on a server: what was cut is done again, where that comes to the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optuna.storages import BaseStorage

from hpstudy.store.server_trouble import again, again_if_undone

# Made twice, these would come to a second trial, or find that it was done already.
_ONCE = ("create_new_study", "create_new_trial", "delete_study", "set_trial_state_values")


def steady(storage: BaseStorage) -> BaseStorage:
    """Returns a storage that makes calls again which were cut."""
    found: BaseStorage = _Steady(storage)
    return found


def _method(name: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - each its own
        return getattr(self.storage, name)(*args, **kwargs)

    return again_if_undone(call) if name in _ONCE else again(call)


def _begin(self: Any, storage: BaseStorage) -> None:  # noqa: ANN401
    self.storage = storage


_Steady = type(
    "_Steady",
    (BaseStorage,),
    {name: _method(name) for name in vars(BaseStorage) if not name.startswith("_")}
    | {"__init__": _begin},
)
