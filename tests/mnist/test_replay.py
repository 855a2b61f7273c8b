"""The order of things on CUDA, with stand-ins for its graphs; nothing here needs a GPU."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import torch

from hpstudy.mnist.replay import ReplayedStep


class Stream:
    def wait_stream(self, other: object) -> None:
        pass


@pytest.fixture
def graphs(monkeypatch):
    """Stand-ins: what runs inside a recording is kept, and replayed on the tensors it used."""
    recorded = []

    class Graph:
        def replay(self) -> None:
            log.append(("replayed", recorded[0].tolist()))

    @contextmanager
    def graph(of: Graph):
        before = len(log)
        yield
        recorded.append(log[before][1])
        del log[before:]

    @contextmanager
    def stream(of: Stream):
        yield

    log: list[tuple[str, object]] = []
    for name, stand_in in {
        "Stream": Stream,
        "CUDAGraph": Graph,
        "graph": graph,
        "stream": stream,
        "current_stream": Stream,
    }.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    return log


def test_full_batches_are_replayed_after_a_warm_up_and_others_run_as_they_are(graphs):
    step = ReplayedStep(lambda index: graphs.append(("ran", index)), batch_size=2)
    for batch in ([0, 1], [2, 3], [4], [5, 6], [7, 8], [9], [10, 11]):
        step(torch.tensor(batch))
    shown = [(how, index if how == "replayed" else index.tolist()) for how, index in graphs]
    assert shown == [
        ("ran", [0, 1]),
        ("ran", [2, 3]),
        ("ran", [4]),
        ("ran", [5, 6]),
        ("replayed", [7, 8]),
        ("ran", [9]),
        ("replayed", [10, 11]),
    ]
