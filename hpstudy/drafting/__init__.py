"""A first study file for what somebody has: a function, a class, an Optuna objective, a program.

Nothing of it is run but a program's `--help`: source is read as text. What is not known is guessed
and said, in comments of the file, which is there to be edited.
"""
