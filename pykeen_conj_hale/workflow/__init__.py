"""The whole job in a few functions: train on a file of triples, load what was trained, predict, measure, export.

>>> trained = train_triples("triples.tsv", "my_model", seconds=300)  # doctest: +SKIP
>>> trained = load("my_model")  # doctest: +SKIP
>>> trained.predict(head="berlin", relation="capital_of", top=10)  # doctest: +SKIP

Underneath all is PyKEEN's: its pipeline trains, ``trained.model`` is its model, ``trained.training`` its factory.
"""

from .labels import UnknownLabelError
from .run import train_triples
from .trained import TrainedModel, load

__all__ = ["TrainedModel", "UnknownLabelError", "load", "train_triples"]
