"""Models that keep what they have computed of their parameters until the next step: RGCN, CompGCN."""

import random

import numpy as np
import pytest
import torch
from budget_runs import nations
from pykeen.datasets import Nations
from pykeen.models import RGCN, CompGCN, TransE
from pykeen.pipeline import pipeline
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale.pykeen_internals import forget_computed
from pykeen_conj_hale.training import BudgetedLCWATrainingLoop, BudgetedSLCWATrainingLoop, QuerySamplingTrainingLoop
from pykeen_conj_hale.training import threads as threads_module

pytestmark = pytest.mark.filterwarnings("ignore:Sparse CSR")


class Kept(TrainingCallback):
    """Looks at what is there at the start of each step, and whether the entities got a gradient."""

    def __init__(self):
        super().__init__()
        self.kept, self.gradients = [], []

    @property
    def representation(self):
        return self.training_loop.model.entity_representations[0]

    def pre_batch(self, **kwargs):
        self.kept.append(self.representation.enriched_embeddings)

    def pre_step(self, **kwargs):
        (weight,) = self.representation.entity_embeddings.parameters()
        self.gradients.append(weight.grad)


STOPPERS = {
    "timed": dict(stopper="timed", stopper_kwargs=dict(seconds=1e-6, patience=100, use_tqdm=False)),
    "PyKEEN's": dict(stopper="early", stopper_kwargs=dict(frequency=1, patience=100)),
}


@pytest.mark.parametrize("stopper", STOPPERS)
def test_no_step_uses_what_an_evaluation_has_computed(stopper):
    seen = Kept()
    pipeline(
        dataset="nations",
        model="RGCN",
        model_kwargs=dict(embedding_dim=8, num_layers=1),
        training_loop="BudgetedSLCWA",
        training_kwargs=dict(num_epochs=2, batch_size=512, use_tqdm=False, callbacks=seen),
        evaluation_kwargs=dict(use_tqdm=False),
        random_seed=0,
        **STOPPERS[stopper],
    )
    assert len(seen.kept) == 8
    assert seen.kept == [None] * 8
    assert all(gradient is not None for gradient in seen.gradients)


def train(make_model, **kwargs):
    """Train two epochs; the parameters."""
    factory, model = Nations().training, make_model()
    loop = BudgetedSLCWATrainingLoop(
        model=model, triples_factory=factory, optimizer="SGD", optimizer_kwargs=dict(lr=0.1, momentum=0.1)
    )
    for seed in (torch.manual_seed, np.random.seed, random.seed):
        seed(1)
    loop.train(factory, num_epochs=2, batch_size=512, use_tqdm=False, **kwargs)
    return list(model.parameters())


@pytest.mark.parametrize("cls", [RGCN, TransE])
def test_checkpoints_change_nothing(cls, tmp_path):
    """What their look at the scores has computed is not used; constraints are not applied once more."""

    def make():
        options = dict(num_layers=1) if cls is RGCN else {}
        return cls(triples_factory=Nations().training, embedding_dim=8, random_seed=0, **options)

    plain, saved = train(make), train(make, checkpoint=tmp_path / "c", checkpoint_seconds=1e-6)
    assert all(torch.equal(a, b) for a, b in zip(plain, saved, strict=True))


@pytest.mark.parametrize("cls", [QuerySamplingTrainingLoop, BudgetedLCWATrainingLoop])
def test_threads_are_measured(cls, monkeypatch):
    """By several passes of one batch, of which each has to compute the entities anew."""
    before = torch.get_num_threads()
    for name in threads_module.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(threads_module, "SMALL", 0)
    factory, losses = nations(), []
    try:
        for threads in (2, 1):  # measured, and not
            torch.set_num_threads(threads)
            model = CompGCN(triples_factory=factory, embedding_dim=8, loss="crossentropy", random_seed=0)
            loop = cls(model=model, triples_factory=factory, optimizer="SGD", optimizer_kwargs=dict(lr=0.1))
            torch.manual_seed(0)
            losses.append(loop.train(factory, num_epochs=1, batch_size=256, use_tqdm=False))
    finally:
        torch.set_num_threads(before)
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_constraints_stay_as_they_are():
    """Of a unit vector the norm is not 1 in all bits: once more they would change it."""
    model = TransE(triples_factory=Nations().training, embedding_dim=50, random_seed=0)
    model.post_parameter_update()
    (weight,) = model.entity_representations[0].parameters()
    with torch.no_grad():
        weight.mul_(2)
    before = weight.clone()
    forget_computed(model)
    assert torch.equal(weight, before)
    model.post_parameter_update()
    torch.testing.assert_close(weight, before / 2)
