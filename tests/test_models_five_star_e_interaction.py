"""The interactions of 5*E and Conj5*E: golden scores, tied weights, PyKEEN's mixin."""

import numpy as np
import pytest
import torch
from pykeen.nn.modules import interaction_resolver

from pykeen_conj_hale.functional.moebius import CONJUGATE_VARIANTS
from pykeen_conj_hale.models.conj_five_star_e import ConjFiveStarEInteraction
from pykeen_conj_hale.models.five_star_e import FiveStarEInteraction

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

#: group of the reference scores, interaction, the relation numbers it is given
GOLDEN = [
    ("five_star_e", FiveStarEInteraction(), "abcd"),
    ("conjugate", ConjFiveStarEInteraction(), "ab"),
    ("negative_conjugate", ConjFiveStarEInteraction(variant="negative"), "ab"),
    ("horizontal_conjugate", ConjFiveStarEInteraction(variant="horizontal"), "ac"),
    ("vertical_conjugate", ConjFiveStarEInteraction(variant="vertical"), "ab"),
]


@pytest.mark.parametrize(("group", "interaction", "names"), GOLDEN, ids=[group for group, _, _ in GOLDEN])
@pytest.mark.parametrize(("dtype", "rtol"), [(torch.complex128, 1e-9), (torch.complex64, 1e-4)])
def test_golden_scores(shared, group, interaction, names, dtype, rtol):
    data = np.load(shared / "golden" / "conjugate_reference.npz")
    entity = torch.from_numpy(data[f"{group}/entity"]).to(dtype)
    relation = [torch.from_numpy(data[f"{group}/relation_{name}"]).to(dtype) for name in names]
    h, r, t = torch.from_numpy(data["hrt"]).unbind(-1)
    parts = [part[r] for part in relation]
    for name, scores in (
        ("score_t", interaction.score_t(entity[h], parts, entity)),
        ("score_hrt", interaction.score_hrt(entity[h], parts, entity[t])),
    ):
        expected = torch.from_numpy(data[f"{group}/{name}"])
        torch.testing.assert_close(scores, expected.to(scores.dtype), rtol=rtol, atol=rtol)


