"""Settings from the graph: what a person does not say is chosen by what the graph is.

:func:`describe_graph` says what a graph is, and :func:`choose_settings` what to train with: the arguments of PyKEEN's
pipeline. The rule is :data:`~pykeen_conj_hale.defaults.table.KINDS`, a table of four kinds of graphs.
:mod:`~pykeen_conj_hale.defaults.configuration` says what a pipeline has trained, as a configuration to repeat it.
"""

from .graph import Graph, describe_graph
from .rule import choose_settings
from .settings import Settings

__all__ = ["Graph", "Settings", "choose_settings", "describe_graph"]
