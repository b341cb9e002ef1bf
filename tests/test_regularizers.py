"""N3: values against numpy, what counts as a batch's row, gradients at zero, PyKEEN's mixin."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import FloatDistribution
from pykeen.datasets import Nations
from pykeen.hpo import hpo_pipeline
from pykeen.losses import CrossEntropyLoss
from pykeen.models import ComplEx, DistMult, TransE
from pykeen.regularizers import CombinedRegularizer, LpRegularizer, Regularizer, regularizer_resolver
from pykeen.training import SymmetricLCWATrainingLoop

from pykeen_conj_hale.functional.moebius import CONJUGATE_VARIANTS
from pykeen_conj_hale.losses import AllNegLoss, HaLELoss
from pykeen_conj_hale.models import ConjComplEx, ConjFiveStarE, FiveStarE, QueryCP, RotE
from pykeen_conj_hale.regularizers import N3Regularizer
from pykeen_conj_hale.regularizers import n3 as module
from pykeen_conj_hale.training.query_terms import QueryTerms

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

MODELS = [
    (ConjComplEx, {}),
    (ConjComplEx, {"similarity": "distance", "relation_scale": True, "tail_bias": True}),
    (FiveStarE, {}),
    (FiveStarE, {"relation_scale": True, "tail_bias": True}),
    *((ConjFiveStarE, {"variant": variant}) for variant in CONJUGATE_VARIANTS),
]
WEIGHT = 0.25  # exact in float32, the dtype of the regularizer


@pytest.fixture(scope="module")
def nations():
    return Nations(create_inverse_triples=True)


def make(cls, nations, **kwargs):
    options = {"embedding_dim": 4, "random_seed": 0, "regularizer": "N3", "regularizer_kwargs": {"weight": WEIGHT}}
    return cls(triples_factory=nations.training, **{**options, **kwargs}).double()


def look_up(model, batch):
    """Look up all representations of a batch, of heads, relations and tails."""
    heads, relations, tails = batch.T.numpy()
    entities = [representation(None).detach().numpy() for representation in model.entity_representations]
    others = [representation(None).detach().numpy() for representation in model.relation_representations]
    model.collect_regularization_term()  # of these look-ups
    return [*(x[heads] for x in entities), *(x[relations] for x in others), *(x[tails] for x in entities)]


def n3(z):
    """Compute Σ|z|³ of every row."""
    return (np.abs(z) ** 3).sum(-1)


def relation_n3(model, r):
    """Compute N3 of the full relation, from the definition of each model."""
    x, *more = (part(None).detach().numpy()[r] for part in model.relation_representations)
    if isinstance(model, ConjComplEx):
        return n3(np.concatenate([x, x.conj()], axis=-1))
    if isinstance(model, FiveStarE):
        a, b, c, d = x, *more[:3]
    else:
        y = more[0]
        a, b, c, d = {
            "conjugate": (x, y, y.conj(), x.conj()),
            "negative": (x, y, -y.conj(), x.conj()),
            "horizontal": (x, x.conj(), y, y.conj()),
            "vertical": (x, y, x.conj(), y.conj()),
        }[model.interaction.variant]
    return n3(np.sqrt(np.abs(a) ** 2 + np.abs(b) ** 2 + np.abs(c) ** 2 + np.abs(d) ** 2))


def expected_n3(model, h=None, r=None, t=None):
    """Compute the weighted penalty of the given sides of a batch."""
    entity = model.entity_representations[0](None).detach().numpy()
    sides = [n3(entity[x]).mean() for x in (h, t) if x is not None]
    return WEIGHT * sum([*sides, *([] if r is None else [relation_n3(model, r).mean()])])


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_value_of_triples_is_the_formula(nations, cls, kwargs):
    model = make(cls, nations, **kwargs)
    batch = nations.training.mapped_triples[:16]
    h, r, t = batch.numpy().T
    model.score_hrt(batch)
    assert model.collect_regularization_term().item() == pytest.approx(expected_n3(model, h, r, t), rel=1e-12)
    assert model.collect_regularization_term() == 0  # reset


@pytest.mark.parametrize(("cls", "kwargs"), MODELS[::2])
def test_all_entities_and_candidates_are_left_out(nations, cls, kwargs):
    model = make(cls, nations, **kwargs)
    batch = nations.training.mapped_triples[:16]
    h, r, t = batch.numpy().T
    candidates = torch.arange(5)
    for score, sides in (
        (lambda: model.score_t(batch[:, :2]), {"h": h, "r": r}),
        (lambda: model.score_t(batch[:, :2], tails=candidates), {"h": h, "r": r}),
        (lambda: model.score_t(batch[:, :2], tails=candidates.expand(16, 5)), {"h": h, "r": r}),
        (lambda: model.score_h(batch[:, 1:]), {"r": r, "t": t}),
        (lambda: model.score_r(batch[:, [0, 2]]), {"h": h, "t": t}),
    ):
        score()
        assert model.collect_regularization_term().item() == pytest.approx(expected_n3(model, **sides), rel=1e-12)


@pytest.mark.parametrize(("cls", "kwargs"), MODELS[1::2])
def test_query_sampling_regularizes_the_positives_once(nations, cls, kwargs):
    model = make(cls, nations, loss=HaLELoss(alpha=0.5), **kwargs)
    batch = nations.training.mapped_triples[:16]
    h, r, t = batch.numpy().T
    term = QueryTerms(model.train(), model.loss)(batch)["regularization"]
    assert term.item() == pytest.approx(expected_n3(model, h, r, t), rel=1e-12)


class Half(torch.nn.Module):
    """Dropout of complex numbers, too."""

    def forward(self, x):
        return x * (torch.rand(x.shape) < 0.5)


@pytest.mark.parametrize("inverse", [True, False])
@pytest.mark.parametrize("apply_only_once", [True, False])
@pytest.mark.parametrize("slice_size", [None, 5])
@pytest.mark.parametrize(
    ("cls", "regularizer"), [(ConjComplEx, "N3"), (FiveStarE, "N3"), (QueryCP, "N3"), (QueryCP, "DURA")]
)
def test_cross_entropy_is_regularized_as_its_stream(cls, regularizer, inverse, apply_only_once, slice_size):
    """Tails are regularized, too, which with inverse triples are part of no query; with the same dropout."""
    data, found = Nations(create_inverse_triples=inverse), []
    kwargs = dict(weight=WEIGHT, apply_only_once=apply_only_once)
    batch = data.training.mapped_triples[:16]
    for loss in (AllNegLoss(), CrossEntropyLoss()):
        model = make(cls, data, loss=loss, similarity="dot", regularizer=regularizer, regularizer_kwargs=kwargs).train()
        model.entity_representations[0].dropout = Half()
        torch.manual_seed(0)
        found.append(QueryTerms(model, model.loss)(batch, slice_size=slice_size)["regularization"])
        assert model.collect_regularization_term() == 0
    assert found[0] > 0
    assert torch.equal(*found)


@pytest.mark.parametrize("alpha", [0.25, 1.0])
@pytest.mark.parametrize("loss", [HaLELoss, CrossEntropyLoss])
def test_without_inverse_triples_each_side_counts_once(alpha, loss):
    """Both directions of prediction look up the relation, and the heads' the tails once more."""
    data = Nations()
    loss = HaLELoss(alpha=alpha) if loss is HaLELoss else CrossEntropyLoss()
    model = make(ConjComplEx, data, loss=loss)
    batch = data.training.mapped_triples[:16]
    h, r, t = batch.numpy().T
    term = QueryTerms(model.train(), model.loss)(batch)["regularization"]
    assert term.item() == pytest.approx(expected_n3(model, h, r, t), rel=1e-12)
    assert all(module.training for module in model.modules())


