"""What an objective can show of itself in a report: its images, and its network's layers.

For objectives to import; it lives in `hpstudy.objective.shown`.
"""

from hpstudy.objective.shown import Layer, Pictures

__all__ = ["Layer", "Pictures"]
