"""From database rows to frozen dataclasses; knows no plotting and prints nothing."""
