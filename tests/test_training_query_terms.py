"""The terms of a batch's loss: compilation, mixed precision."""

import logging

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.losses import CrossEntropyLoss
from pykeen.models import DistMult

from pykeen_conj_hale.losses import HaLELoss, QueryLoss, Term
from pykeen_conj_hale.models import ConjComplEx, HypER, RotE
from pykeen_conj_hale.streaming import compiled
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


@pytest.mark.parametrize("activation", ["hanon", "halin", "none"])
def test_compiled_terms_are_the_same(factory, activation):
    triples = factory._add_inverse_triples_if_necessary(factory.mapped_triples)[:100]
    model = RotE(triples_factory=factory, loss_kwargs={"activation": activation}, **OPTIONS)
    loss, expected = gradients(model, triples)
    compiled_loss, found = gradients(model, triples, compile=True)
    torch.testing.assert_close(compiled_loss, loss, rtol=1e-5, atol=1e-6)
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("cls", "kwargs"), [(RotE, {}), (ConjComplEx, {}), (HypER, {"num_filters": 2, "filter_length": 3})]
)
def test_autocast(factory, cls, kwargs):
    """In bfloat16 the loss is right to bfloat16's three digits, and the gradients are those of the parameters' type."""
    triples = factory._add_inverse_triples_if_necessary(factory.mapped_triples)[:100]
    model = cls(triples_factory=factory, **OPTIONS, **kwargs).train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    loss, _ = gradients(model, triples)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low, found = gradients(model, triples)
    torch.testing.assert_close(low.float(), loss, rtol=2e-2, atol=2e-2)
    for name, parameter in model.named_parameters():
        assert found[name] is None or found[name].dtype is parameter.dtype, name


def test_warm_up_leaves_no_trace(factory):
    model = RotE(triples_factory=factory, **OPTIONS)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    assert QueryTerms(model, model.loss, compile=True).warm_up(100)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_without_a_compiler_there_is_one_log_line(factory, monkeypatch, caplog):
    def broken(function, **kwargs):
        def call(*args):
            raise RuntimeError("No working C++ compiler found\nwith a long story")

        return call

    monkeypatch.setattr(torch, "compile", broken)
    monkeypatch.setattr(compiled, "_reasons", {})
    compiled.compiled_passes.cache_clear()
    try:
        triples = factory._add_inverse_triples_if_necessary(factory.mapped_triples)[:100]
        model = RotE(triples_factory=factory, **OPTIONS)
        with caplog.at_level(logging.WARNING):
            loss, _ = gradients(model, triples, compile=True)
            again, _ = gradients(model, triples, compile=True)
        lines = [record.message for record in caplog.records if "torch.compile" in record.message]
        assert len(lines) == 1
        assert "(No working C++ compiler found)" in lines[0]
        expected, _ = gradients(model, triples)
        assert torch.equal(loss, expected)
        assert torch.equal(again, expected)
        for say_again, num_lines in ((False, 1), (True, 2)):  # a later training says it again
            assert not QueryTerms(model, model.loss, compile=True).warm_up(100, say_again=say_again)
            assert caplog.text.count("torch.compile does not work on cpu") == num_lines
    finally:
        compiled.compiled_passes.cache_clear()


@pytest.mark.parametrize(
    ("cls", "loss", "reason"),
    [
        (DistMult, HaLELoss(), "model=DistMult is no query model"),
        (RotE, CrossEntropyLoss(), "loss='CrossEntropy' streams no scores"),
    ],
)
def test_nothing_to_compile(cls, loss, reason, factory, caplog):
    model = cls(triples_factory=factory, embedding_dim=8, loss=loss, random_seed=0)
    assert not QueryTerms(model, loss).warm_up(100)
    assert "compile" not in caplog.text
    assert not QueryTerms(model, loss, compile=True).warm_up(100)
    assert caplog.text.count(f"compile=True has no effect: {reason}") == 1


def test_a_model_may_name_its_own_terms(factory):
    class Named(RotE):
        def collect_terms(self):
            return {"regularization": super().collect_regularization_term(), "text": torch.ones(1)}

    model = Named(triples_factory=factory, **OPTIONS, regularizer="N3")
    terms = QueryTerms(model, model.loss)(factory.mapped_triples[:7])
    assert list(terms) == ["alignment", "uniformity", "regularization", "text"]
    assert terms["text"].item() == 1.0
    assert terms["regularization"].item() > 0


@pytest.mark.parametrize("smoothing", [1.0, -0.1, "0.1"])
def test_label_smoothing_is_a_share(factory, smoothing):
    model = RotE(triples_factory=factory, **OPTIONS)
    with pytest.raises(ValueError, match=rf"label_smoothing={smoothing!r} is not allowed"):
        QueryTerms(model, CrossEntropyLoss())(factory.mapped_triples[:7], label_smoothing=smoothing)


def test_chunk_size_must_be_positive(factory):
    model = RotE(triples_factory=factory, **OPTIONS)
    with pytest.raises(ValueError, match="compile='false' is not allowed"):
        QueryTerms(model, model.loss, compile="false")
    with pytest.raises(ValueError, match="chunk_size=0"):
        QueryTerms(model, model.loss, chunk_size=0)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda scores: scores.mean(), "Tensor"),
        (lambda scores: Term(scores, len(scores)), r"a value of shape \(20,\)"),
        (lambda scores: (scores.mean(), 20), "tuple"),
    ],
)
def test_a_loss_that_returns_no_terms(factory, make, found):
    class Wrong(QueryLoss):
        def query_terms(self, batch):
            return {"fit": make(batch.positive_scores())}

    model = RotE(triples_factory=factory, embedding_dim=8, random_seed=0)
    with pytest.raises(TypeError, match=rf"Wrong.query_terms returned {found} for 'fit': each term must be a Term"):
        QueryTerms(model, Wrong())(factory.mapped_triples[:20])
