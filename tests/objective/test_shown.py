from __future__ import annotations

import numpy as np
import pytest

from hpstudy.pictures import Pictures

IMAGES = np.zeros((3, 4, 4), dtype=np.uint8)
LABELS = np.arange(3, dtype=np.uint8)


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (["a", "b"], "expected the names of 3, as labels go up to 2, found 2"),
        ("cat", "expected the names of 3, as labels go up to 2, found 1"),
        ([0, 1, 2], "expected a name, found 0"),
        (["a", " ", "c"], "expected a name, found ' '"),
        (["a", "b", "a"], "expected names that differ, found 'a' twice"),
    ],
)
def test_names_that_are_none_or_too_few_are_refused(classes, said: str):
    with pytest.raises(ValueError, match="^classes: ") as error:
        Pictures(IMAGES, LABELS, IMAGES, LABELS, classes)
    assert str(error.value) == f"classes: {said}"


@pytest.mark.parametrize("classes", [["a", "b", "c"], np.array(["a", "b", "c"]), tuple("abcd"), ()])
def test_names_may_come_as_any_sequence_and_be_left_out(classes):
    assert Pictures(IMAGES, LABELS, IMAGES, LABELS, classes).classes == tuple(classes)
