from __future__ import annotations

from hpstudy.results.origin import read_origin


def test_how_a_grid_was_trained(book):
    assert read_origin("walk/grid", book.database) is None
    book.trial(0.2, versions={"torch": "2.9"})
    book.trial(0.4, epochs=4)
    book.trial(0.2, seed=1, versions={"torch": "2.10", "processor": "a CPU"})
    book.trial(lr=0.2, error="raised")
    book.study.set_user_attr("fingerprint", {"settings": {"head": "logits"}})
    origin = read_origin("walk/grid", book.database)
    assert origin.objective == "m"
    assert origin.settings == {"head": "logits"}
    assert origin.versions == {"torch": ("2.10", "2.9"), "processor": ("a CPU",)}
    assert (origin.seeds, origin.precisions, origin.devices) == ((0, 1), ("fp32",), ("cpu",))
    assert (origin.threads, origin.trials, origin.epochs) == ((1,), 3, 6)
    trials = book.study.get_trials(deepcopy=False)
    assert origin.started == trials[0].datetime_start
    assert origin.finished == trials[2].datetime_complete


def test_no_study_has_no_origin(book):
    assert read_origin("other/grid", book.database) is None
