from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from hpstudy.objective.numbers import as_number


class Wordless:
    def __repr__(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        Decimal("0.5"),
        Fraction(1, 2),
        np.float32(0.5),
        np.float64(0.5),
        np.array(0.5),
        np.array([0.5]),
        torch.tensor(0.5),
        torch.tensor([[0.5]]),
        torch.tensor(0.5, requires_grad=True),
    ],
    ids=repr,
)
def test_whatever_is_one_number_is_taken(value: object):
    number = as_number(value)
    assert type(number) is float
    assert number == 0.5


@pytest.mark.parametrize("value", [3, np.int64(3), np.array(3), torch.tensor(3)], ids=repr)
def test_whole_numbers_become_floats(value: object):
    assert repr(as_number(value)) == "3.0"


def test_what_diverged_is_a_number_too():
    assert math.isnan(as_number(torch.tensor(math.nan)))
    assert math.isnan(as_number(Decimal("NaN")))
    assert as_number(np.float32(np.inf)) == math.inf


@pytest.mark.parametrize(
    "value",
    [
        True,
        np.True_,
        np.array(True),
        torch.tensor(False),
        None,
        "0.5",
        np.str_("0.5"),
        b"1",
        1j,
        np.array(1j),
        [0.5],
        np.array([0.5, 0.5]),
        np.zeros(10**6),
        torch.tensor([]),
        torch.zeros(1000),
        {"value": 0.5},
        10**400,
        Decimal("sNaN"),
        Decimal,
        np.ndarray,
        Wordless(),
        "long " * 10**5,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_number_is_refused_in_one_short_line(value: object):
    with pytest.raises(TypeError, match="expected a number") as error:
        as_number(value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 150
