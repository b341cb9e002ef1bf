"""HaLE's tables and figures again: our runs beside what the paper says."""
