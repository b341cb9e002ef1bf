"""5*E and Conj5*E as PyKEEN models."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import model_resolver
from pykeen.pipeline import pipeline

from pykeen_conj_hale.functional.moebius import CONJUGATE_VARIANTS, exact_moebius_map
from pykeen_conj_hale.models import ConjFiveStarE, FiveStarE
from pykeen_conj_hale.models.conj_five_star_e import FIXED_POINT, FIXING_A, FIXING_B

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

#: name, and the options, of every model
MODELS = [(FiveStarE, {}), *((ConjFiveStarE, {"variant": variant}) for variant in CONJUGATE_VARIANTS)]


@pytest.fixture(scope="module")
def nations():
    return Nations(create_inverse_triples=True)


def make(cls, nations, **kwargs):
    return cls(triples_factory=nations.training, **{"embedding_dim": 4, "random_seed": 0, **kwargs})


@pytest.mark.parametrize("dim", [1, 8, 33])
@pytest.mark.parametrize("variant", CONJUGATE_VARIANTS)
def test_half_the_relation_parameters(nations, dim, variant):
    ours, theirs = (
        make(cls, nations, embedding_dim=dim, **kwargs)
        for cls, kwargs in ((ConjFiveStarE, {"variant": variant}), (FiveStarE, {}))
    )
    count = [sum(p.numel() for p in m.relation_representations.parameters()) for m in (ours, theirs)]
    assert 2 * count[0] == count[1] == 8 * dim * nations.training.num_relations
    assert ours.num_parameters == theirs.num_parameters - count[0]


@pytest.mark.parametrize("variant", CONJUGATE_VARIANTS)
@pytest.mark.parametrize("normalization", ["published", "exact"])
def test_tied_weights_give_the_scores_of_five_star_e(nations, variant, normalization):
    ours = make(ConjFiveStarE, nations, variant=variant, normalization=normalization)
    theirs = make(FiveStarE, nations, normalization=normalization, random_seed=1)
    with torch.no_grad():
        theirs.entity_representations[0]._embeddings.weight.copy_(ours.entity_representations[0]._embeddings.weight)
        tied = CONJUGATE_VARIANTS[variant](*(part(None) for part in ours.relation_representations))
        for representation, number in zip(theirs.relation_representations, tied, strict=True):
            flat = torch.view_as_real(number.resolve_conj()).flatten(1)
            representation._embeddings.weight.copy_(flat)
        batch = nations.training.mapped_triples[:16]
        for name, columns in (("score_hrt", [0, 1, 2]), ("score_t", [0, 1]), ("score_h", [1, 2]), ("score_r", [0, 2])):
            torch.testing.assert_close(
                getattr(ours, name)(batch[:, columns]), getattr(theirs, name)(batch[:, columns]), rtol=1e-4, atol=1e-5
            )


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_float64_and_round_trip(nations, cls, kwargs):
    one, other = (make(cls, nations, random_seed=seed, regularizer="N3", **kwargs).double() for seed in (0, 1))
    batch = nations.training.mapped_triples[:5, :2]
    assert one.score_t(batch).dtype is torch.float64
    assert not torch.equal(one.score_t(batch), other.score_t(batch))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one.score_t(batch), other.score_t(batch))


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_maps_start_alike(nations, cls, kwargs):
    """a and d have modulus 1, b and c are small, unless they are shared with a and d."""
    model = make(cls, nations, embedding_dim=32, **kwargs)
    a, b, c, d = model.interaction.coefficients([part(None) for part in model.relation_representations])
    for x in (a, d):
        torch.testing.assert_close(x.abs(), torch.ones_like(x.abs()))
    for x in (b, c):
        if kwargs.get("variant") in ("horizontal", "vertical"):
            torch.testing.assert_close(x.abs(), torch.ones_like(x.abs()))
        else:
            assert 0 < x.abs().max() < 0.1


@pytest.mark.parametrize("d", [4, 32])
def test_vertical_exact_maps_start_as_rotations_around_their_fixed_point(d):
    """a, b and entities are drawn around these numbers."""
    h = FIXED_POINT + 1e-5 * torch.randn(d, dtype=torch.cdouble)
    a, b = torch.full_like(h, FIXING_A), torch.full_like(h, FIXING_B)
    image = exact_moebius_map(h, *CONJUGATE_VARIANTS["vertical"](a, b))
    torch.testing.assert_close((image - FIXED_POINT).abs(), (h - FIXED_POINT).abs(), rtol=1e-3, atol=0.0)


def test_relation_initializer(nations):
    model = make(ConjFiveStarE, nations, relation_initializer="constant", relation_initializer_kwargs={"val": 0.25})
    for part in model.relation_representations:
        assert (torch.view_as_real(part(None)) == 0.25).all()


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"variant": "diagonal"}, r"variant='diagonal' is unknown; choose one of \['conjugate'"),
        ({"normalization": "none"}, r"normalization='none' is unknown; choose one of \['published', 'exact'\]"),
    ],
)
def test_unknown_options(nations, kwargs, message):
    with pytest.raises(ValueError, match=message):
        make(ConjFiveStarE, nations, **kwargs)


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_pole_gives_finite_scores_and_gradients(nations, cls, kwargs):
    for normalization in ("published", "exact"):
        model = make(cls, nations, normalization=normalization, regularizer="N3", **kwargs)
        with torch.no_grad():
            for parameter in model.relation_representations.parameters():
                parameter.zero_()
        batch = nations.training.mapped_triples[:5, :2]
        loss = model.score_t(batch).logsumexp(-1).sum() + model.collect_regularization_term()
        loss.backward()
        assert torch.isfinite(loss).all()
        assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
        assert torch.isfinite(model.predict_t(batch)).all()


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_meta_device(nations, cls, kwargs):
    model = make(cls, nations, **kwargs).to("meta")
    assert model.score_t(nations.training.mapped_triples[:5, :2].to("meta")).shape == (5, nations.num_entities)


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_compiled_scores(nations, cls, kwargs):
    model = make(cls, nations, **kwargs)
    batch = nations.training.mapped_triples[:5, :2]
    compiled = torch.compile(model.score_t, backend="eager")
    torch.testing.assert_close(compiled(batch), model.score_t(batch))


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("FiveStarE", FiveStarE),
        ("5StarE", FiveStarE),
        ("5stare", FiveStarE),
        ("ConjFiveStarE", ConjFiveStarE),
        ("Conj5StarE", ConjFiveStarE),
    ],
)
def test_by_name(name, cls):
    assert model_resolver.lookup(name) is cls


@pytest.mark.parametrize(("loss", "loop"), [("HaLE", "QuerySampling"), (None, "lcwa")])
def test_pipeline(loss, loop):
    result = pipeline(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model="ConjFiveStarE",
        model_kwargs=dict(embedding_dim=8),
        loss=loss,
        training_loop=loop,
        regularizer="N3",
        regularizer_kwargs=dict(weight=0.01),
        optimizer="adam",
        training_kwargs=dict(num_epochs=2, batch_size=256, use_tqdm=False),
        evaluation_kwargs=dict(use_tqdm=False, batch_size=256),
        random_seed=0,
    )
    assert result.losses[1] < result.losses[0]
    assert result.get_metric("mrr") > 0.2


class FiveStarETests(cases.ModelTestCase):
    """PyKEEN's tests."""

    cls = FiveStarE
    embedding_dim = 4


class ConjFiveStarETests(cases.ModelTestCase):
    """PyKEEN's tests with all options and inverse relations."""

    cls = ConjFiveStarE
    embedding_dim = 4
    create_inverse_triples = True
    kwargs = {
        "variant": "horizontal",
        "normalization": "exact",
        "similarity": "distance",
        "relation_scale": True,
        "tail_bias": True,
    }
    num_constant_init = 2
