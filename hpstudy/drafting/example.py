"""A study to begin with: two small files that run as they stand."""

from __future__ import annotations

from hpstudy.drafting.draft import Subject
from hpstudy.drafting.known import Known

OBJECTIVE = '''"""A first objective, digits by a small network; edit it, or write your own."""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


def objective(params, *, seed, settings):
    """Returns what is compared; all that is random comes from the seed."""
    data = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(*data, test_size=0.3, random_state=seed)
    sizes, rate = (params["hidden"],), params["lr"]
    network = MLPClassifier(sizes, learning_rate_init=rate, random_state=seed)
    for _ in range(10):
        network.partial_fit(x / 16, y, classes=range(10))
    return {"accuracy": network.score(x_test / 16, y_test)}
'''


def subject() -> Subject:
    """Returns what the objective is studied by."""
    return Subject(
        title="A first study",
        objective="objective:objective",
        known=[Known("lr", 0.01), Known("hidden", 64)],
        metric="accuracy",
    )
