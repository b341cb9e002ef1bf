"""The query-sampling loop: its loss against plain formulas, any model, any loss, bad input."""

import copy
import logging

import numpy as np
import pytest
import torch
from pykeen.datasets import Nations
from pykeen.losses import BCEWithLogitsLoss, CrossEntropyLoss, MarginRankingLoss, UnsupportedLabelSmoothingError
from pykeen.models import ComplEx, DistMult, TransE
from pykeen.training import SymmetricLCWATrainingLoop
from pykeen.training.training_loop import NonFiniteLossError

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import ConjComplEx
from pykeen_conj_hale.streaming import compiled
from pykeen_conj_hale.training import QuerySamplingTrainingLoop, TimeBudget
from pykeen_conj_hale.training.query_sampling import TripleBatches
from pykeen_conj_hale.training.query_terms import QueryTerms
from pykeen_conj_hale.training.threads import ThreadChoice

training_cases = pytest.importorskip(
    "tests.test_training.cases", reason="PyKEEN's test mixins are fetched by `make test`"
)

OPTIONS = [{}, {"similarity": "distance", "relation_scale": True, "tail_bias": True}]


def factory(inverse=True):
    return Nations(create_inverse_triples=inverse).training


def make(cls, triples_factory, loss, model_kwargs=None, **kwargs):
    model = cls(triples_factory=triples_factory, embedding_dim=4, random_seed=0, loss=loss, **(model_kwargs or {}))
    return QuerySamplingTrainingLoop(model=model, triples_factory=triples_factory, optimizer="Adam", **kwargs)


def batch_of(loop, triples_factory, size=64):
    torch.manual_seed(0)
    loader = loop._create_training_data_loader(triples_factory, sampler=None, batch_size=size, drop_last=False)
    return next(iter(loader))


def gradients(loop, loss):
    parameters = list(loop.model.parameters())
    return torch.autograd.grad(loss, parameters, allow_unused=True)


def test_compilation_is_set_up_and_not_charged(monkeypatch):
    now = [0.0]

    def compile_for_an_hour(terms, num_triples, **kwargs):
        now[0] += 3_600.0
        return True

    monkeypatch.setattr(QueryTerms, "warm_up", compile_for_an_hour)
    monkeypatch.setattr(QuerySamplingTrainingLoop, "_get_batch_size", staticmethod(lambda batch: tick(now, batch)))
    triples_factory = factory()
    budget = TimeBudget(3, clock=lambda: now[0])
    options = dict(compile=True, time_budget=budget, automatic_memory_optimization=False)
    loop = make(ConjComplEx, triples_factory, HaLELoss(), **options)
    loop.train(triples_factory, batch_size=64, use_tqdm=False)
    assert loop.num_steps == 3
    assert loop.seconds["training"] == 3.0
    assert loop.seconds["set-up"] == 3_600.0


@pytest.mark.parametrize("sub_batch_size", [None, 20])
def test_compilation_is_for_the_number_of_threads(sub_batch_size, monkeypatch):
    """PyTorch compiles anew for another number: in the first step it would be charged."""
    chosen, seen = iter([2, 2, 1]), []

    def choose(choice, *args):
        choice._set(next(chosen))
        return False

    def warm_up(terms, num_triples, **kwargs):
        seen.append((torch.get_num_threads(), num_triples, loop.stopwatch._running, loop.num_steps))
        return True

    monkeypatch.setattr(ThreadChoice, "before_epoch", choose)
    monkeypatch.setattr(QueryTerms, "warm_up", warm_up)
    triples_factory = factory()
    loop = make(ConjComplEx, triples_factory, HaLELoss(), compile=True, automatic_memory_optimization=False)
    arguments = dict(batch_size=1_000, sub_batch_size=sub_batch_size, use_tqdm=False)
    loop.train(triples_factory, num_epochs=3, **arguments)
    size = sub_batch_size or 1_000
    assert seen == [(2, size, "set-up", 0), (1, size, "set-up", 8)]


def test_each_training_says_that_compile_has_no_effect(caplog):
    triples_factory = factory()
    loop = make(DistMult, triples_factory, HaLELoss(), compile=True)
    caplog.set_level(logging.INFO)
    for num_lines in (1, 2):  # the epochs of all trainings of a loop are counted together
        loop.train(triples_factory, num_epochs=2 * num_lines, batch_size=1_000, use_tqdm=False)
        assert caplog.text.count("compile=True has no effect: model=DistMult is no query model") == num_lines
    assert "Compiled in" not in caplog.text


def test_each_training_says_that_compiling_has_failed(monkeypatch, caplog):
    """It is tried once only, where PyKEEN probes the memory."""

    def broken(device_type):
        raise RuntimeError("No working C++ compiler found")

    monkeypatch.setattr(compiled, "compile_passes", broken)
    monkeypatch.setattr(compiled, "_reasons", {})
    compiled.compiled_passes.cache_clear()
    triples_factory = factory()
    caplog.set_level(logging.INFO)
    try:
        loop = make(ConjComplEx, triples_factory, HaLELoss(), compile=True)
        for num_lines in (1, 2):
            loop.train(triples_factory, num_epochs=2 * num_lines, batch_size=1_000, use_tqdm=False)
            assert caplog.text.count("torch.compile does not work on cpu here (No working C++ compiler") == num_lines
    finally:
        compiled.compiled_passes.cache_clear()
    assert "Compiled in" not in caplog.text


