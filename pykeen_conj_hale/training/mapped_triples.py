r"""Triples that are drawn from the disk, batch by batch, in an order that takes no memory.

An epoch of n triples needs a permutation of 0, …, n - 1. Stored, it takes 8 n bytes in each process. Here it is
computed where it is asked for, by a Feistel network on pairs of b bits, :math:`n \le 4^b \le 4 n`: rounds
:math:`(x, y) \mapsto (y, x \oplus f_k(y))`, each of which can be undone whatever :math:`f_k` is. What comes out beyond
n goes in again, until it is below n ("cycle walking"): so all is a permutation of 0, …, n - 1.

See https://doi.org/10.1007/3-540-45760-7_9 (Black and Rogaway, *Ciphers with Arbitrary Finite Domains*, 2002).
"""

from __future__ import annotations

from typing import Final

import torch
from pykeen.triples import CoreTriplesFactory
from torch import Tensor

from ..datasets.mapped.dataset import MappedTriplesFactory
from ..pykeen_internals import add_inverse_triples

__all__ = ["MappedTriples", "Permutation", "ShuffledTriples", "shuffled", "training_triples"]

_ROUNDS: Final = 6
#: An odd number of 31 bits, so that products of it with numbers of 32 bits do not overflow: that of MurmurHash3
_FACTOR: Final = 0x45D9F3B


class Permutation:
    """A pseudo-random permutation of 0, …, n - 1, computed where it is asked for.

    :param num: the number n
    :param seed: the seed
    """

    def __init__(self, num: int, seed: int) -> None:
        self._num = num
        self._bits = max(1, -(-max(num - 1, 1).bit_length() // 2))
        generator = torch.Generator().manual_seed(seed)
        self._keys = torch.randint(2**31, (_ROUNDS,), generator=generator).tolist()

    def __len__(self) -> int:
        return self._num

    def __getitem__(self, places: slice) -> Tensor:
        """Compute a part of the permutation.

        :param places: the part
        :return: what is there, on the CPU; shape: ``(n,)``
        """
        found = self._encrypt(torch.arange(*places.indices(self._num)))
        while len(beyond := (found >= self._num).nonzero().squeeze(dim=-1)):
            found[beyond] = self._encrypt(found[beyond])
        return found

    def _encrypt(self, x: Tensor) -> Tensor:
        mask = (1 << self._bits) - 1
        high, low = x >> self._bits, x & mask
        for key in self._keys:
            high, low = low, high ^ (_mix(low, key) & mask)
        return (high << self._bits) | low


def _mix(x: Tensor, key: int) -> Tensor:
    """Hash numbers of 32 bits to such numbers."""
    for shift in (16, 15):
        x = (x ^ (x >> shift) ^ key) * _FACTOR & 0xFFFFFFFF
    return x ^ (x >> 16)


class MappedTriples:
    """All triples of a training, with inverse ones after them, of which only those in use are in memory."""

    def __init__(self, triples_factory: CoreTriplesFactory, triples: Tensor, device: torch.device) -> None:
        """Initialize the triples.

        :param triples_factory: says whether there are inverse triples, and which relations they have
        :param triples: shape: ``(num_triples, 3)``, mapped from a file
        :param device: where rows are wanted
        """
        self._triples, self.device = triples, device
        self._inverter, self._is_doubled = triples_factory.relation_inverter, triples_factory.create_inverse_triples

    def __len__(self) -> int:
        return len(self._triples) * (2 if self._is_doubled else 1)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Get triples.

        :param rows: their rows, on the CPU, shape: ``(n,)``; or a slice
        :return: shape: ``(n, 3)``, on the device
        """
        if isinstance(rows, slice):
            rows = torch.arange(*rows.indices(len(self)))
        num = len(self._triples)
        triples = self._triples[rows % num]
        if self._is_doubled:
            inverse = self._inverter.map(triples, invert=True).flip(1)
            triples = torch.where((rows >= num).unsqueeze(dim=-1), inverse, self._inverter.map(triples))
        return triples.to(self.device, non_blocking=True)


class ShuffledTriples:
    """Mapped triples in a pseudo-random order.

    :param triples: the triples
    :param seed: the seed of the order
    """

    def __init__(self, triples: MappedTriples, seed: int) -> None:
        self._triples, self._order = triples, Permutation(len(triples), seed)

    def __getitem__(self, places: slice) -> Tensor:
        """Get the triples at places of the order, shape: ``(n, 3)``."""
        return self._triples[self._order[places]]


def shuffled(triples: Tensor | MappedTriples) -> Tensor | ShuffledTriples:
    """Bring triples into an order that is drawn from the global random state.

    :param triples: shape: ``(num_triples, 3)``
    :return: the triples, of which slices can be taken
    """
    if isinstance(triples, MappedTriples):
        return ShuffledTriples(triples, int(torch.randint(2**62, ())))
    # the CPU's generator, so that the order does not depend on the device
    return triples[torch.randperm(len(triples)).to(triples.device)]


def training_triples(
    triples_factory: CoreTriplesFactory, training: CoreTriplesFactory, device: torch.device
) -> Tensor | MappedTriples:
    """Get all triples that are trained or validated, with inverse ones after them if the training has those.

    :param triples_factory: the triples, with ids of relations as in the files
    :param training: the training triples, which say how relations are numbered
    :param device: where batches are wanted
    :return: a tensor there; or, of triples that are mapped from a file, what is drawn from it
    """
    triples = triples_factory.mapped_triples
    if isinstance(triples_factory, MappedTriplesFactory):
        return MappedTriples(training, triples, device)
    return add_inverse_triples(training, triples).to(device)
