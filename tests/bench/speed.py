"""Training speed, measured in one run on one machine.

- against the report's own loop (`report_loop.py`): one training with all threads, both ways;
- the whole grid against the report's loop run for each of its 15 rows: extrapolated on both sides
  from parts of 10,000 images of every row. The report's side takes its 95 epochs with all threads
  and no evaluation; hpstudy's the 65 distinct epochs, an evaluation after each, by two workers of
  one thread each, both at work;
- against the machine: the network's floating-point operations over the rate of a matrix product
  measured in between, plus the bytes that Adam moves over the rate of a copy;
- two workers against one.

All that is compared takes turns, so that a machine whose speed drifts treats both alike.
Run by hand, on a quiet machine:

    python tests/bench/speed.py --data runs/data --rounds 5
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from report_loop import ReportLoop

from hpstudy.mnist import CnnTraining
from hpstudy.mnist.networks import Architecture, operations_per_image, parameter_count
from hpstudy.objective import Runtime

PART = 10_000  # images; a sixth of an epoch
BASELINE = (512, 100)  # hidden units and batch size
ROWS = {BASELINE: (65, 35)}  # epochs of the grid's rows one by one, and distinct ones
ROWS |= {(hidden, 100): (5, 5) for hidden in (1024, 2048, 4096)}
ROWS |= {(512, batch): (5, 5) for batch in (64, 256, 1024)}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def training(
    row: tuple[int, int], precision: str, threads: int, data: str, test_images: int = 10_000
) -> CnnTraining:
    hidden, batch_size = row
    return CnnTraining(
        {"lr": 0.001, "hidden": hidden, "batch_size": batch_size},
        seed=0,
        settings={"train_images": PART, "test_images": test_images},
        runtime=Runtime(precision=precision, threads=threads, data=data),
    )


def work(orders: Connection, data: str) -> None:
    """A process with one thread: trains a part of what it is told to, again and again."""
    made: dict[tuple[tuple[int, int], str], CnnTraining] = {}
    while (order := orders.recv()) is not None:
        if order not in made:
            made[order] = training(*order, 1, data)
            made[order].epoch()  # warms up
        start = time.perf_counter()
        seconds = made[order].epoch()["seconds"]
        orders.send((seconds, time.perf_counter() - start - seconds))


class Workers:
    """One-thread processes, told what to train together."""

    def __init__(self, pipes: list[Connection]) -> None:
        self._pipes = pipes

    def together(self, row: tuple[int, int], precision: str, count: int) -> tuple[float, float]:
        """Returns mean seconds of a part, and of an evaluation, with so many at work at once."""
        for pipe in self._pipes[:count]:
            pipe.send((row, precision))
        done = [pipe.recv() for pipe in self._pipes[:count]]
        parts, evaluations = zip(*done, strict=True)
        return statistics.fmean(parts), statistics.fmean(evaluations)


@contextmanager
def workers(count: int, data: str) -> Iterator[Workers]:
    context = multiprocessing.get_context("spawn")
    pipes = []
    for _ in range(count):
        ours, theirs = context.Pipe()
        context.Process(target=work, args=(theirs, data), daemon=True).start()
        pipes.append(ours)
    yield Workers(pipes)
    for pipe in pipes:
        pipe.send(None)


def operations_per_second(precision: str, threads: int) -> float:
    torch.set_num_threads(threads)
    left, right = (torch.rand(1024, 1024).to(DTYPES[precision]) for _ in range(2))
    return 2 * 1024**3 / median_seconds(lambda: left @ right)


def bytes_per_second(threads: int) -> float:
    torch.set_num_threads(threads)
    source = torch.rand(2**25)
    target = torch.empty_like(source)
    return 2 * 4 * 2**25 / median_seconds(lambda: target.copy_(source))


def median_seconds(call) -> float:
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[2:])


def limit(row: tuple[int, int], precision: str) -> float:
    """Returns the least seconds of a part with one thread: its products, and what Adam moves."""
    hidden, batch_size = row
    made_of = Architecture("cnn", "softmax", hidden)
    products = PART * operations_per_image(made_of) / operations_per_second(precision, 1)
    # Adam reads weight, gradient and two averages, and writes all but the gradient, in float32.
    moved = PART / batch_size * 7 * 4 * parameter_count(made_of) / bytes_per_second(1)
    return products + moved


def spread(values: list[float], digits: int = 2) -> str:
    low, high = min(values), max(values)
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f}, n = {len(values)})"


def one_training(data: str, rounds: int, threads: int) -> None:
    print("\none training, all threads, seconds an epoch")
    torch.set_num_threads(threads)
    report = ReportLoop(data)
    ours = {precision: training(BASELINE, precision, threads, data) for precision in DTYPES}
    report.seconds(1000), [t.epoch() for t in ours.values()]
    theirs: list[float] = []
    mine: dict[str, list[float]] = {precision: [] for precision in ours}
    for _ in range(3 * rounds):
        theirs.append(6 * report.seconds(PART))
        for precision, seconds in mine.items():
            seconds.append(6 * ours[precision].epoch()["seconds"])
    print(f"  report's loop    {spread(theirs, 1)}")
    for precision, seconds in mine.items():
        ratios = [a / b for a, b in zip(theirs, seconds, strict=True)]
        print(f"  hpstudy, {precision}    {spread(seconds, 1)}: {spread(ratios)} times faster")


def whole_grid(data: str, rounds: int, threads: int, pair: Workers) -> None:
    print("\nthe whole grid, seconds, extrapolated from parts of every row")
    totals: dict[str, list[float]] = {"report": [], **{precision: [] for precision in DTYPES}}
    loops = {row: ReportLoop(data, *row) for row in ROWS}
    for _ in range(rounds):
        sums = dict.fromkeys(totals, 0.0)
        for row, (asked, distinct) in ROWS.items():
            torch.set_num_threads(threads)
            sums["report"] += asked * 6 * loops[row].seconds(PART)
            for precision in DTYPES:
                part, evaluation = pair.together(row, precision, 2)
                sums[precision] += distinct * (6 * part + evaluation) / 2
        for name, total in sums.items():
            totals[name].append(total)
    print(f"  report's loop, 95 epochs       {spread(totals['report'], 0)}")
    for precision in DTYPES:
        ratios = [a / b for a, b in zip(totals["report"], totals[precision], strict=True)]
        seconds = spread(totals[precision], 0)
        print(f"  hpstudy, {precision}, 65 epochs      {seconds}: {spread(ratios)} times faster")


def against_the_machine(rounds: int, pair: Workers) -> None:
    print("\none thread, times the least that products and Adam's memory take")
    for row in (BASELINE, (4096, 100)):
        for precision in DTYPES:
            seconds, ratios = [], []
            for _ in range(rounds):
                least = limit(row, precision)
                part, _ = pair.together(row, precision, 1)
                ratios.append(part / least)
                seconds.append(6 * part)
            name = f"hidden {row[0]}, {precision}"
            print(f"  {name:18} {spread(ratios)}; {spread(seconds, 1)} s an epoch")


def two_against_one(rounds: int, pair: Workers) -> None:
    print("\ntwo workers against one, images a second")
    for precision in DTYPES:
        ratios = []
        for _ in range(rounds):
            alone, _ = pair.together(BASELINE, precision, 1)
            both, _ = pair.together(BASELINE, precision, 2)
            ratios.append(2 * alone / both)
        print(f"  {precision}: {spread(ratios)} times")


def profile(data: str) -> None:
    """Prints which operators the time of a batch goes to, one thread."""
    from torch.profiler import profile as profiler

    for precision in DTYPES:
        trained = training(BASELINE, precision, 1, data, test_images=1)
        trained.epoch()
        with profiler() as seen:
            trained.epoch()
        rows = sorted(seen.key_averages(), key=lambda row: -row.self_cpu_time_total)
        total = sum(row.self_cpu_time_total for row in rows)
        print(f"\n{precision}, one thread: share of the time by operator")
        for row in rows[:12]:
            print(f"  {row.key:40} {100 * row.self_cpu_time_total / total:5.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="runs/data")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--grid-rounds", type=int, default=3, help="a round takes some minutes")
    parser.add_argument("--profile", action="store_true", help="print operators' shares instead")
    args = parser.parse_args()
    if args.profile:
        profile(args.data)
        return
    threads = torch.get_num_threads()
    rates = ", ".join(f"{p} {operations_per_second(p, 1) / 1e9:.0f}" for p in DTYPES)
    print(f"{cpu()}, {threads} threads, torch {torch.__version__}; median (least to most, n)")
    print(
        f"one thread: matrix products {rates} GFLOP/s, copies {bytes_per_second(1) / 1e9:.0f} GB/s"
    )
    with workers(2, args.data) as pair:
        for precision in DTYPES:
            pair.together(BASELINE, precision, 2)
        one_training(args.data, args.rounds, threads)
        against_the_machine(args.rounds, pair)
        two_against_one(args.rounds, pair)
        whole_grid(args.data, args.grid_rounds, threads, pair)


def cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))


if __name__ == "__main__":
    main()
