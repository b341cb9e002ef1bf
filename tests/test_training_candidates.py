"""Queries against a sample of entities: the estimate, heads as well as tails, one sample for all processes."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pykeen.datasets import Nations
from pykeen.losses import loss_resolver
from pykeen.models import model_resolver

from pykeen_conj_hale.losses import AllNegLoss, HaLELoss
from pykeen_conj_hale.training import query_batch
from pykeen_conj_hale.training.head_candidates import blocks_of_groups
from pykeen_conj_hale.training.lightning.global_batches import GlobalBatches
from pykeen_conj_hale.training.query_terms import QueryTerms

MODELS = {
    "RotL": {},
    "RotE": {"tail_bias": True},
    "ConjComplEx": {},
    "FiveStarE": {"similarity": "squared_distance", "relation_scale": True},
    "QueryRotatE": {"similarity": "exponential_distance"},
    "HypER": {"num_filters": 2, "filter_length": 3},
    # PyKEEN's own
    "ComplEx": {},
    "TransE": {},
    "TuckER": {},
    "ConvE": {},
}


def make(name, loss, inverse, **kwargs):
    factory = Nations(create_inverse_triples=inverse).training
    model = model_resolver.make(
        name, triples_factory=factory, loss=loss, random_seed=0, embedding_dim=8, **MODELS.get(name, {}), **kwargs
    )
    triples = factory._add_inverse_triples_if_necessary(factory.mapped_triples)
    # by eval(), as there must be no dropout to compare values
    return model.eval(), triples[torch.randperm(len(triples))[:60]]


def terms_of(model, triples):
    return QueryTerms(model, model.loss)(triples)


@pytest.mark.parametrize("inverse", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_a_sample_of_each_entity_once_is_all_entities(name, inverse, monkeypatch):
    """Values and gradients are those of all entities, in any order, for tails and heads."""
    model, triples = make(name, HaLELoss(alpha=1.0), inverse)
    expected = terms_of(model, triples)
    expected["uniformity"].backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    num = model.num_entities
    monkeypatch.setattr(query_batch.WholeBatch, "candidates", lambda self, size, n: torch.randperm(n))
    model.loss = HaLELoss(alpha=1.0, candidates=num)
    found = terms_of(model, triples)
    torch.testing.assert_close(found["uniformity"], expected["uniformity"])
    torch.testing.assert_close(found["alignment"], expected["alignment"])
    found["uniformity"].backward()
    assert gradients
    for key, parameter in model.named_parameters():
        if key in gradients:
            torch.testing.assert_close(parameter.grad, gradients[key], rtol=1e-4, atol=1e-6, msg=key)


@pytest.mark.parametrize("inverse", [True, False])
@pytest.mark.parametrize("name", ["RotL", "ComplEx"])
def test_the_estimate_is_the_formula(name, inverse, monkeypatch):
    """log(n / S) plus the log-sum-exp over the sample, repetitions included."""
    model, triples = make(name, HaLELoss(alpha=1.0), inverse)
    sample = torch.tensor([3, 3, 0, 7, 11])
    monkeypatch.setattr(query_batch.WholeBatch, "candidates", lambda self, size, n: sample)
    model.loss = HaLELoss(alpha=1.0, candidates=5)
    h = model.loss.activation
    scores = [model.score_t(triples[:, :2])] + ([] if inverse else [model.score_h(triples[:, 1:])])
    directions = [torch.logsumexp(-h(-x[:, sample]), dim=-1) + math.log(model.num_entities / 5) for x in scores]
    expected = torch.stack(directions).mean()
    torch.testing.assert_close(terms_of(model, triples)["uniformity"], expected)


def test_the_sum_of_exponentials_is_estimated_without_bias():
    # one query is sampled all the same, and with α = 1 its positive would be added
    options = dict(activation="none", alpha=0.9, square=False)
    model, triples = make("RotL", HaLELoss(**options, candidates=4), True)
    exact = QueryTerms(model, HaLELoss(**options))
    with torch.no_grad():
        estimates = []
        for triple in triples[:1].repeat(4000, 1).split(1):
            terms = terms_of(model, triple)
            estimates.append(terms["uniformity"].exp())
        estimates = torch.stack(estimates)
        expected = exact(triples[:1])["uniformity"].exp()
    error = (estimates.mean() - expected).abs() / (estimates.std() / math.sqrt(len(estimates)))
    assert error < 4
    assert estimates.std() > 0.01 * expected


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(1, 7))
def test_blocks_hold_each_row_once(group, size):
    group = torch.tensor(group).unique(return_inverse=True)[1]
    groups, rows, place = blocks_of_groups(group, size)
    assert rows.shape == (len(groups), size)
    assert rows.flatten()[place].tolist() == list(range(len(group)))
    assert groups[place // size].tolist() == group.tolist()
    # no more blocks than are needed
    assert len(groups) == sum(-(-count // size) for count in group.bincount().tolist())


def test_all_processes_compare_with_the_same_candidates():
    model, triples = make("RotL", HaLELoss(candidates=6, alpha=0.5), True)
    terms = QueryTerms(model, model.loss)
    shares = [next(iter(GlobalBatches(triples, 50, seed=5, rank=rank, world_size=3))) for rank in range(3)]
    samples = [share.candidates(6, 14).tolist() for share in shares]
    assert samples[0] == samples[1] == samples[2]
    second = list(GlobalBatches(triples, 50, seed=5, rank=0, world_size=3))[1]
    assert second.candidates(6, 14).tolist() != samples[0]
    (whole,) = [next(iter(GlobalBatches(triples, 50, seed=5)))]
    expected = {name: whole.weigh(term) for name, term in terms.of_rows(whole).items()}
    for name, value in expected.items():
        found = sum(share.weigh(terms.of_rows(share)[name]) for share in shares) / 3
        torch.testing.assert_close(found, value)


def test_the_sample_is_fresh_in_each_step_and_follows_the_seed():
    model, triples = make("RotL", HaLELoss(candidates=3), True)
    torch.manual_seed(1)
    first, second = (terms_of(model, triples)["uniformity"].item() for _ in range(2))
    torch.manual_seed(1)
    assert terms_of(model, triples)["uniformity"].item() == first != second


@pytest.mark.parametrize(
    ("candidates", "expected"), [("all", None), (7, 7), (0.5, 7), (0.001, 1), (0.25, 4), (100, 100)]
)
def test_number_of_candidates(candidates, expected):
    assert loss_resolver.make("HaLE", candidates=candidates).num_candidates(14) == expected
    assert loss_resolver.make("AllNeg", candidates=candidates).num_candidates(14) == expected


@pytest.mark.parametrize("candidates", [0, -1, 0.0, 1.0, 1.5, math.nan, True, "some", "0.1", [3]])
def test_bad_candidates(candidates):
    with pytest.raises(ValueError, match=r"candidates=.* is not allowed: it must be 'all', the number"):
        HaLELoss(candidates=candidates)


def test_the_identity_of_earlier_checkpoints_is_kept():
    assert "candidates" not in repr(HaLELoss())
    assert "candidates=0.1" in repr(HaLELoss(candidates=0.1))


@pytest.mark.parametrize("cls", [HaLELoss, AllNegLoss])
def test_search_space(cls):
    """HPO searches over all entities and two samples, each of which the loss takes."""
    space = cls.hpo_default["candidates"]
    assert space["type"] == "categorical"
    assert [cls(candidates=choice).num_candidates(1_000) for choice in space["choices"]] == [None, 20, 100]
