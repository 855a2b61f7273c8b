"""What a grid has announced, as it is stored."""

from __future__ import annotations

from dataclasses import asdict

import optuna

from hpstudy.results.looks import Announcement, announced


def test_what_was_announced_before_spreads_could_be_chosen_takes_them_to_be_alike():
    looks = Announcement((3, 5), (0, 1, 2, 3, 4), 0.3, in_points=True)
    study = optuna.create_study()
    study.set_user_attr("looks", {k: v for k, v in asdict(looks).items() if k != "spreads"})
    assert announced(study) == looks
    own = Announcement((3, 5), (0, 1, 2, 3, 4), 0.3, spreads="own")
    study.set_user_attr("looks", asdict(own))
    assert announced(study) == own
