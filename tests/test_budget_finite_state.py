"""A state from which no training could go on does not replace a checkpoint."""

import math

import pytest
import torch
from budget_runs import Clock, Tick, make_loop, nations
from hypothesis import given
from hypothesis import strategies as st
from pykeen.models import DistMult

from pykeen_conj_hale.models import HypER
from pykeen_conj_hale.training import BudgetedLCWATrainingLoop, QuerySamplingTrainingLoop
from pykeen_conj_hale.training.budget.checkpoint import load_checkpoint
from pykeen_conj_hale.training.budget.finite_state import NonFiniteStateError, check_finite_state

FACTORY = nations()


def state_of(model, optimizer=None, loss=1.0):
    return {
        "model": model.state_dict(),
        "optimizer": {"state": optimizer or {}},
        "position": {"loss": loss},
    }


def check(model, **kwargs):
    check_finite_state(state_of(model, **kwargs), model, FACTORY.mapped_triples, None)


@pytest.mark.parametrize("model", [DistMult, HypER])
def test_a_good_state_leaves_no_trace(model):
    model = model(triples_factory=FACTORY, random_seed=0).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    check(model, optimizer={0: {"step": torch.tensor(3.0), "exp_avg": torch.ones(3)}})
    assert model.training
    assert torch.equal(torch.get_rng_state(), random)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


@given(
    bad=st.sampled_from([math.nan, math.inf, -math.inf, 1e30, -1e20]), place=st.integers(0, 10**6), first=st.booleans()
)
def test_a_single_bad_number_is_found(bad, place, first):
    model = DistMult(triples_factory=FACTORY, embedding_dim=4, random_seed=0)
    name, parameter = list(model.named_parameters())[0 if first else 1]
    with torch.no_grad():
        parameter.view(-1)[place % parameter.numel()] = bad
    with pytest.raises(NonFiniteStateError, match=f"overflowing: {name}"):
        check(model)


def test_what_overflows_in_the_scores_only():
    model = DistMult(triples_factory=FACTORY, embedding_dim=4, random_seed=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1e15)
    with pytest.raises(NonFiniteStateError, match="scores of training triples"):
        check(model)


def test_optimizer_and_loss():
    model = DistMult(triples_factory=FACTORY, embedding_dim=4, random_seed=0)
    with pytest.raises(NonFiniteStateError, match=r"overflowing: optimizer\.0\.exp_avg$"):
        check(model, optimizer={0: {"step": torch.tensor(1.0), "exp_avg": torch.tensor([1.0, math.nan])}})
    with pytest.raises(NonFiniteStateError, match="the loss of the epoch"):
        check(model, loss=math.inf)


@pytest.mark.parametrize("num_triples", [1, 2, 255, 2**24 + 4, 30_000_000, 86_054_151])
def test_the_last_triple_of_many_is_looked_at(num_triples, monkeypatch):
    """Above 2²⁴ not every row has a number in single precision. One triple in memory stands for all."""
    model, seen = DistMult(triples_factory=FACTORY, embedding_dim=4, random_seed=0), []

    class Rows:
        def __len__(self):
            return num_triples

        def __getitem__(self, rows):
            seen.append(rows)
            return FACTORY.mapped_triples[:1].expand(num_triples, 3)[rows]

    check_finite_state(state_of(model), model, Rows(), None)
    (rows,) = seen
    assert len(rows) == len(set(rows.tolist())) == min(256, num_triples)
    assert (rows[0], rows[-1]) == (0, num_triples - 1)


class Spoil(Tick):
    """Makes parameters bad in a step."""

    def __init__(self, clock, step, bad):
        super().__init__(clock)
        self.step, self.bad = step, bad

    def post_batch(self, **kwargs):
        super().post_batch(**kwargs)
        if self.steps == self.step:
            with torch.no_grad():
                for parameter in self.model.parameters():
                    parameter.fill_(self.bad)


@pytest.mark.parametrize("cls", [QuerySamplingTrainingLoop, BudgetedLCWATrainingLoop])
@pytest.mark.parametrize("bad", [1e30, math.nan])
@pytest.mark.parametrize("step", [5, 7, 9])
def test_the_good_checkpoint_stays(cls, bad, step, tmp_path):
    """In the middle of an epoch, in its last step, and where the budget ends."""
    path = tmp_path / "c"
    clock = Clock()
    loop = make_loop(cls, FACTORY, 9, clock)
    train = {"batch_size": 512, "use_tqdm": False, "checkpoint": path, "checkpoint_seconds": 1}
    message = rf"No checkpoint is written at step {step}, .*overflowing: .*_rep.*checkpoint='.*c' stays as it was"
    with pytest.raises(NonFiniteStateError, match=message):
        loop.train(FACTORY, callbacks=Spoil(clock, step, bad), **train)
    assert load_checkpoint(path)["steps"] == step - 1
    clock = Clock()
    again = make_loop(cls, FACTORY, 9, clock)
    again.train(FACTORY, callbacks=Tick(clock), **train)
    assert again.num_steps == 9
