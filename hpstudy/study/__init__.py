"""A study as a Python program holds it, and what the command line makes of it too."""
