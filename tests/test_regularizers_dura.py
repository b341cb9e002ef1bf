"""DURA: values against numpy, gradients, what counts, what it refuses."""

import numpy as np
import pytest
import torch
from pykeen.datasets import Nations
from pykeen.losses import CrossEntropyLoss
from pykeen.models import ComplEx
from pykeen.regularizers import CombinedRegularizer, LpRegularizer, regularizer_resolver
from pykeen.training import SymmetricLCWATrainingLoop

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import ConjComplEx, QueryComplEx, QueryCP, QueryDistMult, QueryRotatE, RotE
from pykeen_conj_hale.regularizers import DURARegularizer, Factors
from pykeen_conj_hale.training.query_terms import QueryTerms

MODELS = [QueryDistMult, QueryComplEx, ConjComplEx, QueryCP]
WEIGHTS = dict(weight=0.25, entity_weight=0.5, product_weight=1.5)


@pytest.fixture(scope="module")
def nations():
    return Nations(create_inverse_triples=True)


def make(cls, nations, **kwargs):
    options = dict(embedding_dim=4, random_seed=0, similarity="dot", regularizer="DURA", regularizer_kwargs=WEIGHTS)
    return cls(triples_factory=nations.training, **{**options, **kwargs}).double()


def numbers(model, h, r, t):
    """Look up the vectors of triples: of CP a tail has another one, and a shared relation is stored in full."""
    tables = [x(None).detach().numpy() for x in model.entity_representations]
    relation = model.relation_representations[0](None).detach().numpy()
    if isinstance(model, ConjComplEx):
        relation = np.concatenate([relation, relation.conj()], axis=-1)
    return tables[0][h], relation[r], tables[isinstance(model, QueryCP)][t]


def norm(x):
    return (np.abs(x) ** 2).sum(-1)


def by_matrices(x, r, transposed):
    """Multiply vectors by the relations' matrices; those of complex models have conjugates in their transpose."""
    matrices = np.stack([np.diag(row) for row in r])
    return np.einsum("bi,bij->bj", x, matrices.conj().swapaxes(1, 2) if transposed else matrices)


def expected(model, h, r, t, sides=("head", "tail")):
    """Compute the four terms of the paper."""
    h, r, t = numbers(model, h, r, t)
    terms = {
        "head": 0.5 * norm(h) + 1.5 * norm(by_matrices(h, r, transposed=False)),
        "tail": 0.5 * norm(t) + 1.5 * norm(by_matrices(t, r, transposed=True)),
    }
    return 0.25 * sum(terms[side].mean() for side in sides)


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("options", [{}, dict(relation_scale=True, head_bias=True, tail_bias=True)])
def test_value_of_triples_is_the_formula(nations, cls, options):
    model = make(cls, nations, **options)
    batch = nations.training.mapped_triples[:16]
    model.score_hrt(batch)
    assert model.collect_regularization_term().item() == pytest.approx(expected(model, *batch.numpy().T), rel=1e-9)
    assert model.collect_regularization_term() == 0  # reset


@pytest.mark.parametrize("cls", MODELS)
def test_it_is_what_the_dual_distances_have_beside_the_score(nations, cls):
    model = make(cls, nations, regularizer_kwargs=dict(weight=1.0))
    batch = nations.training.mapped_triples[:16]
    score = model.score_hrt(batch).mean().item()
    h, r, t = numbers(model, *batch.numpy().T)
    distances = norm(by_matrices(h, r, transposed=False) - t) + norm(by_matrices(t, r, transposed=True) - h)
    term = model.collect_regularization_term().item()
    assert term == pytest.approx(distances.mean() + 4 * score, rel=1e-9)


