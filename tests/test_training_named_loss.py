"""Losses of PyKEEN's loops which are not finite: the term and the step."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.losses import loss_resolver
from pykeen.models import DistMult, TransE
from pykeen.training import SLCWATrainingLoop
from pykeen.training.callbacks import TrainingCallback
from pykeen.training.training_loop import NonFiniteLossError

from pykeen_conj_hale.text import Cooccurrence, JointGloVe
from pykeen_conj_hale.training import (
    BudgetedLCWATrainingLoop,
    BudgetedSLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
    QuerySamplingTrainingLoop,
)
from pykeen_conj_hale.training.named_loss import NamedLossMixin

LOOPS = [BudgetedLCWATrainingLoop, BudgetedSLCWATrainingLoop, BudgetedSymmetricLCWATrainingLoop]


class Fill(TrainingCallback):
    """Makes the parameters of entities large after two steps."""

    def __init__(self, value):
        super().__init__()
        self.value, self.steps = value, 0

    def pre_batch(self, **kwargs):
        self.steps += 1
        if self.steps == 3:
            with torch.no_grad():
                for parameter in self.model.parameters():
                    parameter.fill_(self.value)


def train(cls, value, model=DistMult, loss="bcewithlogits", **model_kwargs):
    factory = Nations(create_inverse_triples=cls is not BudgetedSymmetricLCWATrainingLoop).training
    model = model(
        triples_factory=factory, embedding_dim=4, loss=loss_resolver.make(loss), random_seed=0, **model_kwargs
    )
    loop = cls(model=model, triples_factory=factory, optimizer="SGD", optimizer_kwargs={"lr": 0.1})
    loop.train(factory, num_epochs=2, batch_size=256, use_tqdm=False, callbacks=Fill(value))


@pytest.mark.parametrize("cls", LOOPS)
def test_the_loss_itself(cls):
    message = r"The loss is not finite at step 3: BCEWithLogitsLoss is not \(\{'BCEWithLogitsLoss': (nan|inf)"
    with pytest.raises(NonFiniteLossError, match=message):
        train(cls, float("nan"), TransE)


@pytest.mark.parametrize("cls", [*LOOPS, QuerySamplingTrainingLoop])
def test_the_regularization(cls):
    """The squares of parameters overflow, their scores do not."""
    with pytest.raises(
        NonFiniteLossError, match=r"not finite at step 3: regularization is not \(\{.*'regularization': inf"
    ):
        train(cls, 1e6, regularizer="powersum", regularizer_kwargs={"p": 8.0})


def test_any_loop_of_pykeen():
    class Loop(NamedLossMixin, SLCWATrainingLoop):
        """A loop that counts no steps."""

    with pytest.raises(NonFiniteLossError, match="not finite at step 1: BCEWithLogitsLoss is not"):
        train(Loop, float("nan"), TransE)


@pytest.mark.parametrize("cls", LOOPS)
def test_what_is_finite_goes_on(cls):
    train(cls, 1.0)


@pytest.mark.parametrize("cls", [*LOOPS, QuerySamplingTrainingLoop])
def test_the_text_term(cls):
    """Joint training names GloVe, and neither the loss nor the regularization."""
    factory = Nations(create_inverse_triples=True).training
    counted = Cooccurrence.from_documents(
        ["uk trade usa trade"], {"uk": "uk", "usa": "usa"}, min_count=1, use_tqdm=False
    )
    model = JointGloVe(
        triples_factory=factory, base="DistMult", cooccurrence=counted, embedding_dim=4, text_batch_size=8
    )
    loop = cls(model=model, triples_factory=factory, optimizer="SGD", optimizer_kwargs={"lr": 0.0})
    model.glove.reset_parameters = torch.no_grad()(lambda: model.glove.words.fill_(float("inf")))
    with pytest.raises(NonFiniteLossError, match=r"not finite at step 1: GloVe is not \(\{.*'regularization': 0"):
        loop.train(factory, num_epochs=1, batch_size=256, use_tqdm=False)
    # PyKEEN's own method is in its place again
    assert "collect_regularization_term" not in vars(model)
