"""A loss that says its own terms: one class here, trained by the loop and, in unequal shares, under Lightning."""

import pytest
import torch
from lightning_runs import trainer
from pykeen.contrib.lightning import lit_module_resolver
from pykeen.datasets import Nations
from pykeen.losses import UnsupportedLabelSmoothingError
from pykeen.models import RotatE
from pykeen.training import LCWATrainingLoop, SLCWATrainingLoop
from pykeen.training.training_loop import NonFiniteLossError

from pykeen_conj_hale import losses
from pykeen_conj_hale.losses import QueryLoss, Term
from pykeen_conj_hale.losses.query_loss import sample_rows
from pykeen_conj_hale.models import ConjComplEx, RotE
from pykeen_conj_hale.streaming.activations import Double
from pykeen_conj_hale.training import QuerySamplingTrainingLoop
from pykeen_conj_hale.training.lightning.batch_share import BatchShare
from pykeen_conj_hale.training.query_terms import QueryTerms

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")


class SharpSoftmaxLoss(QueryLoss):
    """Softmax at half the temperature over a third of the queries, small scores, and entities near 0."""

    learning_rate = 0.02

    def query_terms(self, batch):
        num_sampled = max(1, batch.num_triples // 3)
        logsumexp = batch.logsumexp(num_sampled, Double())
        scores = batch.positive_scores()
        return {
            "pull": Term(-2 * scores.mean(), batch.num_triples),
            "push": Term(logsumexp.mean(), num_sampled),
            "score": Term(1e-3 * scores.square().sum(), batch.num_triples, "sum"),
            "norm": Term(1e-2 * batch.entities().square().mean(), batch.num_triples),
        }


def plain_terms(model, triples, rows):
    """Compute the same from stored scores."""
    scores = model.score_hrt(triples)
    push = torch.logsumexp(2 * model.score_t(triples[rows, :2]), dim=-1)
    if not model.use_inverse_triples:
        push = torch.cat([push, torch.logsumexp(2 * model.score_h(triples[rows, 1:]), dim=-1)])
    entities = model.entity_representations[0]()
    entities = torch.view_as_real(entities) if entities.is_complex() else entities
    return {
        "pull": -2 * scores.mean(),
        "push": push.mean(),
        "score": 1e-3 * scores.square().sum(),
        "norm": 1e-2 * entities.square().mean(),
    }


def first_triples(factory, size):
    return factory._add_inverse_triples_if_necessary(factory.mapped_triples)[:size]


def make(cls=RotE, inverse=True, loss=None):
    factory = Nations(create_inverse_triples=inverse).training
    return cls(triples_factory=factory, embedding_dim=4, random_seed=0, loss=loss or SharpSoftmaxLoss()), factory


@pytest.mark.parametrize("cls", [RotE, ConjComplEx, RotatE])
def test_terms_are_the_formula(cls):
    model, factory = make(cls)
    triples = first_triples(factory, 61)
    torch.manual_seed(1)
    terms = QueryTerms(model, model.loss)(triples)
    torch.manual_seed(1)
    expected = plain_terms(model, triples, torch.randperm(61)[:20])
    assert terms.pop("regularization") == 0
    torch.testing.assert_close(terms, expected, rtol=1e-4, atol=1e-5)


def test_the_loop_trains_it_at_its_learning_rate():
    model, factory = make()
    loop = QuerySamplingTrainingLoop(model=model, triples_factory=factory, optimizer="Adam")
    losses_ = loop.train(factory, num_epochs=10, batch_size=256, use_tqdm=False)
    assert losses_[-1] < losses_[0] - 0.5
    assert loop.lr_scheduler.base_lrs == [0.02]  # √(256 / 1,024) of the loss's own, twice that on small graphs
    assert set(loop.batch_terms) == {"pull", "push", "score", "norm", "regularization"}


def module(inverse=True):
    return lit_module_resolver.make(
        "QuerySampling",
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=inverse),
        model="RotE",
        model_kwargs=dict(embedding_dim=4, random_seed=0, loss=SharpSoftmaxLoss()),
        batch_size=61,
        learning_rate=0.01,
        random_seed=0,
    )


