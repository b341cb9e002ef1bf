"""Steps that update looked-up rows only: when they are chosen, and that they train what steps with all rows train."""

import logging

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import ComplEx, DistMult, NodePiece, model_resolver
from pykeen.optimizers import optimizer_resolver
from pykeen.training.callbacks import TrainingCallback
from pykeen.triples import KGInfo
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from pykeen_conj_hale.losses import AllNegLoss, HaLELoss
from pykeen_conj_hale.models import RotL
from pykeen_conj_hale.training import QuerySamplingTrainingLoop
from pykeen_conj_hale.training.budget.checkpoint import CheckpointError
from pykeen_conj_hale.training.lazy_adam import LazyAdam
from pykeen_conj_hale.training.query_terms import QueryTerms
from pykeen_conj_hale.training.sparse_rows import DenseGradients, sparse_lookups
from pykeen_conj_hale.training.sparse_updates import LARGE_GRAPH, choose_sparse_updates

SAMPLED = {"candidates": 5, "alpha": 1.0}
LARGE = KGInfo(num_entities=LARGE_GRAPH, num_relations=3, create_inverse_triples=True)


def nations(inverse):
    return Nations(create_inverse_triples=inverse).training


def make_loop(optimizer="Adam", optimizer_kwargs=None, *, model="RotL", inverse=True, loss=SAMPLED, **kwargs):
    factory = nations(inverse=inverse)
    made = model_resolver.make(
        model, triples_factory=factory, embedding_dim=4, loss="HaLE", loss_kwargs=loss, random_seed=0
    )
    return QuerySamplingTrainingLoop(
        model=made, triples_factory=factory, optimizer=optimizer, optimizer_kwargs=optimizer_kwargs, **kwargs
    )


def train(loop, num_epochs=1, **kwargs):
    torch.manual_seed(0)
    factory = nations(inverse=loop.model.use_inverse_triples)
    loop.train(factory, num_epochs=num_epochs, batch_size=300, use_tqdm=False, **kwargs)
    return [parameter.detach().clone() for parameter in loop.model.parameters()]


def choose(optimizer="Adam", wanted=None, info=LARGE, model=RotL, model_kwargs=(), loss=SAMPLED, **kwargs):
    made = model(triples_factory=info, embedding_dim=2, loss=HaLELoss(**dict(loss)), **dict(model_kwargs))
    terms = QueryTerms(made, made.loss)
    made_optimizer = optimizer_resolver.make(optimizer, kwargs, params=made.get_grad_params())
    return choose_sparse_updates(terms, made_optimizer, wanted), terms, made_optimizer


