"""An Optuna objective with a conditional search space; it runs under Optuna alone, too."""

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC


def objective(trial):
    x, y = load_wine(return_X_y=True)
    if trial.suggest_categorical("model", ["forest", "svc"]) == "svc":
        classifier = SVC(C=trial.suggest_float("C", 1e-3, 1e3, log=True), gamma="auto")
    else:
        classifier = RandomForestClassifier(
            n_estimators=trial.suggest_int("trees", 10, 200),
            max_depth=trial.suggest_int("depth", 1, 16, log=True),
            random_state=trial.user_attrs.get("seed", 0),
        )
    return cross_val_score(classifier, x, y, cv=3).mean()


if __name__ == "__main__":
    import optuna

    study = optuna.create_study(direction="maximize")
    study.optimize(objective, n_trials=50)
    print(study.best_trial)
