"""Filtered ranks against ranks that are counted one by one."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pykeen_conj_hale.evaluation.known_answers import KnownBatch
from pykeen_conj_hale.evaluation.ranking import rank
from pykeen_conj_hale.nn import NonFiniteScoreError


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_ranks_are_counted(data):
    num_entities, batch_size = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 4))
    scores = torch.tensor(
        data.draw(
            st.lists(
                st.lists(st.integers(-2, 2), min_size=num_entities, max_size=num_entities),
                min_size=batch_size,
                max_size=batch_size,
            )
        )
    ).float()
    true = torch.tensor([data.draw(st.integers(0, num_entities - 1)) for _ in range(batch_size)])
    known = [{int(t), *data.draw(st.sets(st.integers(0, num_entities - 1)))} for t in true]
    pairs = torch.tensor([(i, e) for i, row in enumerate(known) for e in sorted(row)])
    ranks = rank(scores, true, KnownBatch(*pairs.T))
    for i, t in enumerate(true.tolist()):
        others = [scores[i, e].item() for e in range(num_entities) if e not in known[i]]
        score = scores[i, t].item()
        assert ranks.optimistic[i] == 1 + sum(x > score for x in others)
        assert ranks.pessimistic[i] == 1 + sum(x >= score for x in others)
        assert ranks.realistic[i] == (ranks.optimistic[i] + ranks.pessimistic[i]) / 2
        assert ranks.number_of_options[i] == 1 + len(others)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_many_scores_are_counted_exactly_in_any_type(dtype):
    scores = torch.ones(2, 5_001, dtype=dtype)
    scores[:, 0] = 0.0
    ranks = rank(scores, torch.tensor([0, 1]), KnownBatch(torch.tensor([0, 1]), torch.tensor([0, 1])))
    assert ranks.optimistic.tolist() == [5_001, 1]
    assert ranks.pessimistic.tolist() == [5_001, 5_000]


def test_scores_are_not_changed():
    scores = torch.randn(3, 5)
    before = scores.clone()
    rank(scores, torch.tensor([0, 1, 2]), KnownBatch(torch.tensor([0]), torch.tensor([0])))
    assert torch.equal(scores, before)


def test_nan_is_refused_and_infinite_scores_are_not():
    known = KnownBatch(torch.tensor([0]), torch.tensor([0]))
    scores = torch.tensor([[1.0, torch.inf, -torch.inf]])
    assert rank(scores, torch.tensor([0]), known).realistic.tolist() == [2.0]
    with pytest.raises(NonFiniteScoreError, match="NaN"):
        rank(torch.tensor([[1.0, torch.nan, 0.0]]), torch.tensor([0]), known)
