"""Results, plans and progress in the terminal."""
