"""Any loss of PyKEEN as a query loss: it sees the scores of all queries, and what it reduces them to is told."""

import pytest
import torch
from pykeen.losses import BCEWithLogitsLoss, CrossEntropyLoss, Loss
from torch.nn import functional

from pykeen_conj_hale.losses import HaLELoss, SamNegLoss
from pykeen_conj_hale.losses.all_queries import AllQueriesLoss, as_query_loss
from pykeen_conj_hale.losses.query_loss import DirectionScores

GENERATOR = torch.Generator().manual_seed(0)
TAILS = DirectionScores("tail", torch.rand(5, 9, generator=GENERATOR), torch.tensor([3, 0, 8, 3, 1]))
HEADS = DirectionScores("head", torch.rand(5, 9, generator=GENERATOR), torch.tensor([1, 2, 8, 0, 0]))


class Batch:
    """A batch of scores, which five triples of a global batch of eleven have."""

    num_triples = 11

    def __init__(self, *directions, label_smoothing=0.0):
        self.directions, self.label_smoothing = directions, label_smoothing

    def all_scores(self):
        yield from self.directions


def test_a_query_loss_is_left_as_it_is():
    loss = HaLELoss()
    assert as_query_loss(loss) is loss
    assert not loss.supports_label_smoothing


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), SamNegLoss(), BCEWithLogitsLoss(reduction="sum")])
@pytest.mark.parametrize("directions", [(TAILS,), (TAILS, HEADS)])
def test_each_direction_is_a_term(loss: Loss, directions):
    wrapped = as_query_loss(loss)
    assert isinstance(wrapped, AllQueriesLoss)
    assert wrapped.learning_rate is None
    terms = wrapped.query_terms(Batch(*directions))
    assert list(terms) == [f"{direction.name} prediction" for direction in directions]
    for direction, term in zip(directions, terms.values(), strict=True):
        labels = functional.one_hot(direction.positive, 9).float()
        torch.testing.assert_close(term.value, loss.process_lcwa_scores(direction.scores, labels, num_entities=9))
        assert (term.num_rows, term.reduction) == (11, loss.reduction)


def test_label_smoothing_is_handed_over():
    loss = as_query_loss(CrossEntropyLoss())
    assert loss.supports_label_smoothing
    batch = Batch(TAILS, label_smoothing=0.2)
    (term,) = loss.query_terms(batch).values()
    expected = functional.cross_entropy(TAILS.scores, TAILS.positive, label_smoothing=0.2)
    torch.testing.assert_close(term.value, expected)
    # this one needs the number of entities: the eight others share what the positive loses
    (term,) = as_query_loss(BCEWithLogitsLoss()).query_terms(batch).values()
    labels = torch.full((5, 9), 0.2 / 8).scatter(1, TAILS.positive.unsqueeze(1), 0.8)
    torch.testing.assert_close(term.value, functional.binary_cross_entropy_with_logits(TAILS.scores, labels))


@pytest.mark.parametrize(("rank", "count"), [(None, 1), (0, 1), (1, 0)])
def test_one_process_says_once_that_all_queries_are_used(monkeypatch, caplog, rank, count):
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: rank is not None)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: rank)
    loss = as_query_loss(CrossEntropyLoss())
    for _ in range(2):
        loss.query_terms(Batch(TAILS))
    assert caplog.text.count("CrossEntropyLoss has no query sampling") == count
