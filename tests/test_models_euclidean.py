"""The Euclidean models in PyKEEN: names, defaults, PyKEEN's own with the same weights, training, PyKEEN's mixin."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import DistMult, RotatE, TransE, model_resolver
from pykeen.pipeline import pipeline

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import AttE, QueryDistMult, QueryRotatE, QueryTransE, RefE, Rot2L, RotE, RotL
from pykeen_conj_hale.training import QuerySamplingTrainingLoop

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

#: Models, and how many of their parameters start at a constant: the scale, and RotL's α
MODELS = {RotE: 1, RotL: 2, QueryTransE: 1, QueryDistMult: 1, QueryRotatE: 1, RefE: 1, AttE: 1, Rot2L: 3}


@pytest.fixture(scope="module")
def triples():
    return Nations(create_inverse_triples=True).training


@pytest.mark.parametrize("cls", MODELS)
def test_names_and_defaults(cls, triples):
    model = model_resolver.make(cls.__name__.lower(), triples_factory=triples)
    assert type(model) is cls
    assert type(model.loss) is HaLELoss
    assert model.interaction.relation_scale
    assert repr(model.interaction.similarity) == "SquaredDistance()"


@pytest.mark.parametrize(
    ("cls", "per_relation"),
    [(RotE, 16), (RotL, 17), (QueryTransE, 8), (QueryRotatE, 16), (RefE, 16), (AttE, 32), (Rot2L, 34)],
)
def test_number_of_parameters(cls, per_relation, triples):
    model = cls(triples_factory=triples, embedding_dim=8, relation_scale=False)
    assert sum(p.numel() for p in model.relation_representations.parameters()) == per_relation * model.num_relations


@pytest.mark.parametrize("cls", [RotE, RotL, RefE, AttE, Rot2L])
@pytest.mark.parametrize("dim", [0, 1, 7, -2])
def test_embedding_dim_must_be_even(cls, dim, triples):
    with pytest.raises(ValueError, match=f"embedding_dim={dim} must be even"):
        cls(triples_factory=triples, embedding_dim=dim)


@pytest.mark.parametrize("cls", [QueryTransE, QueryRotatE])
@pytest.mark.parametrize("dim", [3, 5])
def test_other_dimensions_may_be_odd(cls, dim, triples):
    assert cls(triples_factory=triples, embedding_dim=dim).entity_representations[0].shape == (dim,)


@pytest.mark.parametrize("cls", [QueryTransE, QueryDistMult, QueryRotatE])
def test_dimensions_must_be_positive(cls, triples):
    with pytest.raises(ValueError, match="embedding_dim=0 is not allowed"):
        cls(triples_factory=triples, embedding_dim=0)


@pytest.mark.parametrize("cls", [RotE, RotL, QueryDistMult, QueryRotatE])
def test_queries_start_about_as_long_as_heads(cls, triples):
    model = cls(triples_factory=triples, embedding_dim=64, random_seed=0)
    ids = triples.mapped_triples
    h, r, _ = model._get_representations(h=ids[:, 0], r=ids[:, 1], t=ids[:, 2], mode=None)
    ratio = model.interaction.encode_query(h, r).vector.norm(dim=-1).mean() / h.abs().square().sum(-1).sqrt().mean()
    # a translation as long as an entity makes √2 of it
    assert ratio.item() == pytest.approx(2**0.5 if cls in (RotE, RotL) else 1.0, rel=0.2)


def score(model, triples):
    """Score a batch of triples, and all tails, heads and relations."""
    batch = triples.mapped_triples[:16]
    columns = {"score_hrt": [0, 1, 2], "score_t": [0, 1], "score_h": [1, 2], "score_r": [0, 2]}
    return [getattr(model, name)(batch[:, chosen]) for name, chosen in columns.items()]


@pytest.mark.parametrize(
    ("cls", "kwargs", "theirs", "their_kwargs", "convert"),
    [
        (QueryTransE, {}, TransE, {"scoring_fct_norm": 2, "power_norm": True}, lambda x: x),
        (QueryTransE, {}, TransE, {"scoring_fct_norm": 2}, lambda x: -x.square()),
        (QueryDistMult, {"similarity": "dot"}, DistMult, {}, lambda x: x),
        (QueryRotatE, {}, RotatE, {}, lambda x: -x.square()),
    ],
)
def test_equals_the_model_of_pykeen_with_its_weights(cls, kwargs, theirs, their_kwargs, convert, triples):
    other = theirs(triples_factory=triples, embedding_dim=8, random_seed=0, **their_kwargs).eval()
    ours = cls(triples_factory=triples, embedding_dim=8, relation_scale=False, **kwargs).eval()
    weights = {k: v for k, v in other.state_dict().items() if "representations" in k and "regularizer" not in k}
    missing, unexpected = ours.load_state_dict(weights, strict=False)
    assert not unexpected
    assert not [name for name in missing if "representations" in name]
    for x, y in zip(score(ours, triples), score(other, triples), strict=True):
        torch.testing.assert_close(x, convert(y), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("similarity", [None, "rotl"])
def test_double_precision_compiled_and_restored(cls, similarity, triples):
    model, other = (
        cls(triples_factory=triples, embedding_dim=8, random_seed=seed, similarity=similarity) for seed in (0, 1)
    )
    scores = score(model, triples)
    other.load_state_dict(model.state_dict())
    for x, y in zip(scores, score(other, triples), strict=True):
        assert torch.equal(x, y)
    for x, y in zip(scores, score(other.double(), triples), strict=True):
        assert y.dtype is torch.float64
        torch.testing.assert_close(x.double(), y, rtol=1e-3, atol=1e-4)
    compiled = torch.compile(model.score_t, backend="eager")
    torch.testing.assert_close(compiled(triples.mapped_triples[:16, :2]), scores[1])


@pytest.mark.parametrize("cls", MODELS)
def test_meta_device(cls, triples):
    model = cls(triples_factory=triples, embedding_dim=8).to("meta")
    assert model.score_t(triples.mapped_triples[:16, :2].to("meta")).shape == (16, triples.num_entities)


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("regularizer", ["N3", "Lp"])
def test_rotations_and_factors_are_not_regularised(cls, regularizer, triples):
    model = cls(triples_factory=triples, embedding_dim=8, regularizer=regularizer, random_seed=0).train()
    model.score_hrt(triples.mapped_triples[:32])
    model.collect_regularization_term().backward()
    rotations = {RotE: [0], RotL: [0, 2], QueryRotatE: [0], RefE: [0], AttE: [0, 1, 2], Rot2L: [0, 2, 3, 5]}
    rotations = rotations.get(cls, [])
    for i, relation in enumerate(model.relation_representations[:-1]):
        gradient = relation._embeddings.weight.grad
        assert (gradient is None or not gradient.any()) == (i in rotations)


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("options", [{}, {"similarity": "rotl", "tail_bias": True}])
def test_trains_by_name(cls, options):
    result = pipeline(
        dataset="nations",
        dataset_kwargs={"create_inverse_triples": True},
        model=cls.__name__,
        model_kwargs={"embedding_dim": 8, **options},
        loss="HaLE",
        loss_kwargs={"activation": "hanon"},
        training_loop="QuerySampling",
        optimizer_kwargs={"lr": 0.01},
        training_kwargs={"num_epochs": 8, "batch_size": 256, "use_tqdm": False},
        evaluation_kwargs={"batch_size": 64, "use_tqdm": False},
        random_seed=0,
    )
    assert type(result.model) is cls
    assert result.losses[-1] < 0.9 * result.losses[0]
    assert result.get_metric("mrr") > 0.33  # 0.36 to 0.49; chance is 0.23, and what is not trained at most 0.42


@pytest.mark.parametrize("similarity", ["squared_distance", "rotl"])
def test_rotl_learns_with_entities_that_coincide(similarity, triples):
    """Distances of 0 in every sum, and no NaN."""
    model = RotL(triples_factory=triples, embedding_dim=4, similarity=similarity, random_seed=0)
    with torch.no_grad():
        for representation in (*model.entity_representations, model.relation_representations[1]):
            representation._embeddings.weight.zero_()
    losses = QuerySamplingTrainingLoop(model=model, triples_factory=triples).train(
        triples_factory=triples, num_epochs=2, batch_size=256, use_tqdm=False
    )
    assert all(torch.isfinite(torch.tensor(losses)))
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())


def mixin(model, **options):
    """Make a test case of PyKEEN's mixin."""
    constants = MODELS[model] + bool(options.get("tail_bias"))
    members = {"cls": model, "embedding_dim": 4, "kwargs": options, "num_constant_init": constants}
    return type(
        "Tests", (cases.ModelTestCase,), {**members, "__doc__": "PyKEEN's tests.", "create_inverse_triples": True}
    )


ALL_OPTIONS = {"similarity": "rotl", "tail_bias": True}
for _cls in MODELS:
    vars()[f"{_cls.__name__}Tests"] = mixin(_cls)
RotLOptionsTests, QueryRotatEOptionsTests = (mixin(cls, **ALL_OPTIONS) for cls in (RotL, QueryRotatE))
