"""RotH, RefH and AttH: the authors' definitions written once more, training by name, PyKEEN's mixins."""

import pytest
import torch
from click.testing import CliRunner
from pykeen.cli import main
from pykeen.datasets import Nations
from pykeen.models import model_resolver
from pykeen.pipeline import pipeline
from torch.nn.functional import softplus

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import AttH, RefH, RotE, RotH
from pykeen_conj_hale.streaming.activations import Hanon

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

MODELS = [RotH, RefH, AttH]
#: The relation representations that no regularizer acts on
NO_FACTORS = {RotH: [1, 3], RefH: [0, 2], AttH: [0, 1, 2, 4]}


# The authors' definitions, of single vectors: Chami et al. (2020), equations 3 to 12, and their code


def exp0(v, c):
    return torch.tanh(c**0.5 * v.norm()) * v / (c**0.5 * v.norm())


def add(x, y, c):
    xy, xx, yy = x @ y, x @ x, y @ y
    return ((1 + 2 * c * xy + c * yy) * x + (1 - c * xx) * y) / (1 + 2 * c * xy + c**2 * xx * yy)


def distance(x, y, c):
    return 2 / c**0.5 * torch.atanh(c**0.5 * add(-x, y, c).norm())


def blocks(r, sign):
    rows = [torch.stack([torch.stack([a, -sign * b]), torch.stack([b, sign * a])]) / torch.hypot(a, b) for a, b in r]
    return torch.block_diag(*rows)


def rotate(r, x):
    return blocks(r.view(-1, 2), 1) @ x


def reflect(r, x):
    return blocks(r.view(-1, 2), -1) @ x


def attend(rotation, reflection, context, h):
    candidates = torch.stack([reflect(reflection, h), rotate(rotation, h)])
    return (candidates * context / len(h) ** 0.5).sum(-1).softmax(dim=0) @ candidates


QUERIES = {
    RotH: lambda h, r, c: add(rotate(r[1], add(exp0(h, c), exp0(r[0], c), c)), exp0(r[2], c), c),
    RefH: lambda h, r, c: add(exp0(reflect(r[0], h), c), exp0(r[1], c), c),
    AttH: lambda h, r, c: add(exp0(attend(*r[:3], h), c), exp0(r[3], c), c),
}


def expected_score(model, h, r, t):
    """Score one triple by the definitions."""
    *r, raw = r
    c = softplus(raw)
    return -distance(QUERIES[model](h, r, c), exp0(t, c), c).square()


def draw(model, m=5, n=7, d=4, scale=0.5):
    """Draw heads, relations and tails."""
    shape = model.interaction_class.relation_shape
    h, t = (scale * torch.randn(size, d, dtype=torch.double) for size in (m, n))
    r = [scale * torch.randn((m, d) if s else m, dtype=torch.double) for s in shape]
    return h.requires_grad_(), [x.requires_grad_() for x in r], t.requires_grad_()


@pytest.mark.parametrize("cls", MODELS)
def test_score_is_the_definition(cls):
    interaction = cls.interaction_class()
    h, r, t = draw(cls)
    scores = interaction.score_t(h, r, t)
    single = interaction(h, r, t[:5])
    for i in range(5):
        expected = torch.stack([expected_score(cls, h[i], [x[i] for x in r], tail) for tail in t])
        torch.testing.assert_close(scores[i], expected, rtol=1e-7, atol=1e-9)
        torch.testing.assert_close(single[i], expected[i])


@pytest.mark.parametrize("cls", MODELS)
def test_gradients_are_those_of_the_definition(cls):
    interaction = cls.interaction_class()
    h, r, t = draw(cls)
    scores = torch.stack([torch.stack([expected_score(cls, h[i], [x[i] for x in r], y) for y in t]) for i in range(5)])
    weights = torch.randn_like(scores)
    expected = torch.autograd.grad((scores * weights).sum(), (h, *r, t))
    found = torch.autograd.grad((interaction.score_t(h, r, t) * weights).sum(), (h, *r, t))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("similarity", ["hyperbolic_distance", "squared_distance", "dot"])
