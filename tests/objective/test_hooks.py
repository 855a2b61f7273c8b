"""What an objective may offer: each name has a protocol that says how."""

from __future__ import annotations

import inspect

from hpstudy.objective import HOOKS, hook, hooks


def members(protocol: type) -> set[str]:
    names = {*vars(protocol), *inspect.get_annotations(protocol)}
    return {name for name in names if not name.startswith("_")}


def test_each_hook_has_a_protocol_of_its_own():
    kinds = [k for k in vars(hooks).values() if getattr(k, "__module__", "") == hooks.__name__]
    protocols = [kind for kind in kinds if inspect.isclass(kind)]
    assert [members(protocol) for protocol in protocols] == [{name} for name in HOOKS]


def test_a_hook_that_is_not_there_is_none_or_what_stands_for_it():
    assert hook(object(), "check") is None
    assert hook(object(), "version", 1) == 1
