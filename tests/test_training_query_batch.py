"""A batch of triples as a loss sees it: stored scores, one order of random numbers, both directions, slices."""

import logging

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import ComplEx, Model, TransE

from pykeen_conj_hale.messages import OncePerTraining
from pykeen_conj_hale.models import ConjComplEx, RotE
from pykeen_conj_hale.streaming.activations import Hanon
from pykeen_conj_hale.training.query_batch import Scoring, StoredBatch, WholeBatch
from pykeen_conj_hale.training.streamed_batch import StreamedBatch

BATCHES = {StoredBatch: TransE, StreamedBatch: RotE}


def make(model_class, batch_class=StoredBatch, inverse=True, size=30, dropout=0.0, **kwargs):
    factory = Nations(create_inverse_triples=inverse).training
    model = model_class(triples_factory=factory, embedding_dim=4, random_seed=0).double().train()
    model.entity_representations[0].dropout = torch.nn.Dropout(dropout)
    triples = factory._add_inverse_triples_if_necessary(factory.mapped_triples)[:size]
    scoring = Scoring(model, None, 5, False, OncePerTraining(logging.getLogger(__name__)))
    return batch_class(scoring, WholeBatch(triples), **kwargs)


@pytest.mark.parametrize("batch_class", BATCHES)
@pytest.mark.parametrize("inverse", [True, False])
@pytest.mark.parametrize("activation", [None, Hanon()])
def test_values_are_those_of_plain_scores(batch_class, inverse, activation):
    batch = make(BATCHES[batch_class], batch_class, inverse)
    model, triples = batch.scoring.model, batch.rows.triples
    assert batch.num_triples == 30
    torch.testing.assert_close(batch.positive_scores(), model.score_hrt(triples).squeeze(-1))
    torch.manual_seed(1)
    found = batch.logsumexp(7, activation)
    torch.manual_seed(1)
    scores = [model.score_t(triples[torch.randperm(30)[:7], :2])]
    if not inverse:  # a sample of its own
        scores.append(model.score_h(triples[torch.randperm(30)[:7], 1:]))
    h = activation or (lambda x: x)
    expected = torch.stack([torch.logsumexp(-h(-x), dim=-1) for x in scores])
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("batch_class", BATCHES)
def test_random_numbers_do_not_depend_on_what_is_asked_for_first(batch_class):
    results = []
    for names in (["positives", "sample"], ["sample", "positives"], ["sample", "positives", "positives"]):
        batch = make(BATCHES[batch_class], batch_class, dropout=0.5)
        ask = {"positives": batch.positive_scores, "sample": lambda batch=batch: batch.logsumexp(7)}
        torch.manual_seed(1)
        found = {name: ask[name]() for name in names}
        results.append((found["positives"], found["sample"], torch.get_rng_state()))
    assert batch.positive_scores() is batch.positive_scores()
    for result in results[1:]:
        for ours, theirs in zip(result, results[0], strict=True):
            assert torch.equal(ours, theirs)
    undisturbed = make(BATCHES[batch_class], batch_class)
    assert not torch.allclose(undisturbed.positive_scores(), results[0][0])  # there was dropout


@pytest.mark.parametrize("inverse", [True, False])
@pytest.mark.parametrize("slice_size", [None, 5])
def test_all_scores(inverse, slice_size, caplog):
    batch = make(TransE, inverse=inverse, slice_size=slice_size)
    model, triples = batch.scoring.model, batch.rows.triples
    tail, *head = list(batch.all_scores())
    assert tail.name == "tail"
    assert torch.equal(tail.positive, triples[:, 2])
    torch.testing.assert_close(tail.scores, model.score_t(triples[:, :2]))
    assert [direction.name for direction in head] == [] if inverse else ["head"]
    for direction in head:
        assert torch.equal(direction.positive, triples[:, 0])
        torch.testing.assert_close(direction.scores, model.score_h(triples[:, 1:]))
    assert caplog.text.count("no inverse triples") == len(head)


def test_slices_reach_the_model(monkeypatch):
    seen = []
    plain = TransE.score_t
    monkeypatch.setattr(
        TransE, "score_t", lambda *args, slice_size, **kwargs: (seen.append(slice_size), plain(*args, **kwargs))[1]
    )
    batch = make(TransE, slice_size=5)
    batch.logsumexp(3)
    list(batch.all_scores())
    assert seen == [5, 5]


@pytest.mark.parametrize("cls", [RotE, ConjComplEx, ComplEx])
def test_entities_are_real_vectors(cls):
    batch = make(cls)
    entities = batch.scoring.model.entity_representations[0]()
    expected = torch.view_as_real(entities).flatten(1) if entities.is_complex() else entities
    assert torch.equal(batch.entities(), expected)


def test_a_model_without_entity_representations():
    class Other(Model):
        def __init__(self):
            torch.nn.Module.__init__(self)

        def _reset_parameters_(self): ...
        def _get_entity_len(self, **kwargs): ...
        def collect_regularization_term(self): ...
        def post_parameter_update(self): ...
        def score_hrt(self, *args, **kwargs): ...
        def score_h(self, *args, **kwargs): ...
        def score_r(self, *args, **kwargs): ...
        def score_t(self, *args, **kwargs): ...
        def score_hrt_inverse(self, *args, **kwargs): ...
        def score_h_inverse(self, *args, **kwargs): ...
        def score_t_inverse(self, *args, **kwargs): ...

    scoring = Scoring(Other(), None, None, False, OncePerTraining(logging.getLogger(__name__)))
    with pytest.raises(ValueError, match="model=Other has no entity representations; an ERModel has them"):
        StoredBatch(scoring, WholeBatch(torch.zeros(1, 3, dtype=torch.long))).entities()


def test_the_sample_of_a_whole_batch_follows_the_seed():
    rows = WholeBatch(torch.arange(24).view(8, 3))
    assert rows.num_triples == 8
    torch.manual_seed(0)
    sample = rows.sample(3)
    torch.manual_seed(0)
    assert torch.equal(sample, torch.randperm(8)[:3])
    assert torch.equal(rows.sample(8), torch.arange(8))
