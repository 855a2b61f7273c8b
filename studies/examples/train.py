"""Trains a tiny network on two moons: a script like many, which knows nothing of hpstudy."""

import argparse

import numpy as np

parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
parser.add_argument("--lr", type=float, default=0.1, help="step size")
parser.add_argument("--hidden", type=int, default=16, help="hidden units")
parser.add_argument("--epochs", type=int, default=20, help="passes over the data")
parser.add_argument("--seed", type=int, default=0, help="of the weights and the data")
args = parser.parse_args()

random = np.random.default_rng(args.seed)
angle, label = random.uniform(0, np.pi, 600), random.integers(0, 2, 600)
moons = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (1 - 2 * label[:, None])
x = moons + label[:, None] * [1, 0.5] + random.normal(0, 0.15, (600, 2))
w1, w2 = random.normal(0, 1, (2, args.hidden)), random.normal(0, 1, args.hidden) / args.hidden
b1, b2 = np.zeros(args.hidden), 0.0


def outputs(points):
    inner = np.tanh(points @ w1 + b1)
    return inner, 1 / (1 + np.exp(-(inner @ w2 + b2)))


for epoch in range(1, args.epochs + 1):
    for batch in np.split(random.permutation(400), 20):
        inner, guess = outputs(x[batch])
        error = (guess - label[batch]) / len(batch)
        back = np.outer(error, w2) * (1 - inner**2)
        w1, b1 = w1 - args.lr * x[batch].T @ back, b1 - args.lr * back.sum(0)
        w2, b2 = w2 - args.lr * inner.T @ error, b2 - args.lr * error.sum()
    guess = outputs(x[400:])[1].clip(1e-9, 1 - 1e-9)
    loss = -np.log(np.where(label[400:], guess, 1 - guess)).mean()
    right = ((guess > 0.5) == label[400:]).mean()
    print(f"epoch {epoch} val_loss={loss:.4f} acc={right:.4f}")
