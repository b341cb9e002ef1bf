"""A training limited by time: what keeps its budget, its place, its checkpoints and its best model."""