@pytest.mark.parametrize("inverse", [True, False])
@pytest.mark.parametrize("size", [61, 4, 2])
def test_terms_of_three_unequal_shares_average_to_those_of_the_global_batch(size, inverse):
    """Of 61 triples, 20 queries are sampled; of 4 triples one query, which one process has; of 2 a process has none."""
    lit = module(inverse).double()
    triples, parameters = first_triples(lit.dataset.training, size), list(lit.parameters())
    shares = [BatchShare(triples[rank::3] if rank < size else triples[:1], size, rank, 3) for rank in range(3)]
    assert {share.num_own(size) for share in shares} in ({20, 21}, {1, 2}, {0, 1})
    own = [lit.share_terms(share) for share in shares]
    expected = plain_terms(lit.model, triples, slice(max(1, size // 3)))
    for name, value in expected.items():
        torch.testing.assert_close(sum(terms[name] for terms in own) / 3, value, msg=lambda m: f"{name}: {m}")  # noqa: B023
    averaged = sum(sum(terms.values()) for terms in own) / 3
    for ours, theirs in zip(
        torch.autograd.grad(averaged, parameters),
        torch.autograd.grad(sum(expected.values()), parameters),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_lightning_trains_it():
    lit = module()
    before = {name: value.clone() for name, value in lit.state_dict().items()}
    trainer(max_epochs=1).fit(lit)
    assert any(not torch.equal(value, before[name]) for name, value in lit.state_dict().items())
    assert torch.isfinite(lit.trainer.callback_metrics["train_loss"])


def test_an_error_names_its_term():
    class Broken(SharpSoftmaxLoss):
        def query_terms(self, batch):
            return {**super().query_terms(batch), "extra": Term(torch.tensor(torch.nan), batch.num_triples)}

    model, factory = make(loss=Broken())
    loop = QuerySamplingTrainingLoop(model=model, triples_factory=factory, automatic_memory_optimization=False)
    with pytest.raises(NonFiniteLossError, match="at step 1: extra is not"):
        loop.train(factory, num_epochs=1, batch_size=256, use_tqdm=False)


@pytest.mark.parametrize("loop", [LCWATrainingLoop, SLCWATrainingLoop])
def test_pykeens_loops_are_refused(loop):
    model, factory = make()
    with pytest.raises(ValueError, match='loss="SharpSoftmax" needs more than scores: training_loop="QuerySampling"'):
        loop(model=model, triples_factory=factory).train(factory, num_epochs=1, batch_size=256, use_tqdm=False)


def test_bad_arguments():
    with pytest.raises(ValueError, match="reduction='sum' is not allowed"):
        SharpSoftmaxLoss(reduction="sum")
    model, factory = make()
    with pytest.raises(UnsupportedLabelSmoothingError, match="SharpSoftmaxLoss does not support label smoothing"):
        QueryTerms(model, model.loss)(first_triples(factory, 7), label_smoothing=0.1)


def test_all_losses_are_listed():
    """By the import in ``losses/__init__.py`` alone."""
    names = [cls.__name__ for cls in losses.LOSSES]
    assert {"AdvNegLoss", "AllNegLoss", "HaLELoss", "NonNegLoss", "SamNegLoss"} <= set(names)
    assert not {"Loss", "QueryLoss"} & set(names)
    assert set(losses.__all__) == {"LOSSES", "QueryBatch", "QueryLoss", "Term", *names}


@pytest.mark.parametrize(("num", "num_rows"), [(3, 8), (8, 8), (9, 8)])
def test_sampled_rows(num, num_rows):
    torch.manual_seed(0)
    rows = sample_rows(num, num_rows, torch.device("cpu"))
    torch.manual_seed(0)
    expected = torch.randperm(num_rows)[:num] if num < num_rows else torch.arange(num_rows)
    assert torch.equal(rows, expected)
