"""Which representation of a model's entities words can share."""

from __future__ import annotations

from typing import Any

from pykeen.models import ERModel

from ...checks import check_whole
from ...pykeen_internals import is_plain_embedding

__all__ = ["check_shareable"]


def check_shareable(model: ERModel[Any, Any, Any], index: int) -> int:
    """Check that a representation of entities is a plain embedding of vectors.

    :param model: the model
    :param index: the number of the representation, from 0, or from the last one backwards
    :return: the number
    :raises ValueError: if there is no such representation, or no vector in it belongs to an entity alone
    """
    representations = list(model.entity_representations)
    check_whole("representation", index, minimum=-len(representations), maximum=len(representations) - 1)
    representation = representations[index]
    if not is_plain_embedding(representation):
        raise ValueError(
            f"representation={index!r} is not allowed: entity representation {index} of {type(model).__name__} is a "
            f"{type(representation).__name__} and no plain embedding, so that no vector of an entity alone could be a "
            "word's. Take a model with embeddings, or another representation=…."
        )
    if representation.shape == ():
        raise ValueError(f"representation={index!r} is a single number for each entity (a bias), and no vector.")
    return index
