"""Ranks one by one: a table with a row per triple and side."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import torch
from pykeen.constants import TARGET_TO_INDEX
from pykeen.evaluation.ranks import Ranks
from pykeen.models import Model
from pykeen.triples import CoreTriplesFactory, TriplesFactory
from pykeen.typing import Target
from torch import Tensor

from ..checks import SIDES, check_choice, check_targets, check_whole
from ..pykeen_internals import count_entities
from .batches import default_batch_size, in_batches
from .known_answers import KnownAnswers
from .ranking import rank

__all__ = ["Candidates", "observed_candidates", "rank_triples"]

#: By side, and by the id of the relation: the ids of the entities among which an answer is ranked
Candidates: TypeAlias = Mapping[Target, Mapping[int, Collection[int]]]

Triples: TypeAlias = CoreTriplesFactory | Tensor


def observed_candidates(*triples: Triples) -> dict[Target, dict[int, list[int]]]:
    """Find the entities that are head, or tail, of each relation: a stand-in for types where there are none.

    :param triples: the triples to look at, those of training as a rule
    :return: by side and relation, the ids of entities
    :raises ValueError: if none are given
    """
    if not triples:
        raise ValueError("triples is empty: give the triples to look at, those of training as a rule.")
    found = torch.cat([_mapped(x) for x in triples]).cpu().numpy()
    candidates: dict[Target, dict[int, list[int]]] = {}
    for side in SIDES:
        pairs = np.unique(found[:, [1, TARGET_TO_INDEX[side]]], axis=0)
        relations, starts = np.unique(pairs[:, 0], return_index=True)
        parts = np.split(pairs[:, 1], starts[1:])
        candidates[side] = {int(r): part.tolist() for r, part in zip(relations, parts, strict=True)}
    return candidates


@torch.inference_mode()
def rank_triples(
    model: Model,
    triples: Triples,
    *,
    known: Iterable[Triples] = (),
    targets: Collection[Target] = SIDES,
    candidates: Candidates | None = None,
    batch_size: int | None = None,
) -> pd.DataFrame:
    """Rank triples, filtered, and keep each rank.

    The columns: ``head``, ``relation``, ``tail``, as labels if the triples have them, else as ids; ``side``, what is
    asked for; ``rank``, the realistic one, the mean of ``optimistic`` and ``pessimistic``; ``reciprocal_rank``, whose
    mean is the MRR; ``candidates``, among how many entities the answer is ranked. Rows of a triple follow each other.

    :param model: the model
    :param triples: the triples to rank, a factory or shape: ``(num_triples, 3)``, with ids of relations as in the files
    :param known: further triples whose answers are left out: training, validation
    :param targets: the sides, ``"head"`` and ``"tail"``
    :param candidates: the entities to rank among, by side and relation; all of them where a side or relation is not
        given. The true answer is always one.
    :param batch_size: the number of queries at once; by default as many as are fast
    :return: the table
    :raises ValueError: if there is nothing to rank, or an argument is not allowed
    :raises NonFiniteScoreError: if the model predicts NaN
    """
    sides = check_targets(targets)
    mapped = _mapped(triples).to(model.device)
    if not len(mapped):
        raise ValueError("There is nothing to rank: triples is empty.")
    num_entities, num_relations = count_entities(model), model.num_relations
    if not isinstance(known, Iterable):
        raise ValueError(f"known={known!r} is not allowed: it must be a list of factories or ids of triples.")
    if not isinstance(candidates, Mapping | None):
        raise ValueError(f"candidates={candidates!r} is not allowed: it must be a mapping of sides to relations.")
    masks = _make_masks(candidates or {}, num_entities, num_relations, model.device)
    size = default_batch_size(model, num_entities, model.device)
    size = size if batch_size is None else check_whole("batch_size", batch_size)
    everything = [mapped, *(_mapped(x) for x in known)]
    was_training = model.training
    columns: dict[Target, Any] = {}
    model.eval()
    try:
        for side in (side for side in SIDES if side in sides):
            index = KnownAnswers.of(mapped, everything, side)
            rank_rows = partial(_rank_rows, model, mapped, side, index, masks.get(side, {}))
            columns[side] = torch.cat(list(in_batches(rank_rows, len(mapped), size))).cpu().numpy()
    finally:
        model.train(was_training)
    return _make_table(triples, mapped, columns)


def _rank_rows(
    model: Model, triples: Tensor, side: Target, known: KnownAnswers, masks: Mapping[int, Tensor], batch_rows: slice
) -> Tensor:
    """Rank a batch, shape: ``(batch_size, 3)``: optimistic and pessimistic ranks, numbers of candidates."""
    batch, answers = triples[batch_rows], known.batch(batch_rows.start, batch_rows.stop)
    true = batch[:, TARGET_TO_INDEX[side]]
    scores = model.predict(hrt_batch=batch, target=side)
    ranks: Ranks = rank(scores, true, answers)
    # the ids come from the device, which is waited for: only if they are asked for
    rows = [i for i, relation in enumerate(batch[:, 1].tolist()) if relation in masks] if masks else []
    optimistic, pessimistic, options = ranks.optimistic, ranks.pessimistic, ranks.number_of_options
    if rows:
        # the other candidates that are no known answers
        allowed = torch.stack([masks[relation] for relation in batch[rows, 1].tolist()])
        is_known = torch.zeros_like(scores, dtype=torch.bool)
        is_known[answers.rows, answers.answers] = True
        allowed &= ~is_known[rows]
        allowed.scatter_(1, true[rows, None], False)
        true_scores = scores[rows].gather(1, true[rows, None])
        optimistic[rows] = 1 + (allowed & (scores[rows] > true_scores)).sum(dim=1)
        pessimistic[rows] = 1 + (allowed & (scores[rows] >= true_scores)).sum(dim=1)
        options[rows] = 1 + allowed.sum(dim=1)
    return torch.stack([optimistic, pessimistic, options], dim=1)


def _make_masks(
    candidates: Candidates, num_entities: int, num_relations: int, device: torch.device
) -> dict[Target, dict[int, Tensor]]:
    """Make a row of booleans per side and relation."""
    masks: dict[Target, dict[int, Tensor]] = {}
    for side, by_relation in candidates.items():
        check_choice("candidates", side, SIDES)
        masks[side] = {}
        if not isinstance(by_relation, Mapping):
            raise ValueError(f"candidates[{side!r}]={by_relation!r} is not allowed: it must be a mapping of relations.")
        for relation, entities in by_relation.items():
            check_whole(f"candidates[{side!r}]: relation", relation, minimum=0, maximum=num_relations - 1)
            allowed = sorted(check_whole(f"candidates[{side!r}][{relation}]", x, minimum=0) for x in entities)
            ids = torch.as_tensor(allowed, dtype=torch.long, device=device)
            if len(ids) and not (int(ids[0]) >= 0 and int(ids[-1]) < num_entities):
                raise ValueError(
                    f"candidates[{side!r}][{relation!r}] has ids from {int(ids[0])} to {int(ids[-1])}: those of "
                    f"entities are 0 to {num_entities - 1}."
                )
            masks[side][relation] = torch.zeros(num_entities, dtype=torch.bool, device=device).index_fill_(0, ids, True)
    return masks


def _make_table(triples: Triples, mapped: Tensor, columns: Mapping[Target, Any]) -> pd.DataFrame:
    labels: Any = mapped.cpu().numpy()
    if isinstance(triples, TriplesFactory):
        labels = triples.label_triples(mapped.cpu())
    values = np.stack(list(columns.values()), axis=1).reshape(-1, 3)
    optimistic, pessimistic, options = values.T
    realistic = (optimistic + pessimistic) / 2
    head, relation, tail = np.repeat(labels, len(columns), axis=0).T
    return pd.DataFrame(
        {
            "head": head,
            "relation": relation,
            "tail": tail,
            "side": np.tile(list(columns), len(mapped)),
            "rank": realistic,
            "reciprocal_rank": 1 / realistic,
            "optimistic": optimistic,
            "pessimistic": pessimistic,
            "candidates": options,
        }
    )


def _mapped(triples: Triples) -> Tensor:
    mapped = triples.mapped_triples if isinstance(triples, CoreTriplesFactory) else triples
    if not isinstance(mapped, Tensor) or mapped.ndim != 2 or mapped.shape[1] != 3 or mapped.dtype != torch.long:
        raise ValueError(f"triples={triples!r} is not allowed: it must be a factory, or ids of shape (num_triples, 3).")
    return mapped
