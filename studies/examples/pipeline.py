"""A scikit-learn pipeline, scored on held-out digits."""

from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


def score(params, *, seed, settings):
    """Returns the accuracy on a third of the digits."""
    digits = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(*digits, test_size=1 / 3, random_state=seed)
    model = make_pipeline(
        StandardScaler(),
        PCA(params["components"], random_state=seed),
        SVC(kernel=params["kernel"], C=params["C"]),
    )
    return {"accuracy": model.fit(x, y).score(x_test, y_test)}
