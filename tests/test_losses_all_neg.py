"""AllNeg: cross entropy over all entities, streamed by the query-sampling loop; with an activation, its formula."""

import math

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.losses import CrossEntropyLoss, loss_resolver

from pykeen_conj_hale.losses import AllNegLoss, HaLELoss
from pykeen_conj_hale.models import RotL
from pykeen_conj_hale.training import BudgetedLCWATrainingLoop, BudgetedSymmetricLCWATrainingLoop
from pykeen_conj_hale.training.query_batch import WholeBatch
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


@pytest.mark.parametrize("inverse", [True, False])
def test_under_lcwa_the_positives_of_a_query_share_its_weight(inverse):
    factory = Nations(create_inverse_triples=inverse).training
    for loop_class in (BudgetedLCWATrainingLoop, BudgetedSymmetricLCWATrainingLoop):
        losses = []
        for loss in (AllNegLoss(), CrossEntropyLoss()):
            torch.manual_seed(0)
            model = RotL(triples_factory=factory, embedding_dim=8, random_seed=0, loss=loss).double()
            loop = loop_class(model=model, triples_factory=factory)
            losses.append(loop.train(factory, num_epochs=2, batch_size=256, use_tqdm=False))
        assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_several_positives_in_a_row():
    scores = torch.randn(4, 9, dtype=torch.float64)
    labels = torch.zeros_like(scores)
    labels[0, :3], labels[1, 5], labels[2, 4:9], labels[3, 0] = 1, 1, 1, 1
    rows = [torch.logsumexp(row, 0) - row[own > 0].mean() for row, own in zip(scores, labels, strict=True)]
    value = AllNegLoss().process_lcwa_scores(scores, labels)
    torch.testing.assert_close(value, torch.stack(rows).mean())
    torch.testing.assert_close(value, CrossEntropyLoss().process_lcwa_scores(scores, labels))


def test_without_inverse_triples_it_is_half_of_the_sum_over_both_directions():
    factory = Nations().training
    ours, theirs = (value_and_gradients(factory, loss) for loss in (AllNegLoss(), CrossEntropyLoss()))
    torch.testing.assert_close([2 * ours[0], *(2 * x for x in ours[1])], [theirs[0], *theirs[1]])


def test_among_candidates_the_positive_is_added(triples, monkeypatch):
    """log(exp(s) + n/S sum of exp), with the sample as it is."""
    sample = torch.tensor([3, 3, 0])
    monkeypatch.setattr(WholeBatch, "candidates", lambda self, size, n: sample)
    loss = AllNegLoss(candidates=3)
    model = RotL(triples_factory=triples, embedding_dim=8, random_seed=0, loss=loss).double()
    batch = triples.mapped_triples[:20]
    scores, own = model.score_t(batch[:, :2])[:, sample], model.score_hrt(batch)
    expected = torch.cat([scores + math.log(14 / 3), own], dim=-1).logsumexp(dim=-1).mean()
    torch.testing.assert_close(QueryTerms(model, loss)(batch)["uniformity"], expected)


def test_hale_as_cross_entropy_adds_the_positive_too(triples):
    """By names, a dot product has it with sampled candidates."""
    terms = []
    as_cross_entropy = HaLELoss(activation="none", alpha=1.0, square=False, candidates=5)
    for loss in (as_cross_entropy, AllNegLoss(candidates=5)):
        model = RotL(triples_factory=triples, embedding_dim=8, random_seed=0, loss=loss).double()
        torch.manual_seed(1)
        terms.append(QueryTerms(model, loss)(triples.mapped_triples[:20]))
    torch.testing.assert_close(terms[0], terms[1])


@pytest.mark.parametrize(
    "options", [dict(candidates="all"), dict(candidates=5, alpha=0.5), dict(candidates=5, activation="hanon")]
)
def test_hale_adds_it_nowhere_else(options):
    assert not HaLELoss(**{"activation": "none", "alpha": 1.0, **options}).adds_positives


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
