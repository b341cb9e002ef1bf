"""Losses that are read one step late: the same training, and the same errors one step later."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.training.training_loop import NonFiniteLossError

from pykeen_conj_hale.models import RotE
from pykeen_conj_hale.training import QuerySamplingTrainingLoop, late_loss


@pytest.fixture
def late(monkeypatch):
    """Read the losses of a CPU late."""
    monkeypatch.setattr(late_loss, "reads_late", lambda loss: True)


def make_loop(**kwargs):
    factory = Nations(create_inverse_triples=True).training
    torch.manual_seed(0)
    model = RotE(triples_factory=factory, embedding_dim=8, loss="HaLE", random_seed=0)
    return QuerySamplingTrainingLoop(model=model, triples_factory=factory, optimizer="Adam", **kwargs), factory


def train(num_epochs=3, **kwargs):
    loop, factory = make_loop(**kwargs)
    torch.manual_seed(1)
    losses = loop.train(factory, num_epochs=num_epochs, batch_size=256, use_tqdm=False)
    return losses, loop.model.state_dict()


def test_training_is_the_same(monkeypatch):
    losses, state = train()
    monkeypatch.setattr(late_loss, "reads_late", lambda loss: True)
    late_losses, late_state = train()
    assert all(type(loss) is float for loss in late_losses)
    assert late_losses == pytest.approx(losses, rel=1e-6)
    for name, value in state.items():
        torch.testing.assert_close(late_state[name], value, rtol=0, atol=0)


class Poisoned(QuerySamplingTrainingLoop):
    """A loop whose loss is not finite at one step."""

    steps = 0

    def _process_batch(self, *args, **kwargs):
        loss = super()._process_batch(*args, **kwargs)
        self.steps += 1
        if self.steps == 3:
            self.batch_terms["uniformity"] = torch.tensor(torch.nan)
            return loss * torch.nan
        return loss


@pytest.mark.parametrize(("is_late", "steps"), [(False, 3), (True, 4)])
@pytest.mark.parametrize("batch_size", [256, 1024])
def test_non_finite_losses_are_found(monkeypatch, is_late, steps, batch_size):
    """Also that of the last step of an epoch: there are 13 steps, or 4."""
    monkeypatch.setattr(late_loss, "reads_late", lambda loss: is_late)
    loop, factory = make_loop()
    loop = Poisoned(model=loop.model, triples_factory=factory, automatic_memory_optimization=False)
    with pytest.raises(NonFiniteLossError, match=r"step 3: uniformity is not"):
        loop.train(factory, num_epochs=1, batch_size=batch_size, use_tqdm=False)
    assert loop.steps == steps


def test_the_last_loss_of_an_epoch_is_looked_at(late):
    loop, factory = make_loop()
    loop = Poisoned(model=loop.model, triples_factory=factory, automatic_memory_optimization=False)
    with pytest.raises(NonFiniteLossError, match="step 3"):
        loop.train(factory, num_epochs=1, batch_size=1_400, use_tqdm=False)  # three steps
    assert loop.steps == 3
