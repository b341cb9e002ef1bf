"""The objective: GloVe over words and entities, in any model of PyKEEN."""
