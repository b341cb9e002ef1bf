"""HaLE's tables and figures anew, beside those of its paper."""
