"""A corpus: its documents, the entities which they mention, and what occurs together in them."""
