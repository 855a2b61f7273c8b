"""What the database holds of a study, read as frozen dataclasses; nothing is judged."""
