"""The Euclidean interactions: golden scores, PyKEEN's own with the same weights, singular points, PyKEEN's mixin."""

import numpy as np
import pytest
import torch
from pykeen.nn.modules import DistMultInteraction, RotatEInteraction, TransEInteraction, interaction_resolver

from pykeen_conj_hale.models import AttE, QueryDistMult, QueryRotatE, QueryTransE, RefE, Rot2L, RotE, RotL
from pykeen_conj_hale.streaming.activations import Hanon

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

AttEInteraction, QueryDistMultInteraction, QueryRotatEInteraction, QueryTransEInteraction, RefEInteraction = (
    model.interaction_class for model in (AttE, QueryDistMult, QueryRotatE, QueryTransE, RefE)
)
RotEInteraction, RotLInteraction, Rot2LInteraction = (model.interaction_class for model in (RotE, RotL, Rot2L))


def turned(h, r):
    """Multiply a vector by the block-diagonal matrix of rotations."""
    blocks = [
        torch.stack([torch.stack([c, -s]), torch.stack([s, c])]) / (c * c + s * s).sqrt() for c, s in r.view(-1, 2)
    ]
    return torch.block_diag(*blocks) @ h


def mirrored(h, r):
    """Multiply a vector by the block-diagonal matrix of reflections."""
    blocks = [
        torch.stack([torch.stack([c, s]), torch.stack([s, -c])]) / (c * c + s * s).sqrt() for c, s in r.view(-1, 2)
    ]
    return torch.block_diag(*blocks) @ h


def attended(h, r):
    """Mix a rotated and a reflected vector by the softmax of what they have to do with the context."""
    candidates = torch.stack([turned(h, r[0]), mirrored(h, r[1])])
    return (candidates @ r[2] / len(h) ** 0.5).softmax(dim=0) @ candidates + r[3]


def layer(h, r):
    """Apply RotL's transform."""
    return r[2] * (turned(h, r[0]) + r[1]) / (1 + turned(h, r[0]) @ r[1])


#: The query of single vectors, written down once more
QUERIES = {
    RotEInteraction: lambda h, r: turned(h, r[0]) + r[1],
    RotLInteraction: layer,
    RefEInteraction: lambda h, r: mirrored(h, r[0]) + r[1],
    AttEInteraction: attended,
    Rot2LInteraction: lambda h, r: layer(layer(h, r[:3]), r[3:]),
    QueryTransEInteraction: lambda h, r: h + r,
    QueryDistMultInteraction: lambda h, r: h * r,
    QueryRotatEInteraction: lambda h, r: h * r / r.abs(),
}
SIMILARITIES = {
    "dot": lambda q, t: (q * t.conj()).real.sum(),
    "squared_distance": lambda q, t: -(q - t).abs().square().sum(),
    "rotl": lambda q, t: -(q - t).norm() * (q - t).norm().exp(),
}


def draw(interaction, batch_shapes, d=4, dtype=torch.double):
    """Draw head, relation and tail representations."""
    if interaction.is_complex:
        dtype = dtype.to_complex()
    sides = []
    for batch_shape, shapes in zip(
        batch_shapes, (interaction.head_shape, interaction.relation_shape, interaction.tail_shape), strict=True
    ):
        parts = [torch.randn((*batch_shape, d) if s else batch_shape, dtype=dtype).requires_grad_() for s in shapes]
        sides.append(parts[0] if len(parts) == 1 else parts)
    return sides


def flat(*sides):
    """List all tensors of representations."""
    return [x for side in sides for x in (side if isinstance(side, list) else [side])]


def unflat(interaction, tensors):
    """Give a list of tensors back to head, relation and tail."""
    h, *r, t = tensors
    return h, r if len(interaction.relation_shape) > 1 else r[0], t


