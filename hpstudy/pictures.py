"""What an objective can show: its images, its network's layers, what it finds.

For objectives to import; it lives in `hpstudy.objective.shown`.
"""

from hpstudy.objective.shown import Found, Layer, Pictures

__all__ = ["Found", "Layer", "Pictures"]
