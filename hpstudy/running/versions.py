"""What a training's numbers may depend on beside itself: versions of software, the processor."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from platform import machine, processor, python_version
from types import ModuleType

_OURS = ("hpstudy", "optuna")


def versions(objective: str) -> Mapping[str, str]:
    """Returns what sums may round by, by name: "python", "processor", and packages.

    The packages are hpstudy's own two, torch where it is loaded, and what the objective's source
    imports: its module, the other modules of its package, or those that lie beside it.

    Args:
        objective: "module:name"; its module is loaded.
    """
    module = objective.partition(":")[0]
    return _versions(module, sys.modules.get(module), len(sys.modules))


@lru_cache(maxsize=1)
def _versions(module: str, _found: ModuleType | None, _loaded: int) -> Mapping[str, str]:
    """Looks anew only where something more was loaded, as an objective may import late."""
    found = {"python": python_version(), "processor": _processor()}
    packages = [*_OURS, *(["torch"] if "torch" in sys.modules else []), *_imported_by(module)]
    return found | {package: _version(package) for package in dict.fromkeys(packages)}


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a folder that was not installed
        return "unknown"


@cache
def _processor() -> str:
    cpus = Path("/proc/cpuinfo")  # Linux: `platform.processor` is mostly empty there
    lines = cpus.read_text().splitlines() if cpus.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or processor() or machine()


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _imported_by(module: str) -> list[str]:
    """Returns the installed packages that an objective's own modules import, by name."""
    files = {file for one in _own_modules(module) if (file := getattr(one, "__file__", None))}
    tops = {module.partition(".")[0]}.union(*(_imports(file) for file in files))
    own = sys.modules.get(module.partition(".")[0])
    home = _home(own) if own is not None else None
    if home is not None and {"site-packages", "dist-packages"} & set(home.parts):
        home = None  # all that is installed lies there
    loaded = [
        top
        for top in tops - sys.stdlib_module_names  # whose packages are read takes a while
        if top in sys.modules and (home is None or _home(sys.modules[top]) != home)
    ]
    return sorted({name for top in loaded for name in _distributions().get(top, [])})


def _own_modules(name: str) -> Iterable[ModuleType]:
    """Returns the loaded modules of an objective's package; without one, those beside it."""
    module = sys.modules.get(name)
    if module is None:
        return []
    tops = [module.__package__] if module.__package__ else _beside(module)
    inside = tuple(f"{top}." for top in tops)
    loaded = list(sys.modules.items())
    return [one for key, one in loaded if key in tops or key.startswith(inside)]


def _beside(module: ModuleType) -> list[str]:
    """Returns the top modules in a module's folder, itself included; none that was installed."""
    home = _home(module)
    tops = {name: one for name, one in list(sys.modules.items()) if "." not in name}
    return [
        name
        for name, one in tops.items()
        if one is module
        or (home is not None and _home(one) == home and name not in _distributions())
    ]


def _home(module: ModuleType) -> Path | None:
    """Returns the folder that a top module lies in."""
    file = getattr(module, "__file__", None)
    if file is None:
        return None
    path = Path(file)
    return path.parent.parent if path.name == "__init__.py" else path.parent


@cache
def _imports(file: str) -> frozenset[str]:
    """Returns the top modules that a source file names in its imports, wherever they stand."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):  # an extension, or a source that is gone
        return frozenset()
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return frozenset(name.partition(".")[0] for name in names)