@pytest.mark.parametrize("cls", QUERIES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_score_is_the_formula(cls, similarity):
    interaction = cls(similarity=similarity)
    h, r, t = draw(interaction, ((5,), (5,), (7,)))
    scores = interaction.score_t(h, r, t)
    for i in range(5):
        relation = [x[i] for x in r] if isinstance(r, list) else r[i]
        q = QUERIES[cls](h[i], relation)
        expected = torch.stack([SIMILARITIES[similarity](q, tail) for tail in t])
        torch.testing.assert_close(scores[i], expected)


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
@pytest.mark.parametrize("name", ["rote", "transe"])
def test_golden_scores(shared, name, dtype, rtol):
    data = np.load(shared / "golden" / "euclidean_reference.npz")
    h, r, _ = torch.from_numpy(data["hrt"]).unbind(-1)
    entity, query, scores, translation = (
        torch.from_numpy(data[f"{name}/{key}"]).to(dtype) for key in ("entity", "query", "score_t", "translation")
    )
    interaction, relation = QueryTransEInteraction(), translation[r]
    if name == "rote":
        interaction, relation = RotEInteraction(), [torch.from_numpy(data["rote/givens"]).to(dtype)[r], relation]
    torch.testing.assert_close(interaction.encode_query(entity[h], relation).vector, query, rtol=rtol, atol=rtol)
    torch.testing.assert_close(interaction.score_t(entity[h], relation, entity), scores, rtol=rtol, atol=rtol)


def theirs(score):
    """Evaluate an interaction of PyKEEN on the whole grid of h, r and t."""
    return lambda h, r, t: score(h[:, None, None], r[None, :, None], t[None, None])


@pytest.mark.parametrize(
    ("ours", "pykeens"),
    [
        (QueryTransEInteraction(), TransEInteraction(p=2, power_norm=True)),
        (QueryTransEInteraction(), lambda *hrt: -TransEInteraction(p=2)(*hrt).square()),
        (QueryDistMultInteraction(similarity="dot"), DistMultInteraction()),
        # RotatEInteraction does not look at its power_norm
        (QueryRotatEInteraction(), lambda *hrt: -RotatEInteraction(p=2)(*hrt).square()),
    ],
)
def test_equals_the_interaction_of_pykeen(ours, pykeens):
    h, r, t = draw(ours, ((3,), (5,), (7,)))
    if ours.is_complex:
        r = r / r.abs()  # as PyKEEN's model constrains it
    torch.testing.assert_close(theirs(ours)(h, r, t), theirs(pykeens)(h, r, t))


def test_rote_has_translations_and_rotations_as_special_cases():
    interaction = RotEInteraction()
    h, (rotation, translation), t = draw(interaction, ((3,), (3,), (7,)))
    identity = torch.tensor([1.0, 0.0], dtype=torch.double).repeat(3, 2)
    torch.testing.assert_close(
        interaction.score_t(h, [identity, translation], t), QueryTransEInteraction().score_t(h, translation, t)
    )
    torch.testing.assert_close(
        interaction.score_t(h, [rotation, torch.zeros_like(translation)], t),
        QueryRotatEInteraction().score_t(*(torch.view_as_complex(x.unflatten(-1, (-1, 2))) for x in (h, rotation, t))),
    )


def test_a_reflection_is_its_own_inverse():
    interaction = RefEInteraction()
    h, (reflection, translation), _ = draw(interaction, ((3,), (3,), (3,)))
    once = interaction.transform(h, [reflection, torch.zeros_like(translation)])
    torch.testing.assert_close(interaction.transform(once, [reflection, torch.zeros_like(translation)]), h)
    assert not torch.allclose(once, h)


def test_rotl_of_orthogonal_vectors_is_rote():
    h, r = torch.tensor([1.0, 0.0, 0.0, 0.0]), torch.tensor([0.0, 0.0, 3.0, 4.0])
    rotation, t = torch.tensor([0.6, 0.8, 1.0, 0.0]), torch.randn(4)
    torch.testing.assert_close(
        RotLInteraction()(h, [rotation, r, torch.tensor(1.0)], t), RotEInteraction()(h, [rotation, r], t)
    )


@pytest.mark.parametrize("cls", QUERIES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_gradcheck(cls, similarity):
    interaction = cls(similarity=similarity)
    sides = draw(interaction, ((2, 1), (2, 1), (1, 3)))
    if cls in (RotLInteraction, Rot2LInteraction):  # away from the pole, 1 + ⟨x, y⟩ ≥ 1/2
        for i in range(1, len(sides[1]), 3):
            sides[1][i] = (0.1 * sides[1][i].detach()).requires_grad_()
    assert torch.autograd.gradcheck(lambda *x: interaction(*unflat(interaction, x)), flat(*sides))


@pytest.mark.parametrize("cls", QUERIES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_singular_points_are_finite(cls, similarity, dtype):
    """Everything 0; and a tail which is the query."""
    interaction = cls(similarity=similarity, relation_scale=False)
    h, r, t = draw(interaction, ((3,), (3,), (3,)), dtype=dtype)
    with torch.no_grad():
        on_query = interaction.transform(h, r).clone().requires_grad_()
    zeros = unflat(interaction, [torch.zeros_like(x).requires_grad_() for x in flat(h, r, t)])
    for sides in (zeros, (h, r, on_query)):
        for scores in (interaction(*sides), interaction.score_t(*sides)):
            assert torch.isfinite(scores).all()
            gradients = torch.autograd.grad(scores.sum(), flat(*sides), retain_graph=True)
            assert all(torch.isfinite(torch.view_as_real(x) if x.is_complex() else x).all() for x in gradients)


def test_rotl_at_its_pole_is_finite():
    h, t = torch.tensor([2.0, 0.0], requires_grad=True), torch.randn(9, 2)
    r = [torch.tensor(x, requires_grad=True) for x in ([1.0, 0.0], [-0.5, 3.0], 1.0)]
    for similarity in SIMILARITIES:
        interaction = RotLInteraction(similarity=similarity)
        scores = interaction(h, r, t)
        streamed = interaction.logsumexp(
            interaction.encode_query(h[None], [x[None] for x in r]), interaction.encode_target(t), activation=Hanon()
        )
        for value in (scores, streamed):
            assert torch.isfinite(value).all()
            assert all(torch.isfinite(x).all() for x in torch.autograd.grad(value.sum(), [h, *r], retain_graph=True))


@pytest.mark.parametrize("cls", QUERIES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_stream_is_that_of_the_scores(cls, similarity):
    interaction = cls(similarity=similarity)
    h, r, t = draw(interaction, ((5,), (5,), (11,)))
    activation = Hanon()
    streamed = interaction.logsumexp(
        interaction.encode_query(h, r), interaction.encode_target(t), activation=activation, chunk_size=3
    )
    torch.testing.assert_close(streamed, torch.logsumexp(-activation(-interaction.score_t(h, r, t)), -1))


@pytest.mark.parametrize("cls", QUERIES)
def test_dtypes_meta_device_and_compile(cls):
    interaction = cls()
    h, r, t = draw(interaction, ((3,), (3,), (7,)))
    assert interaction.score_t(h, r, t).dtype is torch.float64
    meta = unflat(interaction, [x.to("meta") for x in flat(h, r, t)])
    assert interaction.score_t(*meta).shape == (3, 7)
    compiled = torch.compile(interaction.score_t, backend="eager")
    torch.testing.assert_close(compiled(h, r, t), interaction.score_t(h, r, t))
    if not interaction.is_complex:
        half = unflat(interaction, [x.bfloat16() for x in flat(h, r, t)])
        assert interaction.score_t(*half).dtype is torch.bfloat16


@pytest.mark.parametrize("cls", QUERIES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_scores_without_gradient_are_the_same_and_leave_their_arguments(cls, similarity):
    interaction = cls(similarity=similarity)
    for sides in (draw(interaction, ((3,), (3,), (7,))), draw(interaction, ((3,), (3,), (3,)))):
        copies = [x.detach().clone() for x in flat(*sides)]
        for score in (interaction, interaction.score_t):
            if score is interaction and len(copies[0]) != len(copies[-1]):
                continue
            with torch.inference_mode():
                scores = score(*sides)
            torch.testing.assert_close(scores, score(*sides).detach())
        assert all(torch.equal(x, y) for x, y in zip(flat(*sides), copies, strict=True))


@pytest.mark.parametrize("cls", QUERIES)
def test_names(cls):
    assert type(interaction_resolver.make(cls.__name__.removesuffix("Interaction"), similarity="rotl")) is cls
    assert repr(cls().similarity) == "SquaredDistance()"


def mixin(interaction, **options):
    """Make a test case of PyKEEN's mixin."""

    def expected_score(self, h, r, t):
        factor = 1.0
        if options.get("relation_scale"):
            *r, raw = r
            r, factor = r if len(r) > 1 else r[0], torch.log1p(raw.exp())
        t, bias = t if options.get("tail_bias") else (t, 0.0)
        similarity = SIMILARITIES[options.get("similarity", "squared_distance")]
        return factor * similarity(QUERIES[interaction](h, r), t) + bias

    dtype = torch.cfloat if interaction.is_complex else torch.float
    members = {"cls": interaction, "kwargs": options, "shape_kwargs": {"d": 4}, "dtype": dtype, "atol": 1e-6}
    return type("Tests", (cases.InteractionTestCase,), {**members, "_exp_score": expected_score, "__doc__": "Mixin."})


ALL_OPTIONS = {"similarity": "rotl", "relation_scale": True, "tail_bias": True}
for _cls in QUERIES:
    _name = _cls.__name__.removesuffix("Interaction")
    vars()[f"{_name}Tests"] = mixin(_cls)
    if not _cls.is_complex:
        vars()[f"{_name}OptionsTests"] = mixin(_cls, **ALL_OPTIONS)