def tick(now, batch):
    """Let a second pass with each step."""
    now[0] += 1.0
    return len(batch)


@pytest.mark.parametrize("model_kwargs", OPTIONS)
@pytest.mark.parametrize("alpha", [0.1, 1.0])
def test_streamed_loss_is_the_plain_one(model_kwargs, alpha):
    triples_factory = factory()
    loop = make(ConjComplEx, triples_factory, HaLELoss(alpha=alpha), model_kwargs, chunk_size=5)
    batch = batch_of(loop, triples_factory)
    torch.manual_seed(1)
    streamed = loop._process_batch(batch, 0, len(batch))
    torch.manual_seed(1)
    rows = loop.loss.sample_queries(len(batch), batch.device)
    plain = loop.loss.alignment(loop.model.score_hrt(batch)) + loop.loss.uniformity(loop.model.score_t(batch[rows, :2]))
    torch.testing.assert_close(streamed, plain)
    for a, b in zip(gradients(loop, streamed), gradients(loop, plain), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_without_activation_and_sampling_it_is_cross_entropy():
    """α = 1, λ = 1, no activation, no square: softmax cross entropy of every triple's tail."""
    triples_factory = factory()
    loop = make(ConjComplEx, triples_factory, HaLELoss(activation="none", alpha=1.0, square=False))
    batch = batch_of(loop, triples_factory)
    expected = torch.nn.functional.cross_entropy(loop.model.score_t(batch[:, :2]), batch[:, 2])
    torch.testing.assert_close(loop._process_batch(batch, 0, len(batch)), expected)


def test_both_directions_without_inverse_triples(caplog):
    """With every query used and no activation, it is half of symmetric LCWA's cross entropy."""
    triples_factory = factory(inverse=False)
    loop = make(ConjComplEx, triples_factory, HaLELoss(activation="none", alpha=1.0, square=False))
    batch = batch_of(loop, triples_factory)
    with caplog.at_level(logging.WARNING):
        values = [loop._process_batch(batch, 0, len(batch)) for _ in range(2)]
    symmetric = SymmetricLCWATrainingLoop(model=loop.model, triples_factory=triples_factory, optimizer="Adam")
    loop.model.loss = CrossEntropyLoss()
    torch.testing.assert_close(values[0], 0.5 * symmetric._process_batch((batch,), 0, len(batch)))
    assert caplog.text.count("no inverse triples") == 1  # said once


@pytest.mark.parametrize("cls", [TransE, DistMult, ComplEx])
@pytest.mark.parametrize("inverse", [False, True])
def test_any_model_of_pykeen(cls, inverse, caplog):
    triples_factory = factory(inverse)
    loop = make(cls, triples_factory, HaLELoss())
    losses = loop.train(triples_factory, num_epochs=5, batch_size=256, use_tqdm=False)
    assert losses[-1] < losses[0]
    assert caplog.text.count("is no query model") == 1


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), BCEWithLogitsLoss(), MarginRankingLoss()])
def test_any_loss_of_pykeen(loss, caplog):
    triples_factory = factory()
    loop = make(ConjComplEx, triples_factory, loss)
    batch = batch_of(loop, triples_factory)
    labels = torch.nn.functional.one_hot(batch[:, 2], triples_factory.num_entities).float()
    expected = loss.process_lcwa_scores(
        predictions=loop.model.score_t(batch[:, :2]), labels=labels, num_entities=triples_factory.num_entities
    )
    torch.testing.assert_close(loop._process_batch(batch, 0, len(batch)), expected)
    assert "has no query sampling" in caplog.text


@pytest.mark.parametrize("model_kwargs", OPTIONS)
def test_training_learns(model_kwargs):
    triples_factory = factory()
    loop = make(ConjComplEx, triples_factory, HaLELoss(), model_kwargs, optimizer_kwargs={"lr": 0.01})
    losses = loop.train(triples_factory, num_epochs=30, batch_size=256, use_tqdm=False)
    assert losses[-1] < losses[0] - 0.02


