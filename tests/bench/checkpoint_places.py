"""What a state costs after an epoch, by where it goes: the folder, and a second place besides.

States of 20 MB and 155 MB (the built-in network at 512 and 4096 hidden units, with its optimizer's)
are saved as a training does: written and read back by digest, sent, the one before dropped. Then
another machine takes each up. Printed are medians and ranges, places in turns: a machine that
others use is as slow to all. PostgreSQL is a server of the tests' own, without fsync.

    python tests/bench/checkpoint_places.py --times 10
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import torch

from hpstudy.store.away import Away
from hpstudy.store.away_files import FilePlace
from hpstudy.store.away_rows import RowPlace
from hpstudy.store.checkpoints import Checkpoints
from hpstudy.store.database import open_database
from tests.servers import binaries, postgres_server

_SIZES = {"20 MB": 20_000_000, "155 MB": 155_000_000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        aways = {"folder": None, "file://": Away(FilePlace(f"file://{folder}/there", "home"))}
        urls = {"SQLite": f"sqlite:///{folder}/hpstudy.db"}
        if programs := binaries():
            server = stack.enter_context(postgres_server(programs))
            urls["PostgreSQL"] = server.url(server.new())
        for name, url in urls.items():
            database = open_database(url, write=True)
            stack.callback(database.close)
            aways[name] = Away(RowPlace(database.engine))
        for label, size in _SIZES.items():
            measure(label, size, aways, folder, times)


def measure(label: str, size: int, aways: dict[str, Away | None], folder: Path, times: int) -> None:
    state = {"weights": torch.rand(size // 4)}
    took = defaultdict(list)
    for epoch in range(1, times + 1):
        for number, (name, away) in enumerate(aways.items()):
            if away is not None and size > (away.place.most or size):
                continue
            key = f"{number}".rjust(32, "0")
            here = Checkpoints(folder / f"{name}-here".replace("/", "-"), away)
            there = Checkpoints(folder / f"{name}-there".replace("/", "-"), away)
            begun = time.perf_counter()
            here.save(key, epoch, state)
            here.keep_only(key, epoch)
            here.send(key, epoch)
            took[name, "save"].append(time.perf_counter() - begun)
            begun = time.perf_counter()
            found = (here if away is None else there).load(key, epoch)
            took[name, "take up"].append(time.perf_counter() - begun)
            assert found is not None
            assert found[0] == epoch
            there.keep_only(key, -1)
            os.sync()  # what one wrote is not the next one's to wait for
    for (name, what), seconds in took.items():
        middle, low, high = statistics.median(seconds), min(seconds), max(seconds)
        print(f"{label}, {name}, {what}: {middle:.3f} s ({low:.3f} to {high:.3f}, n = {times})")


if __name__ == "__main__":
    main()
