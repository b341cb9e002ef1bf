"""Entities of words in a step: composed once, with the values and gradients of separate look-ups."""

import pytest
import torch
from pykeen.datasets import Nations

from pykeen_conj_hale.losses import AllNegLoss, HaLELoss
from pykeen_conj_hale.text import TextEntities, WordBag
from pykeen_conj_hale.training import query_batch
from pykeen_conj_hale.training.query_terms import QueryTerms


class FixedRows:
    """A batch whose samples are not random."""

    def __init__(self, triples):
        self.triples, self.num_triples = triples, len(triples)

    def sample(self, num):
        return torch.arange(num)

    def candidates(self, num, num_entities):
        return torch.arange(num) * 3 % num_entities


def make(base, loss, inverse=True):
    training = Nations(create_inverse_triples=inverse).training
    texts = {label: f"{label} {label[:1]} state" for label in training.entity_to_id}
    options = dict(texts=texts, own=True, own_dropout=0.0, word_dropout=0.0, min_count=1, random_seed=0)
    model = TextEntities(triples_factory=training, base=base, embedding_dim=4, loss=loss, **options)
    return model.double().train(), FixedRows(training.mapped_triples[:9])


def step(model, rows, mode):
    model.zero_grad()
    loss = sum(term.value for term in QueryTerms(model, model.loss, mode=mode).of_rows(rows).values())
    loss.backward()
    return loss.detach(), {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("mode", [None, "training"])
@pytest.mark.parametrize(
    ("base", "loss", "inverse"),
    [
        ("RotL", HaLELoss(alpha=0.5, candidates=5), True),
        ("RotL", HaLELoss(alpha=0.5, candidates=5), False),
        ("ConjComplEx", HaLELoss(alpha=0.5), True),
        ("QueryTuckER", AllNegLoss(candidates=5), True),
        ("DistMult", HaLELoss(alpha=0.5, candidates=5), True),
    ],
)
def test_a_step_composes_once(monkeypatch, base, loss, inverse, mode):
    model, rows = make(base, loss, inverse)
    calls = []
    compose = WordBag._compose
    monkeypatch.setattr(WordBag, "_compose", lambda self, ids: calls.append(ids) or compose(self, ids))
    value, gradients = step(model, rows, mode)
    assert len(calls) == 1
    if loss.num_candidates(14):
        used = torch.cat([rows.triples[:, [0, 2]].flatten(), rows.candidates(5, 14)]).unique()
        assert torch.equal(calls[0], used)
    monkeypatch.setattr(query_batch, "composes_rows", lambda model: False)
    separate, others = step(model, rows, mode)
    assert len(calls) > 2
    torch.testing.assert_close(value, separate)
    assert gradients.keys() == others.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, others[name], msg=name)
