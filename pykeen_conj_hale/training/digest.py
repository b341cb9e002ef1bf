"""Which triples a training, or a study, is on: a digest, equal in each process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pykeen.triples import CoreTriplesFactory, TriplesFactory
from torch import Tensor

__all__ = ["describe_triples", "digest_of"]


def describe_triples(triples_factory: CoreTriplesFactory, kind: str = "triples") -> str:
    """Describe triples and their labels by a digest; of many, that takes a while.

    :param triples_factory: the triples, on the CPU
    :param kind: what they are called
    :return: their number and their SHA-256
    """
    labels: list[Mapping[str, int]] = []
    if isinstance(triples_factory, TriplesFactory):
        labels = [triples_factory.entity_to_id, triples_factory.relation_to_id]
    digest = digest_of(triples_factory.mapped_triples, *labels)
    return f"{triples_factory.num_triples} {kind} with SHA-256 {digest}"


def digest_of(triples: Tensor, *labels: Mapping[str, int]) -> str:
    """Identify triples, without a copy of them.

    :param triples: shape: ``(n, 3)``, on the CPU
    :param labels: labels, with their ids
    :return: the SHA-256 of all
    """
    digest = hashlib.sha256(triples.contiguous().numpy().data)
    for mapping in labels:
        digest.update(repr(sorted(mapping.items())).encode())
    return digest.hexdigest()