@pytest.mark.parametrize("cls", [QueryComplEx, QueryCP])
def test_all_entities_and_candidates_are_left_out(nations, cls):
    model = make(cls, nations)
    batch = nations.training.mapped_triples[:16]
    h, r, t = batch.numpy().T
    for score, sides in (
        (lambda: model.score_t(batch[:, :2]), ["head"]),
        (lambda: model.score_t(batch[:, :2], tails=torch.arange(5)), ["head"]),
        (lambda: model.score_h(batch[:, 1:]), ["tail"]),
    ):
        score()
        found = model.collect_regularization_term().item()
        assert found == pytest.approx(expected(model, h, r, t, sides), rel=1e-9)
    # relations are what is predicted
    model.score_r(batch[:, [0, 2]])
    h, _, t = numbers(model, h, r, t)
    assert model.collect_regularization_term().item() == pytest.approx(0.125 * (norm(h) + norm(t)).mean(), rel=1e-9)


@pytest.mark.parametrize("inverse", [True, False])
@pytest.mark.parametrize("loss", [HaLELoss(alpha=0.5), CrossEntropyLoss()])
def test_query_sampling_counts_each_triple_once(inverse, loss):
    data = Nations(create_inverse_triples=inverse)
    model = make(ConjComplEx, data, loss=loss).train()
    batch = data.training.mapped_triples[:16]
    term = QueryTerms(model, model.loss)(batch)["regularization"]
    assert term.item() == pytest.approx(expected(model, *batch.numpy().T), rel=1e-9)


def test_symmetric_lcwa_counts_each_side_once():
    data = Nations()
    model = make(QueryComplEx, data, loss=CrossEntropyLoss()).train()
    loop = SymmetricLCWATrainingLoop(model=model, triples_factory=data.training)
    batch = data.training.mapped_triples[:16]
    regularized = loop._process_batch((batch,), 3, 16)
    model.factor_regularizer.weight.zero_()
    plain = loop._process_batch((batch,), 3, 16)
    assert (regularized - plain).item() == pytest.approx(expected(model, *batch[3:].numpy().T), rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_gradcheck(dtype):
    def penalty(h, r, t):
        regularizer = DURARegularizer(**WEIGHTS).double()
        ids = [torch.arange(5) + 5 * i for i in range(3)]
        regularizer.add(Factors([h], [r], [t]), ids)
        return regularizer.pop_regularization_term()

    h, r, t = torch.randn(3, 5, 4, dtype=dtype)
    h[0], r[1], t[2] = 0, 0, 0
    assert torch.autograd.gradcheck(penalty, [x.requires_grad_() for x in (h, r, t)])


@pytest.mark.parametrize(
    ("cls", "options", "message"),
    [
        (RotE, {}, "regularizer='DURA' is not allowed: RotE does not multiply the head by the relation"),
        (QueryRotatE, {}, "regularizer='DURA' is not allowed: QueryRotatE does not"),
        (QueryDistMult, dict(similarity=None), r"'DURA' is not allowed with similarity=SquaredDistance\(\).*'dot'"),
        (ConjComplEx, dict(similarity="squared_distance"), "'DURA' is not allowed with similarity="),
        (ConjComplEx, dict(regularizer_kwargs=dict(product_weight=-1)), "product_weight=-1 is not allowed"),
        (ConjComplEx, dict(regularizer_kwargs=dict(entity_weight="1")), "entity_weight='1' is not allowed"),
    ],
)
def test_what_it_refuses(nations, cls, options, message):
    with pytest.raises(ValueError, match=message):
        make(cls, nations, **options)


@pytest.mark.parametrize("combined", [True, False])
def test_a_representation_by_itself_is_an_error(nations, combined):
    regularizer = DURARegularizer(weight=1.0)
    options = dict(triples_factory=nations.training, embedding_dim=4)
    if combined:
        model = ConjComplEx(**options, regularizer=CombinedRegularizer([regularizer, LpRegularizer(weight=0.5)]))
    else:
        model = ComplEx(**options, regularizer=regularizer, regularizer_kwargs=None)
    with pytest.raises(ValueError, match="regularizer='DURA' is of triples"):
        model.train().score_hrt(nations.training.mapped_triples[:4])


def test_by_name():
    assert regularizer_resolver.lookup("dura") is DURARegularizer
