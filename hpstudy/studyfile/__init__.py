"""The study file: its sections, their rules, finding and reading it."""
