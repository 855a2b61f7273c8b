"""What optuna-dashboard shows of a study, and serving it."""
