"""The modules that lie beside a study file: each folder has its own, whatever they are called."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

_INSTALLED = {"site-packages", "dist-packages"}
_STANDARD = Path(os.__file__).parent  # may lie within a study's folder, such as a home
_OURS = {"hpstudy", "__main__", "__mp_main__"}  # never a study's, wherever they lie


def import_beside(name: str, folder: Path) -> ModuleType:
    """Imports a module: a folder's own as its file is now, else what is on `sys.path`."""
    own = _own(folder)
    own.forget_changed()
    importlib.invalidate_caches()
    with _without(own.rivals()), own.entered():
        return importlib.import_module(name)


@contextmanager
def entered(folder: Path) -> Iterator[None]:
    """In the block, imports find a folder's modules first.

    Outside neither `sys.path` nor `sys.modules` shows them, so that the `mine` of one folder is
    never taken for that of another. What imports late, inside a function, must be called in here.
    """
    with _own(folder).entered():
        yield


class _Own:
    """The modules of a folder, as far as they are loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._modules: dict[str, ModuleType] = {}
        self._stamps: dict[str, tuple[Path, tuple[int, int] | None]] = {}
        self._is_entered = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        if self._is_entered:
            yield
            return
        self._is_entered = True
        sys.path.insert(0, f"{self._folder}")
        with _without(self._modules):
            sys.modules.update(self._modules)
            known = set(sys.modules)
            try:
                yield
            finally:
                with suppress(ValueError):  # an objective may have taken it out
                    sys.path.remove(f"{self._folder}")
                self._keep(set(sys.modules) - known)
                for name in self._modules:
                    sys.modules.pop(name, None)
                self._is_entered = False

    def _keep(self, names: set[str]) -> None:
        for name in names:
            place = _place(module := sys.modules[name])
            if (
                place.is_relative_to(self._folder)
                and not place.is_relative_to(_STANDARD)
                and not _is_installed(place.relative_to(self._folder))
                and _top(name) not in _OURS
            ):
                self._modules[name] = module
                self._stamps[name] = place, _stamp(place)

    def forget_changed(self) -> None:
        """Forgets all of the folder's modules if the file of one has changed."""
        if self._is_entered:
            return
        stamps = ((name, *self._stamps[name]) for name in self._modules)
        changed = [self._modules[name] for name, place, stamp in stamps if _stamp(place) != stamp]
        for module in changed:  # what is compiled passes for current if one second made both
            if module.__spec__ is not None and module.__spec__.cached is not None:
                with suppress(OSError):
                    Path(module.__spec__.cached).unlink()
        if changed:
            self._modules.clear()

    def rivals(self) -> Mapping[str, ModuleType]:
        """Returns what others loaded under names of the folder's modules, but for packages."""
        files = {
            *self._folder.glob("*.py"),
            *(f.parent for f in self._folder.glob("*/__init__.py")),
        }
        names = {file.stem for file in files} - _OURS - sys.stdlib_module_names
        return {
            name: module
            for name, module in list(sys.modules.items())
            if _top(name) in names
            and module is not self._modules.get(name)
            and not _is_installed(_place(module))
        }


@cache
def _own(folder: Path) -> _Own:
    return _Own(folder)


@contextmanager
def _without(modules: Mapping[str, ModuleType]) -> Iterator[None]:
    """Takes modules of these names out of `sys.modules`, and puts them back after the block."""
    taken = {name: sys.modules.pop(name) for name in list(modules) if name in sys.modules}
    try:
        yield
    finally:
        sys.modules.update(taken)


def _top(name: str) -> str:
    return name.partition(".")[0]


def _place(module: ModuleType) -> Path:
    """Returns the file of a module, or the folder of a package without one."""
    spec = getattr(module, "__spec__", None)
    if not isinstance(spec, ModuleSpec):
        return Path()
    return Path(next(filter(None, [spec.origin, *(spec.submodule_search_locations or ())]), ""))


def _is_installed(place: Path) -> bool:
    return not _INSTALLED.isdisjoint(place.parts)


def _stamp(file: Path) -> tuple[int, int] | None:
    """Returns what tells a file from an earlier one; None where it is gone."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
