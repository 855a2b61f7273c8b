"""Ways to show results; computes nothing."""