@pytest.mark.parametrize(
    ("optimizer", "kwargs"), [("Adagrad", {"lr": 0.1}), ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "maximize": True})]
)
@pytest.mark.parametrize("model", ["RotL", "TransE"])
@pytest.mark.parametrize("inverse", [True, False])
def test_what_has_no_momentum_trains_the_same(optimizer, kwargs, model, inverse):
    sides = [
        train(make_loop(optimizer, kwargs, model=model, inverse=inverse, sparse_updates=sparse))
        for sparse in (False, True)
    ]
    for a, b in zip(*sides, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("model", ["RotL", "DistMult", "ConvKB"])
def test_gradients_are_those_of_dense_look_ups(model):
    """With N3, biases, and PyKEEN's own models; relations and all other parameters stay dense."""
    gradients = []
    for sparse in (False, True):
        options = {"regularizer": "N3", "tail_bias": True} if model == "RotL" else {}
        made = model_resolver.make(
            model, triples_factory=nations(inverse=True), embedding_dim=4, random_seed=0, **options
        )
        terms = QueryTerms(made, AllNegLoss(candidates=5))
        adam = torch.optim.Adam(made.get_grad_params())
        choose_sparse_updates(terms, adam, sparse)
        torch.manual_seed(0)
        sum(terms(made_triples(made)).values()).backward()
        gradients.append({name: p.grad for name, p in made.named_parameters()})
    dense, rows = gradients
    assert [name for name, g in rows.items() if g.is_sparse] == [name for name in dense if "entity" in name]
    for name, g in dense.items():
        torch.testing.assert_close(g, rows[name].to_dense(), rtol=1e-4, atol=1e-6)


def made_triples(model):
    return nations(inverse=model.use_inverse_triples).mapped_triples[:40]


def test_sparse_adam_is_refused_for_what_it_does():
    with pytest.raises(ValueError, match="SparseAdam takes sparse gradients only"):
        train(make_loop("SparseAdam", sparse_updates=True))


@pytest.mark.parametrize("optimizer", ["Adam", "Adagrad"])
@pytest.mark.parametrize(
    "clip", [{"gradient_clipping_max_norm": 0.01}, {"gradient_clipping_max_abs_value": 0.003}, {"sub_batch_size": 70}]
)
def test_clipping_and_sub_batches(optimizer, clip):
    loop = make_loop(optimizer, sparse_updates=True)
    train(loop, **clip)
    assert {p.grad is None or p.grad.is_sparse for p in [loop.model.entity_representations[0]._embeddings.weight]}


@pytest.mark.parametrize("clip", [lambda x: clip_grad_norm_(x, 0.5), lambda x: clip_grad_value_(x, 0.2)])
def test_clipped_sparse_gradients_are_clipped_dense_ones(clip):
    """Of a row that is there twice the sum is clipped."""
    sides = []
    for sparse in (False, True):
        model = DistMult(triples_factory=nations(inverse=False), embedding_dim=4, random_seed=0)
        table = model.entity_representations[0]._embeddings
        with sparse_lookups([table] if sparse else []):
            loss = (table(torch.tensor([1, 3, 1, 1])) ** 2).sum()
        (loss + model.relation_representations[0]().square().sum()).backward()
        assert table.weight.grad.is_sparse == sparse
        loop = type("Loop", (), {"model": model})()
        clip(DenseGradients(loop).model.get_grad_params())
        sides.append([p.grad.to_dense() for p in model.parameters()])
    for a, b in zip(*sides, strict=True):
        torch.testing.assert_close(a, b)


def test_a_resumed_training_is_the_same_bit_for_bit(tmp_path):
    schedule = {"lr_scheduler": "BudgetCosine", "lr_scheduler_kwargs": {"warmup": 0.1}}
    whole = make_loop(sparse_updates=True, **schedule)
    expected = train(whole, num_epochs=4)
    path = tmp_path / "run.pt"

    class StopAfterTwo(TrainingCallback):
        def post_epoch(self, epoch, epoch_loss, **kwargs):
            if epoch == 2:
                self.training_loop._should_stop = True

    train(make_loop(sparse_updates=True, **schedule), num_epochs=4, checkpoint=path, callbacks=StopAfterTwo)
    resumed = make_loop(sparse_updates=True, **schedule)
    for a, b in zip(expected, train(resumed, num_epochs=4, checkpoint=path), strict=True):
        assert torch.equal(a, b)
    assert isinstance(resumed.optimizer, LazyAdam)


@pytest.mark.parametrize("sparse", [True, False])
def test_a_checkpoint_of_other_updates(sparse, tmp_path):
    """Nobody has chosen LazyAdam: the error names what was chosen."""
    train(make_loop(sparse_updates=sparse), checkpoint=tmp_path / "run.pt")
    message = rf"with sparse_updates={sparse}, .*training_loop_kwargs=dict\(sparse_updates={sparse}\)"
    with pytest.raises(CheckpointError, match=message) as caught:
        train(make_loop(sparse_updates=not sparse), num_epochs=2, checkpoint=tmp_path / "run.pt")
    assert "LazyAdam" not in str(caught.value)


def test_a_checkpoint_of_another_optimizer(tmp_path):
    train(make_loop(sparse_updates=True), checkpoint=tmp_path / "run.pt")
    with pytest.raises(CheckpointError, match="another optimizer: 'Adam with sparse_updates=True' there, 'SGD' here"):
        train(make_loop("SGD", {"lr": 0.1}, sparse_updates=True), num_epochs=2, checkpoint=tmp_path / "run.pt")


def test_training_goes_on_and_begins_anew():
    """PyKEEN makes the optimizer again for a new training."""
    loop = make_loop(sparse_updates=True)
    train(loop)
    first = loop.optimizer
    train(loop, num_epochs=2)
    second = loop.optimizer
    assert second is not first
    train(loop, num_epochs=3, continue_training=True)
    assert loop.optimizer is second
    assert type(second) is LazyAdam
    # three epochs of 11 batches
    states = [state for state in second.state.values() if "last_step" in state]
    assert [int(state["step"]) for state in states] == [33]


def test_large_graphs_without_being_asked(caplog):
    with caplog.at_level(logging.INFO):
        chosen, terms, optimizer = choose()
    assert chosen
    assert type(optimizer) is LazyAdam
    assert len(terms.sparse_tables) == 1
    assert "updates the looked-up rows of the 100000 entities only, by LazyAdam" in caplog.text
    assert not choose(wanted=False)[0]
    small = KGInfo(num_entities=LARGE_GRAPH - 1, num_relations=3, create_inverse_triples=True)
    assert not choose(info=small)[0]
    assert choose(info=small, wanted=True)[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": {}}, "compares with all entities"),
        ({"optimizer": "AdamW"}, "optimizer=AdamW changes entities without a gradient, too; Adam, Adagrad and SGD do"),
        ({"weight_decay": 0.1}, r"optimizer=Adam has weight_decay=0\.1, which changes all entities .*; leave it out"),
        ({"optimizer": "Adagrad", "weight_decay": 0.1}, r"optimizer=Adagrad has weight_decay=0\.1, which changes all"),
        ({"amsgrad": True}, "optimizer=Adam has amsgrad=True, which .*; leave it out"),
        ({"capturable": True}, "optimizer=Adam has capturable=True, which .*CUDA graph.*; leave it out"),
        ({"differentiable": True}, "optimizer=Adam has differentiable=True, which .*; leave it out"),
        ({"betas": (0.9, 0.8)}, r"optimizer=Adam has betas=\(0\.9, 0\.8\), .* must be less than the square root"),
        ({"optimizer": "SGD", "momentum": 0.9}, r"optimizer=SGD has momentum=0\.9, which .*; leave it out"),
        ({"optimizer": "SGD", "fused": True}, "optimizer=SGD has fused=True, which takes dense gradients only; leave"),
        ({"optimizer": "Adagrad", "fused": True}, "optimizer=Adagrad has fused=True, which takes dense gradients"),
        ({"model": DistMult, "model_kwargs": {"entity_initializer": "zeros"}, "optimizer": "RMSprop"}, "RMSprop"),
    ],
)
def test_where_it_is_not_possible(changes, message, caplog):
    with pytest.raises(ValueError, match=f"sparse_updates=True is not possible: .*{message}"):
        choose(wanted=True, **changes)
    caplog.clear()
    chosen, terms, _ = choose(**changes)
    assert not chosen
    assert not terms.sparse_tables
    # an optimizer is the user's choice: the log says what it costs; that all entities are compared is the loss's way
    assert ("takes long" in caplog.text) == ("loss" not in changes)


def test_no_table():
    factory = nations(inverse=True)
    model = NodePiece(triples_factory=factory, embedding_dim=4, num_tokens=2, loss=HaLELoss(**SAMPLED))
    with pytest.raises(ValueError, match="no trained plain embedding of entities"):
        QuerySamplingTrainingLoop(model=model, triples_factory=factory, sparse_updates=True)


def test_bad_argument():
    with pytest.raises(ValueError, match="sparse_updates='yes' is not allowed"):
        make_loop(sparse_updates="yes")


def test_look_ups_are_dense_afterwards():
    model = ComplEx(triples_factory=nations(inverse=False), embedding_dim=2)
    table = model.entity_representations[0]._embeddings
    with sparse_lookups([table]):
        with sparse_lookups([table]):
            pass
        assert table.sparse
    assert not table.sparse


def test_constraints_hold_for_all_entities():
    """PyKEEN's TransE has entities of length 1."""
    loop = make_loop(model="TransE", sparse_updates=True)
    train(loop)
    norms = loop.model.entity_representations[0]().norm(dim=-1)
    torch.testing.assert_close(norms, torch.ones_like(norms))
