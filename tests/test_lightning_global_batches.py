"""Global batches shared by processes: every row once, the sample first, the same for any number of processes."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.training import CheckpointError
from pykeen_conj_hale.training.lightning.global_batches import GlobalBatches


def batches(num=10, batch_size=4, seed=0, **kwargs):
    return GlobalBatches(torch.arange(3 * num).view(num, 3), batch_size, seed=seed, **kwargs)


def rows(share):
    """Number the own triples of a share; those are their rows in ``batches``."""
    return (share.triples[: share.num_own(share.num_triples), 0] // 3).tolist()


@given(num=st.integers(1, 40), batch_size=st.integers(1, 20), world_size=st.integers(1, 6), data=st.data())
def test_processes_share_what_one_has(num, batch_size, world_size, data):
    batch_size = max(batch_size, world_size)
    whole = list(batches(num, batch_size))
    shared = [list(batches(num, batch_size, rank=rank, world_size=world_size)) for rank in range(world_size)]
    assert sorted(row for share in whole for row in rows(share)) == list(range(num))
    for one, *shares in zip(whole, *shared, strict=True):
        sample = data.draw(st.integers(1, one.num_triples))
        assert sorted(rows(one)) == sorted(row for share in shares for row in rows(share))
        sizes = [share.num_own(sample) for share in shares]
        assert sum(sizes) == sample
        assert max(sizes) - min(sizes) <= 1
        sampled = [row for share, size in zip(shares, sizes, strict=True) for row in rows(share)[:size]]
        assert sorted(sampled) == sorted(rows(one)[:sample])
        assert all(len(share.triples) >= 1 for share in shares)


def test_each_epoch_has_an_order_of_its_own():
    def epochs(**kwargs):
        loader = batches(100, 100, **kwargs)
        result = []
        for epoch in range(3):
            if loader.sampler is not None:
                loader.sampler.set_epoch(epoch)
            result += [rows(share) for share in loader]
        return result

    state = torch.random.get_rng_state()
    first = epochs()
    assert len({tuple(epoch) for epoch in first}) == 3
    assert first == epochs()
    assert first != epochs(seed=5)
    fixed = epochs(reshuffle=False)
    assert fixed == [first[0]] * 3
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("world_size", [1, 2])
def test_an_interrupted_epoch_goes_on(world_size):
    loader = batches()
    loader.sampler.set_epoch(2)
    expected = [rows(share) for share in loader]
    iterator = iter(loader)
    next(iterator)
    state = loader.state_dict()
    rest = []
    for rank in range(world_size):
        resumed = batches(rank=rank, world_size=world_size)
        resumed.load_state_dict(dict(state))
        resumed.sampler.set_epoch(2)
        rest.append([rows(share) for share in resumed])
        assert len(list(resumed)) == len(resumed) == 3  # the next epoch is a whole one
    together = [sorted(itertools.chain(*shares)) for shares in zip(*rest, strict=True)]
    assert together == [sorted(rows) for rows in expected[1:]]


@pytest.mark.parametrize("epoch", [2, 3])
def test_after_a_whole_epoch_comes_a_whole_one(epoch):
    loader = batches()
    loader.sampler.set_epoch(2)
    list(loader)
    resumed = batches()
    resumed.load_state_dict(loader.state_dict())
    resumed.sampler.set_epoch(epoch)
    assert len(list(resumed)) == 3


def test_drop_last():
    assert [share.num_triples for share in batches()] == [4, 4, 2]
    assert [share.num_triples for share in batches(drop_last=True)] == [4, 4]
    assert len(batches(drop_last=True)) == 2


@pytest.mark.parametrize("other", [{"batch_size": 5}, {"seed": 1}, {"num": 11}, {"drop_last": True}])
def test_other_batches_are_not_resumed(other):
    state = batches().state_dict()
    with pytest.raises(CheckpointError, match=r"in the checkpoint, but .* in this run"):
        batches(**other).load_state_dict(state)


@pytest.mark.parametrize("seed", [2**32 - 1, 2**63])
def test_candidates_of_a_large_seed(seed):
    drawn = [next(iter(batches(seed=seed))).candidates(3, 1_000).tolist() for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_bad_input():
    with pytest.raises(ValueError, match=r"batch_size=4 .* must be at least their number, 5"):
        batches(world_size=5)
    with pytest.raises(ValueError, match=r"batch_size=11 with drop_last=True leaves no batch of 10 triples"):
        batches(batch_size=11, drop_last=True)
