"""Records validation curves of many settings on the real MNIST, for samplers to be replayed on.

The settings are the corners of the search space and a scrambled Sobol sequence, stretched so that
every sixth coordinate or so is clipped to an end of its range: a replay interpolates between
recorded settings, and must find some on the faces too. Each is trained for 20 epochs on the first
500 training images and validated on 1,000 images held out, with a head of logits: its curves rise
and level off in 20 epochs, as the report's do on all images; under its softmax 500 images
are still being learned by then. The settings whose curves reach highest are then trained again
from other seeds: what they score there is no part of what a search chose them by.

The table, `curves.csv.gz` beside this file, is rewritten after each curve; a second run records
what is missing. Run by hand; a curve takes a quiet core about 15 seconds:

    nice -n 19 python tests/bench/record_curves.py --data runs/data --workers 2
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import itertools
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from scipy.stats import qmc

from hpstudy.mnist import CnnTraining
from hpstudy.objective import Runtime

TABLE = Path(__file__).with_name("curves.csv.gz")
MAX_EPOCHS = 20
SPACE = {"lr": (1e-4, 1e-1), "hidden": (64, 4096), "batch_size": (16, 1024)}  # all logarithmic
SETTINGS = {"head": "logits", "train_images": 500, "validation": 1000, "test_images": 1}
STRETCH = 1.2


@dataclass(frozen=True)
class Curve:
    """One training: its setting, its seed, and the validation accuracy after each epoch."""

    lr: float
    hidden: int
    batch_size: int
    seed: int
    seconds: float = 0.0
    accuracies: tuple[float, ...] = ()

    @property
    def setting(self) -> tuple[float, int, int]:
        return self.lr, self.hidden, self.batch_size

    @property
    def key(self) -> tuple[float, int, int, int]:
        return *self.setting, self.seed


def settings_to_record(count: int) -> list[Curve]:
    """Returns the corners of the space, then so many points that fill it, from seed 0."""
    corners = itertools.product((0.0, 1.0), repeat=len(SPACE))
    sobol = qmc.Sobol(len(SPACE), seed=0).random(1024)[:count]  # balanced as a power of 2 only
    stretched = np.clip(0.5 + STRETCH * (sobol - 0.5), 0, 1)
    # Clipping takes a point to a corner now and then, which is recorded once.
    return list(dict.fromkeys(_curve(unit) for unit in [*corners, *stretched.tolist()]))


def _curve(unit: Iterable[float]) -> Curve:
    lr, hidden, batch_size = (
        low * (high / low) ** u for u, (low, high) in zip(unit, SPACE.values(), strict=True)
    )
    return Curve(float(f"{lr:.4g}"), round(hidden), round(batch_size), seed=0)


def record(wanted: Curve, data: str) -> Curve:
    """Trains one setting and returns its curve."""
    start = time.perf_counter()
    training = CnnTraining(
        {"lr": wanted.lr, "hidden": wanted.hidden, "batch_size": wanted.batch_size},
        seed=wanted.seed,
        settings=SETTINGS,
        runtime=Runtime(threads=1, data=data),
    )
    accuracies = tuple(training.epoch()["validation_accuracy"] for _ in range(MAX_EPOCHS))
    return Curve(*wanted.key, round(time.perf_counter() - start, 1), accuracies)


def read_table(path: Path) -> list[Curve]:
    """Returns the recorded curves."""
    if not path.exists():
        return []
    with gzip.open(path, "rt", newline="") as file:
        _, *rows = csv.reader(file)
    return [
        Curve(float(r[0]), int(r[1]), int(r[2]), int(r[3]), float(r[4]), tuple(map(float, r[5:])))
        for r in rows
    ]


def write_table(path: Path, curves: Iterable[Curve]) -> None:
    """Writes the curves, in an order and to bytes that depend on nothing else."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    epochs = [f"epoch_{epoch}" for epoch in range(1, MAX_EPOCHS + 1)]
    writer.writerow([*SPACE, "seed", "seconds", *epochs])
    for curve in sorted(curves, key=lambda c: (c.seed, c.setting)):
        writer.writerow([*curve.key, curve.seconds, *(f"{a:.4g}" for a in curve.accuracies)])
    draft = path.with_suffix(".draft")
    draft.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    os.replace(draft, path)  # noqa: PTH105 - overwrites on any system


def record_missing(wanted: list[Curve], args: argparse.Namespace) -> None:
    """Trains what the table lacks; every finished curve is kept at once."""
    curves = {curve.key: curve for curve in read_table(args.table)}
    missing = [curve for curve in wanted if curve.key not in curves]
    print(f"{len(wanted)} curves wanted, {len(missing)} to record", flush=True)
    with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
        for count, done in enumerate(_recorded(pool, missing, args.data), 1):
            curves[done.key] = done
            write_table(args.table, curves.values())
            print(
                f"{count}/{len(missing)} {done.key} best {max(done.accuracies):.3f} "
                f"last {done.accuracies[-1]:.3f} {done.seconds:.0f} s",
                flush=True,
            )


def _recorded(pool: ProcessPoolExecutor, missing: list[Curve], data: str) -> Iterator[Curve]:
    for future in as_completed([pool.submit(record, curve, data) for curve in missing]):
        yield future.result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="runs/data")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread each")
    parser.add_argument("--settings", type=int, default=112, help="besides the 8 corners")
    parser.add_argument("--again", type=int, default=32, help="settings with other seeds")
    parser.add_argument("--seeds", type=int, default=2, help="other seeds")
    args = parser.parse_args()
    first = settings_to_record(args.settings)
    record_missing(first, args)
    keys = {curve.key for curve in first}
    curves = [curve for curve in read_table(args.table) if curve.key in keys]
    best = sorted(curves, key=lambda curve: -max(curve.accuracies))[: args.again]
    seeds = range(1, args.seeds + 1)
    record_missing([Curve(*curve.setting, seed) for seed in seeds for curve in best], args)
    recorded = read_table(args.table)
    seconds = sum(curve.seconds for curve in recorded)
    print(
        f"{cpu()}, torch {torch.__version__}: n = {len(recorded)} curves of {MAX_EPOCHS} epochs, "
        f"{seconds / 60:.0f} minutes one after another, {args.table.stat().st_size / 1000:.0f} kB"
    )


def cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))


if __name__ == "__main__":
    main()
