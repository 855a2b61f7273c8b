"""How much steadier the mean of a training's last epochs is than its last epoch alone.

Of a database's trainings, those that share a setting with trainings of other seeds are taken: value
= setting + seed + residual. Printed are the residual's spread for the last epoch and for the mean
of the last three, and the ratio of the variances with its 95 % interval (Pitman and Morgan, 1939:
variances of values in pairs), after each number of epochs that is asked for. Then the same within
each setting that was trained longer: the variance over its seeds.

    python tests/bench/last_epochs.py sqlite:///runs/hpstudy.db --after 5 20
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Mapping

import numpy as np
from scipy import special
from sqlalchemy import create_engine, text

LAST = 3
Curves = Mapping[str, Mapping[int, list[float]]]  # of each setting, by seed

_QUERY = """
SELECT t.params, t.settings, t.seed, e.metrics FROM hpstudy_trainings t
JOIN hpstudy_epochs e ON e.training_id = t.id ORDER BY t.id, e.epoch
"""


def read(url: str, metric: str) -> Curves:
    found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    with create_engine(url).connect() as connection:
        for params, settings, seed, metrics in connection.execute(text(_QUERY)):
            value = json.loads(metrics).get(metric)
            found[f"{params} {settings}"][seed].append(np.nan if value is None else value)
    return found


def residuals(values: np.ndarray) -> np.ndarray:
    """Returns what neither the setting nor the seed explains; a row a setting."""
    rows, columns = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    return values - rows - columns + values.mean()


def compare(curves: Curves, epochs: int) -> str:
    long = {s: {k: c for k, c in by.items() if len(c) >= epochs} for s, by in curves.items()}
    counts = Counter(seed for by in long.values() for seed in by)
    ordered = [seed for seed, _ in counts.most_common()]
    blocks = [
        [[by[s][:epochs] for s in seeds] for by in long.values() if by.keys() >= {*seeds}]
        for seeds in (ordered[:n] for n in range(2, len(ordered) + 1))
    ]
    blocks = [block for block in blocks if len(block) > 1]
    if not blocks:
        return f"after {epochs} epochs: no two settings with two seeds"
    block = np.array(max(blocks, key=lambda b: (len(b) - 1) * (len(b[0]) - 1)))
    settings, replicates, _ = block.shape
    single, mean = block[:, :, -1], block[:, :, -LAST:].mean(axis=2)
    free = (settings - 1) * (replicates - 1)
    one, few = residuals(single), residuals(mean)
    spreads = [(np.sum(each**2) / free) ** 0.5 for each in (one, few)]
    ratio = (spreads[1] / spreads[0]) ** 2
    told = f"after {epochs} epochs, {settings} settings × {replicates} seeds: residual spread "
    told += f"{spreads[0]:.5f}, {spreads[1]:.5f}; ratio of variances {ratio:.2f}"
    if free > 2:
        together = np.sum(one * few) / (np.sum(one**2) * np.sum(few**2)) ** 0.5
        t = special.stdtrit(free - 1, 0.975)
        k = 1 + 2 * (1 - together**2) * t**2 / (free - 1)
        low, high = (ratio * (k + sign * (k**2 - 1) ** 0.5) for sign in (-1, 1))
        told += f" ({low:.2f} to {high:.2f})"
    return f"{told}; level shifted by {np.mean(mean - single):+.5f}"


def within(curves: Curves) -> list[str]:
    """Says it of each setting by itself, where seeds were trained alike long, and of all together.

    The variance over seeds is the mean over the epochs from the eighth on.
    """
    told, pairs = [], []
    for name, by in curves.items():
        longest = max(map(len, by.values()))
        block = np.array([curve for curve in by.values() if len(curve) == longest])
        ends = range(7, longest)
        if not ends or len(block) < 3:
            continue
        one = np.mean([block[:, end].var(ddof=1) for end in ends])
        few = np.mean([block[:, end - LAST + 1 : end + 1].mean(axis=1).var(ddof=1) for end in ends])
        pairs.append((one, few))
        told.append(
            f"{name.partition('}')[0]}}}, {len(block)} seeds, epochs 8 to {longest}: spread over "
            f"seeds {one**0.5:.5f}, {few**0.5:.5f}; ratio of variances {few / one:.2f}"
        )
    if pairs:
        one, few = np.mean(pairs, axis=0)
        told.append(f"{len(pairs)} settings together: ratio of variances {few / one:.2f}")
    return told or ["no setting with eight epochs on three seeds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="the database")
    parser.add_argument("--metric", default="test_accuracy")
    parser.add_argument("--without", nargs="*", default=[], help="texts of settings to leave out")
    parser.add_argument("--after", type=int, nargs="+", default=[5, 20], help="epochs")
    args = parser.parse_args()
    curves = read(args.url, args.metric)
    for part in args.without:
        curves = {name: by for name, by in curves.items() if part not in name}
    for epochs in args.after:
        print(compare(curves, epochs))
    print(*within(curves), sep="\n")


if __name__ == "__main__":
    main()
