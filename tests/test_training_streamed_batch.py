"""The batch of a query model: sparse look-ups, and the dry batch that compiles what a loss streams."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import ComplEx
from test_training_query_terms import OPTIONS, gradients
from torch.nn import Embedding

from pykeen_conj_hale.losses import QueryLoss, Term
from pykeen_conj_hale.models import ConjComplEx, ConjFiveStarE, HypER, QueryTransE, RotE, RotL
from pykeen_conj_hale.nn.query import QueryInteraction
from pykeen_conj_hale.streaming.activations import Hanon
from pykeen_conj_hale.training import streamed_batch
from pykeen_conj_hale.training.query_terms import QueryTerms
from pykeen_conj_hale.training.streamed_batch import is_query_model


@pytest.fixture(scope="module")
def factory():
    return Nations(create_inverse_triples=True).training


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
    monkeypatch.setattr(streamed_batch, "sparse_lookups", lambda representations: torch.enable_grad())
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


class PositivesOnly(QueryLoss):
    """A loss whose gradients are those of look-ups alone."""

    def query_terms(self, batch):
        return {"pull": Term(-batch.positive_scores().mean(), batch.num_triples)}


def test_without_the_stream_gradients_are_dense(factory):
    """Most optimizers, and DDP, take no sparse ones."""
    triples = factory._add_inverse_triples_if_necessary(factory.mapped_triples)[:100]
    model = RotE(triples_factory=factory, **{**OPTIONS, "loss": PositivesOnly()})
    _, found = gradients(model, triples)
    (weight,) = (x for name, x in found.items() if "entity" in name)
    assert weight.layout is torch.strided


@pytest.mark.parametrize(("cls", "expected"), [(RotE, True), (HypER, True), (ComplEx, False)])
def test_query_models_are_known(factory, cls, expected):
    kwargs = {"filter_length": 3} if cls is HypER else {}
    assert is_query_model(cls(triples_factory=factory, embedding_dim=8, **kwargs)) is expected


class Recorder(QueryLoss):
    """A loss that keeps what the batch offered."""

    def query_terms(self, batch):
        self.offered = dict(
            num_triples=batch.num_triples,
            label_smoothing=batch.label_smoothing,
            positives=batch.positive_scores(),
            logsumexp=batch.logsumexp(7, Hanon()),
            all_scores=list(batch.all_scores()),
            entities=batch.entities(),
        )
        torch.rand(3)  # a loss may draw random numbers
        return {}


@pytest.mark.parametrize("kwargs", [{}, {"relation_scale": False, "tail_bias": True}])
def test_a_dry_batch_streams_and_leaves_no_trace(factory, monkeypatch, kwargs):
    """Forward and backward, with the activation and the sizes that the loss asks for."""
    model = RotE(triples_factory=factory, **{**OPTIONS, "loss": Recorder()}, **kwargs).train()
    model.entity_representations[0].dropout = torch.nn.Dropout(0.5)
    calls, backward = [], []
    stream = QueryInteraction.logsumexp

    def record(interaction, query, target, **options):
        calls.append((query.vector.shape, query.scale is None, target.bias is None, options))
        result = stream(interaction, query, target, **{**options, "compile": False})
        result.register_hook(lambda gradient: backward.append(gradient.shape))
        return result

    monkeypatch.setattr(QueryInteraction, "logsumexp", record)
    state = torch.get_rng_state()
    QueryTerms(model, model.loss, chunk_size=5, compile=True).warm_up(100)
    options = {"activation": Hanon(), "chunk_size": 5, "compile": True}
    assert calls == [((7, 8), bool(kwargs), not kwargs, options)]
    assert backward == [(7,)]
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in model.parameters())
    offered = model.loss.offered
    assert (offered["num_triples"], offered["label_smoothing"], offered["all_scores"]) == (100, 0.0, [])
    assert offered["positives"].shape == (100,)
    assert offered["logsumexp"].shape == (1, 7)
    torch.testing.assert_close(offered["entities"], model.entity_representations[0].eval()())


def test_nothing_is_warmed_up_without_compilation(factory):
    for cls, compile in ((RotE, False), (ComplEx, True)):
        model = cls(triples_factory=factory, **{**OPTIONS, "loss": Recorder()})
        QueryTerms(model, model.loss, compile=compile).warm_up(100)
        assert not hasattr(model.loss, "offered")