def test_stream_is_that_of_the_scores(cls, similarity):
    interaction = cls.interaction_class(
        similarity=similarity, relation_scale=True, head_bias=True, tail_bias=True
    ).double()
    h, r, t = draw(cls, n=11)
    bias_h, bias_t, scale = (torch.randn(n, dtype=torch.double) for n in (5, 11, 5))
    sides = (h, bias_h), (*r, scale), (t, bias_t)
    query, target = interaction.encode_query(*sides[:2]), interaction.encode_target(sides[2])
    streamed = interaction.logsumexp(query, target, activation=Hanon(), chunk_size=3)
    stored = interaction.compare(query.map(lambda x: x.unsqueeze(1)), target)
    torch.testing.assert_close(streamed, torch.logsumexp(-Hanon()(-stored), -1))


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [0.0, 1e-20, 1e3])
def test_singular_points_are_finite(cls, dtype, scale):
    """All vectors 0, or far beyond the border; curvatures that underflow, or are large."""
    interaction = cls.interaction_class()
    h, r, t = draw(cls, m=3, n=3, scale=scale)
    for raw in (-1e4, 0.0, 50.0):
        parts = [x.detach().to(dtype) for x in (h, *r, t)]
        parts[-2] = torch.full_like(parts[-2], raw)
        h_, *r_, t_ = (x.requires_grad_() for x in parts)
        for scores in (interaction(h_, r_, t_), interaction.score_t(h_, r_, t_)):
            assert torch.isfinite(scores).all()
            gradients = torch.autograd.grad(scores.sum(), (h_, *r_, t_), allow_unused=True)
            assert all(x is None or torch.isfinite(x).all() for x in gradients)


@pytest.mark.parametrize("cls", MODELS)
def test_flat_space_is_the_limit(cls):
    """Where curvature vanishes, squared distances are four times those of tangent vectors."""
    interaction, flat = cls.interaction_class(), cls.interaction_class(similarity="squared_distance")
    h, r, t = draw(cls)
    r[-1] = torch.full_like(r[-1], -20.0)
    torch.testing.assert_close(interaction.score_t(h, r, t), 4 * flat.score_t(h, r, t), rtol=1e-6, atol=1e-6)
    if cls is RotH:
        zero = torch.zeros_like(r[0])
        rote = RotE.interaction_class().score_t(h, r[1:3], t)
        torch.testing.assert_close(interaction.score_t(h, [zero, *r[1:]], t), 4 * rote, rtol=1e-6, atol=1e-6)


def test_other_models_have_no_curvature():
    with pytest.raises(ValueError, match=r"similarity=HyperbolicDistance.* is not allowed: RotE.* has no curvature"):
        RotE(triples_factory=Nations().training, embedding_dim=4, similarity="hyperbolic_distance")


@pytest.mark.parametrize("cls", MODELS)
def test_defaults_and_start(cls):
    triples = Nations(create_inverse_triples=True).training
    model = model_resolver.make(cls.__name__.lower(), triples_factory=triples)
    assert type(model) is cls
    assert type(model.loss) is HaLELoss
    assert repr(model.interaction.similarity) == "HyperbolicDistance()"
    curvature = model.relation_representations[cls.interaction_class.curvature_index](None)
    torch.testing.assert_close(softplus(curvature), torch.ones(triples.num_relations))


@pytest.mark.parametrize("cls", MODELS)
def test_regularizers_leave_rotations_contexts_and_curvatures(cls):
    triples = Nations(create_inverse_triples=True).training
    model = cls(triples_factory=triples, embedding_dim=8, regularizer="N3", head_bias=True, tail_bias=True).train()
    model.score_hrt(triples.mapped_triples[:32])
    model.collect_regularization_term().backward()
    left = [
        i
        for i, relation in enumerate(model.relation_representations[:-1])
        if relation._embeddings.weight.grad is None or not relation._embeddings.weight.grad.any()
    ]
    assert left == NO_FACTORS[cls]
    assert all(x._embeddings.weight.grad is None for x in model.entity_representations[1:])


