"""Planning and running trials: the plan, the worker loop, its processes, their progress."""
