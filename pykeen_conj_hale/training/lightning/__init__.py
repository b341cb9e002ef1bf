"""Query sampling under PyTorch Lightning; it is imported only by who asks for it."""

from .module import QuerySamplingLitModule

__all__ = ["QuerySamplingLitModule"]
