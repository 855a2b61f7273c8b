"""The database and the files beside it: locks, trainings, trials, checkpoints, what goes."""
