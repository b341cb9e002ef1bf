"""The batch of a query model: sparse look-ups, and what a loss asks for first."""

import pytest
import torch
from pykeen.datasets import Nations
from torch.nn import Embedding

from pykeen_conj_hale.models import ConjComplEx, ConjFiveStarE, HypER, QueryTransE, RotE, RotL
from pykeen_conj_hale.training import streamed_batch
from pykeen_conj_hale.training.query_terms import QueryTerms

OPTIONS = {"embedding_dim": 8, "loss": "HaLE", "random_seed": 0}


@pytest.fixture(scope="module")
def factory():
    return Nations(create_inverse_triples=True).training


def gradients(model, triples, **kwargs):
    """Compute the loss and the gradients of all parameters."""
    model.zero_grad(set_to_none=True)
    torch.manual_seed(0)
    loss = sum(QueryTerms(model, model.loss, **kwargs)(triples).values())
    loss.backward()
    return loss.detach(), {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.mark.parametrize(
    ("cls", "kwargs"),
    [
        (RotE, {}),
        (RotL, {"similarity": "exponential_distance"}),
        (RotE, {"tail_bias": True, "regularizer": "N3"}),
        (ConjComplEx, {"regularizer": "LP"}),
        (ConjFiveStarE, {"similarity": "squared_distance"}),
        (HypER, {"num_filters": 2, "filter_length": 3}),
    ],
)
def test_sparse_lookups_change_nothing(factory, monkeypatch, cls, kwargs):
    triples = factory._add_inverse_triples_if_necessary(factory.mapped_triples)[:100]
    model = cls(triples_factory=factory, **OPTIONS, **kwargs).train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    loss, found = gradients(model, triples)
    assert not any(module.sparse for module in model.modules() if isinstance(module, Embedding))
    monkeypatch.setattr(streamed_batch, "_sparse_lookups", lambda representations: torch.enable_grad())
    expected_loss, expected = gradients(model, triples)
    torch.testing.assert_close(loss, expected_loss)
    for name, gradient in expected.items():
        if gradient is None:
            assert found[name] is None
            continue
        assert found[name].layout is torch.strided, name
        torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-7)


def test_lookups_make_no_further_matrix_of_all_entities(factory):
    """The stream's is the only dense gradient: the lookups' nodes hand on sparse ones."""
    triples = factory._add_inverse_triples_if_necessary(factory.mapped_triples)[:100]
    model = QueryTransE(triples_factory=factory, **OPTIONS)
    layouts = []
    weight = model.entity_representations[0]._embeddings.weight
    loss = sum(QueryTerms(model, model.loss)(triples).values())
    pending, seen = [loss.grad_fn], set()
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if "EmbeddingBackward" in type(node).__name__:
            node.register_hook(lambda inputs, outputs: layouts.extend((x.shape, x.layout) for x in inputs))
        pending.extend(child for child, _ in node.next_functions if child is not None)
    loss.backward()
    entity_layouts = [layout for shape, layout in layouts if shape == weight.shape]
    assert entity_layouts == [torch.sparse_coo] * 2  # heads and tails
    assert weight.grad.layout is torch.strided
