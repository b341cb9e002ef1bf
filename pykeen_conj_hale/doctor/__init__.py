"""Whether an installation works: what is there, what PyKEEN finds, and a training of a few seconds."""

from .examination import examine
from .finding import Finding, State

__all__ = ["Finding", "State", "examine"]
