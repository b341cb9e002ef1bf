"""The share of a process: what counts how much in the average over processes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.losses import Term
from pykeen_conj_hale.training.lightning.batch_share import BatchShare


@given(values=st.lists(st.floats(-1, 1), min_size=1, max_size=30), world_size=st.integers(1, 8))
def test_the_mean_over_processes_is_the_mean_over_all(values, world_size):
    x = np.array(values)
    total = 0.0
    for rank in range(world_size):
        own = x[rank::world_size]
        share = BatchShare(torch.empty(0), len(x), rank, world_size)
        assert share.num_own(len(x)) == len(own)
        total += share.weight(len(x)) * (own.mean() if len(own) else 123.0) / world_size
    assert total == pytest.approx(x.mean(), abs=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("num", "world_size"), [(10, 3), (4, 3), (2, 3), (1, 4)])
def test_weighted_terms_average_to_that_of_all_rows(reduction, num, world_size):
    """Of the first rows of a batch of 11; a process without one of them computes its term from another row."""
    x = torch.arange(11, dtype=torch.float64).square()
    reduce = getattr(torch, reduction)
    values = []
    for rank in range(world_size):
        share = BatchShare(torch.empty(0), 11, rank, world_size)
        own = x[rank::world_size][share.sample(num)]
        assert len(own) == max(1, share.num_own(num))
        values.append(share.weigh(Term(reduce(own), num, reduction)))
    torch.testing.assert_close(sum(values) / world_size, reduce(x[:num]))