@pytest.mark.parametrize("cls", [AttH, *(pytest.param(x, marks=pytest.mark.slow) for x in MODELS if x is not AttH)])
@pytest.mark.parametrize(
    ("loop", "loss", "kwargs"),
    [
        ("QuerySampling", "HaLE", {}),
        # as the authors train
        ("sLCWA", "softplus", dict(relation_scale=False, head_bias=True, tail_bias=True)),
        ("LCWA", "CrossEntropy", {}),
    ],
)
def test_trains_by_name(cls, loop, loss, kwargs):
    result = pipeline(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model=cls.__name__,
        model_kwargs=dict(embedding_dim=8, **kwargs),
        loss=loss,
        training_loop=loop,
        negative_sampler="basic" if loop == "sLCWA" else None,
        negative_sampler_kwargs=dict(num_negs_per_pos=5) if loop == "sLCWA" else None,
        optimizer_kwargs=dict(lr=0.02),
        training_kwargs=dict(num_epochs=8, batch_size=256, use_tqdm=False),
        evaluation_kwargs=dict(batch_size=64, use_tqdm=False),
        random_seed=0,
    )
    assert type(result.model) is cls
    assert result.losses[-1] < 0.95 * result.losses[0]
    assert all(torch.isfinite(parameter).all() for parameter in result.model.parameters())


@pytest.mark.parametrize("cls", MODELS)
def test_command_line(cls):
    result = CliRunner().invoke(main, ["train", cls.__name__.lower(), "--help"])
    assert result.exit_code == 0
    assert "--head-bias" in result.output


def interaction_mixin(model, **options):
    """Make a test case of PyKEEN's mixin for interactions."""

    def expected(self, h, r, t):
        factor, bias = 1.0, 0.0
        if options:
            (h, bias_h), (*r, raw), (t, bias_t) = h, r, t
            factor, bias = softplus(raw), bias_h + bias_t
        return factor * expected_score(model, h, r, t) + bias

    def draw_short(self, *shapes):
        """Draw vectors that stay away from the border, where points are moved in: see the tests of the maps."""
        drawn = cases.InteractionTestCase._get_hrt(self, *shapes)
        return tuple(shorten(x) if isinstance(x, torch.Tensor) else [shorten(y) for y in x] for x in drawn)

    members = {"cls": model.interaction_class, "kwargs": options, "shape_kwargs": {"d": 4}, "atol": 1e-4, "rtol": 1e-3}
    members |= {"_exp_score": expected, "_get_hrt": draw_short, "__doc__": "PyKEEN's tests."}
    return type("Tests", (cases.InteractionTestCase,), members)


def shorten(x):
    return x.detach().mul(0.3).requires_grad_()


def model_mixin(model, **options):
    """Make a test case of PyKEEN's mixin for models."""
    constants = 2 + len([name for name in options if name.endswith("_bias")])
    members = {"cls": model, "embedding_dim": 4, "kwargs": options, "num_constant_init": constants}
    return type(
        "Tests", (cases.ModelTestCase,), {**members, "__doc__": "PyKEEN's tests.", "create_inverse_triples": True}
    )


ALL_OPTIONS = dict(relation_scale=True, head_bias=True, tail_bias=True)
for _cls in MODELS:
    vars()[f"{_cls.__name__}InteractionTests"] = interaction_mixin(_cls)
    vars()[f"{_cls.__name__}InteractionOptionsTests"] = interaction_mixin(_cls, **ALL_OPTIONS)
    vars()[f"{_cls.__name__}Tests"] = model_mixin(_cls)
RotHOptionsTests = model_mixin(RotH, head_bias=True, tail_bias=True)