def test_without_inverse_triples_a_model_of_pykeen_counts_its_triples_once():
    data = Nations()
    model = make(ComplEx, data, loss=HaLELoss(alpha=0.5)).train()
    batch = data.training.mapped_triples[:16]
    term = QueryTerms(model, model.loss)(batch)["regularization"].item()
    model.score_hrt(batch)
    assert term == pytest.approx(model.collect_regularization_term().item(), rel=1e-12) != 0


@pytest.mark.parametrize("slice_size", [None, 5])
def test_symmetric_lcwa_counts_each_side_once(slice_size):
    data = Nations()
    model = make(FiveStarE, data, loss=CrossEntropyLoss()).train()
    loop = SymmetricLCWATrainingLoop(model=model, triples_factory=data.training)
    batch = data.training.mapped_triples[:16]
    regularized = loop._process_batch((batch,), 3, 16, slice_size=slice_size)
    model.factor_regularizer.weight.zero_()
    plain = loop._process_batch((batch,), 3, 16, slice_size=slice_size)
    expected = expected_n3(model, *batch[3:].numpy().T)
    assert (regularized - plain).item() == pytest.approx(expected, rel=1e-9)


@given(rows=st.lists(st.integers(0, 5), min_size=1, max_size=6), calls=st.integers(1, 4), steps=st.integers(1, 3))
def test_a_look_up_counts_once_per_step(rows, calls, steps):
    regularizer = N3Regularizer(weight=1.0)
    ids = torch.tensor(rows).view(-1, 1).expand(-1, 3).contiguous()
    for _ in range(steps):
        found = [regularizer.is_new("head", ids[:, 0]) for _ in range(calls)]
        assert found == [True] + [False] * (calls - 1)
        assert regularizer.is_new("tail", ids[:, 0])
        assert regularizer.is_new("head", ids[:, 1])  # another column
        assert regularizer.is_new("head", ids[:, 0].clone())  # the same numbers elsewhere: other rows
        regularizer.pop_regularization_term()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1}, "weight=-1 is not allowed: it must be a finite number ≥ 0"),
        ({"weight": "0.1"}, "weight='0.1' is not allowed"),
        ({"weight": float("nan")}, "weight=nan is not allowed"),
        ({"apply_only_once": "false"}, "apply_only_once='false' is not allowed: it must be True or False"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        N3Regularizer(**arguments)


def test_an_unknown_regularizer_is_named(nations):
    with pytest.raises(ValueError, match="regularizer='N4' is unknown; choose one of"):
        make(ConjComplEx, nations, regularizer="N4", regularizer_kwargs=None)


def test_nothing_is_regularized_outside_of_training(nations):
    model = make(FiveStarE, nations)
    batch = nations.training.mapped_triples[:4]
    model.predict_hrt(batch)
    model.train()
    with torch.no_grad():
        model.score_hrt(batch)
    assert model.collect_regularization_term() == 0


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_gradients_reach_the_factors_only(nations, cls, kwargs):
    model = make(cls, nations, **kwargs)
    model.score_hrt(nations.training.mapped_triples[:16])
    model.collect_regularization_term().backward()
    for representation in (*model.entity_representations, *model.relation_representations):
        gradient = representation._embeddings.weight.grad
        if representation.shape == ():  # scale and bias
            assert gradient is None
        else:
            assert gradient.abs().max() > 0


@pytest.mark.parametrize("cls", [ConjComplEx, FiveStarE, ConjFiveStarE])
def test_there_is_one_regularizer(nations, cls):
    model = make(cls, nations, regularizer=N3Regularizer(weight=WEIGHT), regularizer_kwargs=None)
    assert [x for x in model.modules() if isinstance(x, Regularizer)] == [model.factor_regularizer]


@pytest.mark.parametrize("cls", [ConjComplEx, FiveStarE, ConjFiveStarE])
def test_other_regularizers_see_each_representation(nations, cls):
    model = make(cls, nations, regularizer="lp", regularizer_kwargs=dict(weight=WEIGHT, p=3.0))
    assert model.factor_regularizer is None
    for representation in (*model.entity_representations, *model.relation_representations):
        assert isinstance(representation.regularizer, LpRegularizer)
    batch = nations.training.mapped_triples[:16]
    expected = WEIGHT * sum(np.linalg.norm(x, ord=3, axis=-1).mean() for x in look_up(model, batch))
    model.score_hrt(batch)
    assert model.collect_regularization_term().item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("cls", [ComplEx, TransE])
def test_other_models_are_regularized_by_representation(nations, cls):
    model = make(cls, nations)
    batch = nations.training.mapped_triples[:16]
    h, r, t = batch.numpy().T
    entity, relation = (
        representations[0](None).detach().numpy()
        for representations in (model.entity_representations, model.relation_representations)
    )
    model.collect_regularization_term()  # of the look-ups above
    model.score_hrt(batch)
    expected = WEIGHT * (n3(entity[h]) + n3(relation[r]) + n3(entity[t])).mean()
    assert model.collect_regularization_term().item() == pytest.approx(expected, rel=1e-12)


def test_part_of_a_combined_regularizer(nations):
    combined = CombinedRegularizer([N3Regularizer(weight=0.5), LpRegularizer(weight=0.5)])
    model = make(ConjComplEx, nations, regularizer=combined, regularizer_kwargs=None)
    batch = nations.training.mapped_triples[:16]
    # PyKEEN's: the weighted mean of both, of each representation
    expected = sum(0.5 * n3(x).mean() + 0.5 * np.linalg.norm(x, axis=-1).mean() for x in look_up(model, batch))
    model.score_hrt(batch)
    assert combined.pop_regularization_term().item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_gradcheck(dtype):
    x = torch.randn(5, 4, dtype=dtype)
    x[0], x[1, 0] = 0, 0
    assert torch.autograd.gradcheck(N3Regularizer(), x.requires_grad_())


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
@pytest.mark.parametrize("value", [0.0, 1e-42, 1e-20])
def test_gradients_are_finite_close_to_zero(nations, cls, kwargs, value):
    model = make(cls, nations, **kwargs).float()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    model._get_representations(*nations.training.mapped_triples[:16].unbind(-1), mode=None)
    term = model.collect_regularization_term()
    term.backward()
    assert torch.isfinite(term).all()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_by_name():
    assert regularizer_resolver.lookup("N3") is N3Regularizer
    assert regularizer_resolver.lookup("n3regularizer") is N3Regularizer
    assert N3Regularizer.get_normalized_name() == "n3"


@pytest.mark.parametrize(("model", "regularizer"), [("FiveStarE", "N3"), ("QueryComplEx", "DURA")])
def test_hpo_searches_the_weight(model, regularizer):
    result = hpo_pipeline(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model=model,
        model_kwargs=dict(embedding_dim=4),
        regularizer=regularizer,
        training_loop="lcwa",
        optimizer="adam",
        training_kwargs=dict(num_epochs=1, batch_size=512),
        n_trials=1,
        sampler="random",
    )
    # as many weights between 0.0001 and 0.001 as between 0.1 and 1
    assert result.study.trials[0].distributions["regularizer.weight"] == FloatDistribution(1e-4, 1.0, log=True)
    assert result.study.user_attrs["regularizer"] == regularizer.lower()


class N3RegularizerTests(cases.RegularizerTestCase):
    """PyKEEN's tests, which need the weight 1."""

    cls = N3Regularizer
    kwargs = {"weight": 1.0}

    def _expected_penalty(self, x):
        return x.square().pow(1.5).sum(dim=-1).mean()


def test_n3_in_models_of_pykeen_is_said_once(caplog):
    """A weight means something else there; in the models of this package nothing is said."""
    factory = Nations().training
    module._once._said.clear()
    for model, said in ((RotE, False), (DistMult, True)):
        caplog.clear()
        instance = model(triples_factory=factory, embedding_dim=4, regularizer=N3Regularizer(weight=1.0))
        instance.train()
        for _ in range(2):
            instance.score_hrt(factory.mapped_triples[:4])
        assert (caplog.text.count("N3 regularizes each representation by itself") == 1) == said
