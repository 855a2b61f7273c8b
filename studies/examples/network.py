"""A small network on scikit-learn's digits: what is random comes from the seed and the epoch."""

import torch
from sklearn.datasets import load_digits
from torch.nn import Linear, ReLU, Sequential
from torch.nn.functional import cross_entropy

OPTIMIZERS = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop}


class Digits:
    def __init__(self, params, *, seed, settings, runtime):
        x, y = map(torch.from_numpy, load_digits(return_X_y=True))
        self.x, self.x_test = (x.float() / 16).split([1200, len(x) - 1200])
        self.y, self.y_test = y.split([1200, len(y) - 1200])
        self.seed, self.done = seed, 0
        torch.manual_seed(seed)
        self.model = Sequential(Linear(64, 64), ReLU(), Linear(64, 10))
        self.optimizer = OPTIMIZERS[params["optimizer"]](self.model.parameters(), lr=params["lr"])

    def epoch(self):
        order = torch.Generator().manual_seed(1000 * self.seed + self.done)
        for batch in torch.randperm(len(self.x), generator=order).split(32):
            self.optimizer.zero_grad()
            cross_entropy(self.model(self.x[batch]), self.y[batch]).backward()
            self.optimizer.step()
        self.done += 1
        right = self.model(self.x_test).argmax(1) == self.y_test
        return {"accuracy": right.float().mean()}

    def state_dict(self):
        parts = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        return {**parts, "done": self.done}

    def load_state_dict(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.done = state["done"]
