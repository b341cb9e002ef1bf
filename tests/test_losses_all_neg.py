"""AllNeg: cross entropy over all entities, streamed by the query-sampling loop; with an activation, its formula."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.losses import CrossEntropyLoss, loss_resolver

from pykeen_conj_hale.losses import AllNegLoss
from pykeen_conj_hale.models import RotL
from pykeen_conj_hale.training.query_terms import QueryTerms

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")


@pytest.fixture(scope="module")
def triples():
    return Nations(create_inverse_triples=True).training


def value_and_gradients(triples, loss):
    model = RotL(triples_factory=triples, embedding_dim=8, random_seed=0, loss=loss).double()
    batch = triples._add_inverse_triples_if_necessary(triples.mapped_triples)[::50]
    value = sum(QueryTerms(model, loss)(batch).values()).sum()
    return value, torch.autograd.grad(value, list(model.parameters()))


def test_streamed_it_is_cross_entropy(triples):
    ours, theirs = (value_and_gradients(triples, loss) for loss in (AllNegLoss(), CrossEntropyLoss()))
    torch.testing.assert_close(ours, theirs)


def test_all_queries_are_compared(triples):
    assert AllNegLoss().num_sampled(17) == 17


def test_with_an_activation():
    """HaLE's ablation: cross entropy of the activated scores."""
    scores = -2 * torch.rand(5, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    target = torch.arange(5)
    activated = -5 / (1 + torch.exp(-3 * (-scores - 0.5)) * 5)
    value = AllNegLoss(activation="hanon", gamma=5.0).process_lcwa_scores(
        scores, torch.nn.functional.one_hot(target, 9).double()
    )
    torch.testing.assert_close(value, torch.nn.functional.cross_entropy(activated, target))


def test_bad_arguments():
    with pytest.raises(ValueError, match="activation='relu' is unknown"):
        AllNegLoss(activation="relu")
    with pytest.raises(ValueError, match="reduction='sum'"):
        AllNegLoss(reduction="sum")


def test_name():
    assert loss_resolver.lookup("AllNeg") is AllNegLoss


class AllNegLossTests(cases.SetwiseLossTestCase):
    """PyKEEN's tests."""

    cls = AllNegLoss