def test_exact_normalization():
    generator = torch.Generator().manual_seed(0)
    h, t, a, b, c, d = (torch.randn(5, 4, dtype=torch.complex128, generator=generator) for _ in range(6))
    expected = ((a * h + b) / (c * h + d) * t.conj()).sum(-1).real
    scores = FiveStarEInteraction(normalization="exact")(h, [a, b, c, d], t)
    torch.testing.assert_close(scores, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("variant", CONJUGATE_VARIANTS)
@pytest.mark.parametrize("normalization", ["published", "exact"])
def test_conj_equals_five_star_e_with_tied_weights(variant, normalization):
    generator = torch.Generator().manual_seed(0)
    h, t, x, y = (torch.randn(5, 4, dtype=torch.complex128, generator=generator) for _ in range(4))
    ours = ConjFiveStarEInteraction(variant=variant, normalization=normalization, relation_scale=True)
    theirs = FiveStarEInteraction(normalization=normalization, relation_scale=True)
    scale = torch.randn(5, dtype=torch.float64, generator=generator)
    tied = [*CONJUGATE_VARIANTS[variant](x, y), scale]
    for name in ("score_hrt", "score_t", "score_h", "score_r"):
        torch.testing.assert_close(getattr(ours, name)(h, [x, y, scale], t), getattr(theirs, name)(h, tied, t))
    for a, b in zip(ours.factors(h, [x, y, scale], t).relation, theirs.factors(h, tied, t).relation, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("normalization", ["published", "exact"])
@pytest.mark.parametrize("similarity", ["dot", "squared_distance"])
@pytest.mark.parametrize("variant", [None, *CONJUGATE_VARIANTS])
def test_gradients(normalization, similarity, variant):
    options = dict(normalization=normalization, similarity=similarity)
    interaction = ConjFiveStarEInteraction(variant, **options) if variant else FiveStarEInteraction(**options)

    def score(h, t, *r):
        return interaction(h, r, t)

    shapes = [(3, 1, 2), (1, 3, 2)] + [(3, 1, 2)] * len(interaction.relation_shape)
    assert torch.autograd.gradcheck(score, [torch.randn(s, dtype=torch.cdouble, requires_grad=True) for s in shapes])


@pytest.mark.parametrize("normalization", ["published", "exact"])
@pytest.mark.parametrize("similarity", ["dot", "squared_distance"])
@pytest.mark.parametrize("modulus", [0.0, 1e-38, 1e-20, 1e-7])
def test_pole_is_finite(normalization, similarity, modulus):
    h, t, a, b, c = (torch.randn(5, 4, dtype=torch.cfloat, requires_grad=True) for _ in range(5))
    d = (modulus - c * h).detach().requires_grad_()
    scores = FiveStarEInteraction(normalization=normalization, similarity=similarity).score_t(h, [a, b, c, d], t)
    assert torch.isfinite(scores).all()
    for gradient in torch.autograd.grad(scores.logsumexp(-1).sum(), (h, t, a, b, c, d)):
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("cls", [FiveStarEInteraction, ConjFiveStarEInteraction])
def test_unknown_normalization(cls):
    with pytest.raises(ValueError, match=r"normalization='none' is unknown; choose one of \['published', 'exact'\]"):
        cls(normalization="none")


def test_unknown_variant():
    with pytest.raises(ValueError, match=r"variant='diagonal' is unknown; choose one of \['conjugate', 'neg"):
        ConjFiveStarEInteraction(variant="diagonal")


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("FiveStarE", FiveStarEInteraction),
        ("5StarE", FiveStarEInteraction),
        ("ConjFiveStarE", ConjFiveStarEInteraction),
        ("Conj5StarE", ConjFiveStarEInteraction),
    ],
)
def test_by_name(name, cls):
    assert interaction_resolver.lookup(name) is cls


def test_options_show():
    shown = repr(ConjFiveStarEInteraction(variant="vertical", normalization="exact"))
    assert "variant='vertical'" in shown
    assert "normalization='exact'" in shown


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_dtypes_and_meta_device(dtype):
    for interaction in (FiveStarEInteraction(), ConjFiveStarEInteraction()):
        h, t, *r = (torch.empty(3, 4, dtype=dtype, device="meta") for _ in range(2 + len(interaction.relation_shape)))
        scores = interaction.score_t(h, r, t)
        assert (scores.shape, scores.dtype) == ((3, 3), dtype.to_real())
        assert next(iter(interaction.relation_factors(r))).shape == (3, 4)


class FiveStarEInteractionTests(cases.InteractionTestCase):
    """PyKEEN's tests; its inputs are real and positive, for which the published query is ah + b."""

    cls = FiveStarEInteraction
    shape_kwargs = {"d": 4}

    def _exp_score(self, h, r, t):
        a, b, *_ = r
        return ((a * h + b) * t).sum()


class ExactFiveStarEInteractionTests(cases.InteractionTestCase):
    """PyKEEN's tests of the exact map, with all options."""

    cls = FiveStarEInteraction
    shape_kwargs = {"d": 4}
    kwargs = {"normalization": "exact", "similarity": "squared_distance", "relation_scale": True, "tail_bias": True}

    def _exp_score(self, h, r, t):
        (a, b, c, d, scale), (t, bias) = r, t
        return -torch.log1p(scale.exp()) * ((a * h + b) / (c * h + d) - t).square().sum() + bias


class ConjFiveStarEInteractionTests(cases.InteractionTestCase):
    """PyKEEN's tests of the exact map: with real numbers c = b and d = a."""

    cls = ConjFiveStarEInteraction
    shape_kwargs = {"d": 4}
    kwargs = {"normalization": "exact"}

    def _exp_score(self, h, r, t):
        a, b = r
        return ((a * h + b) / (b * h + a) * t).sum()
