"""The documentation's tables and pictures, made from the recorded lines of ``docs/results``: ``make figures``."""