def test_the_regularizer_sees_the_batch_only():
    triples_factory = factory()
    loop = make(
        ConjComplEx,
        triples_factory,
        HaLELoss(),
        {"regularizer": "lp", "regularizer_kwargs": {"weight": 1.0, "p": 2.0, "normalize": False}},
    )
    batch = batch_of(loop, triples_factory, size=4)
    model = loop.model
    torch.manual_seed(1)
    value = loop._process_batch(batch, 0, 4)
    model.post_parameter_update()
    for module in model.modules():
        if hasattr(module, "regularizer"):
            module.regularizer = None
    torch.manual_seed(1)
    plain = loop._process_batch(batch, 0, 4)
    entity, relation = model.entity_representations[0], model.relation_representations[0]
    looked_up = [entity(batch[:, 0]), relation(batch[:, 1]), entity(batch[:, 2])]
    expected = sum(x.abs().square().sum(-1).sqrt().mean() for x in looked_up)
    torch.testing.assert_close((value - plain).squeeze(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("term", ["alignment", "uniformity"])
def test_a_non_finite_loss_names_term_and_step(term, monkeypatch):
    triples_factory = factory()
    loop = make(ConjComplEx, triples_factory, HaLELoss(), automatic_memory_optimization=False)
    calls = []
    plain = HaLELoss.alignment

    def alignment(self, scores):
        calls.append(1)
        return plain(self, scores) + (float("nan") if len(calls) == 3 and term == "alignment" else 0.0)

    monkeypatch.setattr(HaLELoss, "alignment", alignment)
    if term == "uniformity":
        stream = type(loop.model.interaction).logsumexp
        monkeypatch.setattr(
            type(loop.model.interaction),
            "logsumexp",
            lambda *args, **kwargs: stream(*args, **kwargs) * (float("inf") if len(calls) == 2 else 1.0),
        )
    with pytest.raises(NonFiniteLossError, match=rf"not finite at step 3: {term} is not"):
        loop.train(triples_factory, num_epochs=1, batch_size=256, use_tqdm=False)


def test_label_smoothing():
    triples_factory = factory()
    with pytest.raises(UnsupportedLabelSmoothingError):
        make(ConjComplEx, triples_factory, HaLELoss()).train(
            triples_factory, label_smoothing=0.1, batch_size=256, use_tqdm=False
        )
    make(ConjComplEx, triples_factory, CrossEntropyLoss()).train(
        triples_factory, label_smoothing=0.1, batch_size=256, use_tqdm=False
    )


def test_bad_arguments():
    triples_factory = factory()
    with pytest.raises(ValueError, match="chunk_size=0"):
        make(ConjComplEx, triples_factory, HaLELoss(), chunk_size=0)
    with pytest.raises(ValueError, match="sampler='schlichtkrull'"):
        make(ConjComplEx, triples_factory, HaLELoss()).train(triples_factory, sampler="schlichtkrull")


@pytest.mark.parametrize(
    ("size", "drop_last", "lengths"), [(4, False, [4, 4, 2]), (4, True, [4, 4]), (5, True, [5, 5])]
)
def test_batches_hold_every_triple_once(size, drop_last, lengths):
    triples = torch.arange(30).view(10, 3)
    batches = TripleBatches(triples, batch_size=size, drop_last=drop_last)
    epochs = [list(batches) for _ in range(2)]
    assert [len(batch) for batch in epochs[0]] == lengths
    assert len(batches) == len(lengths)
    rows = [torch.cat(epoch) for epoch in epochs]
    assert len(rows[0].unique(dim=0)) == sum(lengths)
    assert not torch.equal(*rows)
    assert torch.equal(torch.cat(list(TripleBatches(triples, batch_size=size, shuffle=False))), triples)


def test_batches_hold_the_reciprocal_triples():
    triples_factory = factory()
    loop = make(ConjComplEx, triples_factory, HaLELoss())
    batches = loop._create_training_data_loader(triples_factory, sampler=None, batch_size=10_000, drop_last=False)
    rows = {tuple(row) for row in next(iter(batches)).tolist()}
    plain = triples_factory.mapped_triples.tolist()
    assert rows == {(h, 2 * r, t) for h, r, t in plain} | {(t, 2 * r + 1, h) for h, r, t in plain}


def test_same_seed_same_training():
    triples_factory = factory()
    runs = []
    for _ in range(2):
        loop = make(ConjComplEx, triples_factory, HaLELoss())
        torch.manual_seed(3)
        runs.append(loop.train(triples_factory, num_epochs=3, batch_size=256, use_tqdm=False))
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize("loss", [HaLELoss, CrossEntropyLoss])
def test_a_trained_loop_can_be_copied(loss):
    triples_factory = factory()
    loop = make(ConjComplEx, triples_factory, loss())
    loop.train(triples_factory, num_epochs=1, batch_size=512, use_tqdm=False)
    copied = copy.deepcopy(loop)
    before = {name: value.clone() for name, value in loop.model.state_dict().items()}
    copied.train(triples_factory, num_epochs=2, batch_size=512, use_tqdm=False, continue_training=True)
    assert (copied.num_steps, loop.num_steps) == (14, 7)
    assert all(torch.equal(value, loop.model.state_dict()[name]) for name, value in before.items())
    assert not any(isinstance(term, torch.Tensor) and term.requires_grad for term in loop.batch_terms.values())


def test_hpo_space():
    assert "num_epochs" not in QuerySamplingTrainingLoop.hpo_default


class QuerySamplingTests(training_cases.TrainingLoopTestCase):
    """PyKEEN's tests."""

    cls = QuerySamplingTrainingLoop
    loss_cls = HaLELoss
