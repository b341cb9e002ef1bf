"""Models: an interaction with representations, defaults and citation; one file a model."""

from .conj_complex import ConjComplEx

__all__ = ["ConjComplEx"]
