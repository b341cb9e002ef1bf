"""The query base: broadcasting, options, and the fast path."""

import pytest
import torch
from pykeen.nn.modules import interaction_resolver
from test_functional_similarity import BATCH_SHAPES, LargestTensor

from pykeen_conj_hale.models import ConjComplEx
from pykeen_conj_hale.nn import QueryInteraction
from pykeen_conj_hale.nn.query import UNIT_SCALE
from pykeen_conj_hale.nn.similarity import Dot, SquaredDistance
from pykeen_conj_hale.streaming.activations import Hanon


class Translation(QueryInteraction):
    """A transform for the tests."""

    similarity_default = "squared_distance"

    def transform(self, h, r):
        return h + r


def representations(interaction, batch_shapes, d=4, seed=0):
    """Draw head, relation and tail representations of a real interaction."""
    generator = torch.Generator().manual_seed(seed)
    sides = []
    for batch_shape, shapes in zip(
        batch_shapes, (interaction.head_shape, interaction.relation_shape, interaction.tail_shape), strict=True
    ):
        parts = [torch.randn((*batch_shape, d) if s else batch_shape, generator=generator) for s in shapes]
        parts = [x.requires_grad_() for x in parts]
        sides.append(parts[0] if len(parts) == 1 else parts)
    return sides


@pytest.mark.parametrize("similarity", ["dot", "squared_distance"])
@pytest.mark.parametrize("relation_scale", [False, True])
@pytest.mark.parametrize("tail_bias", [False, True])
@pytest.mark.parametrize(("hr_shape", "t_shape"), BATCH_SHAPES)
def test_score_is_the_formula(similarity, relation_scale, tail_bias, hr_shape, t_shape):
    interaction = Translation(similarity=similarity, relation_scale=relation_scale, tail_bias=tail_bias)
    h, r, t = representations(interaction, (hr_shape, hr_shape, t_shape))
    scores = interaction(h, r, t)
    translation, scale = (r[0], torch.log1p(r[1].exp())) if relation_scale else (r, 1.0)
    tail, bias = t if tail_bias else (t, 0.0)
    q = h + translation
    similarity_value = (q * tail).sum(-1) if similarity == "dot" else -(q - tail).square().sum(-1)
    torch.testing.assert_close(scores, scale * similarity_value + bias, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("similarity", ["dot", "squared_distance"])
def test_logsumexp_is_that_of_the_scores(similarity):
    interaction = Translation(similarity=similarity, relation_scale=True, tail_bias=True)
    h, r, t = representations(interaction, ((5,), (5,), (11,)))
    activation = Hanon()
    streamed = interaction.logsumexp(
        interaction.encode_query(h, r), interaction.encode_target(t), activation=activation, chunk_size=3
    )
    scores = interaction.score_t(h, r, t)
    torch.testing.assert_close(streamed, torch.logsumexp(-activation(-scores), -1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"relation_scale": True, "tail_bias": True}])
def test_score_t_never_builds_a_tensor_of_all_dimensions(options):
    interaction = Translation(**options)
    h, r, t = representations(interaction, ((16,), (16,), (1_000,)), d=32)
    with LargestTensor() as record:
        interaction.score_t(h, r, t).sum().backward()
    assert record.largest <= 32 * 1_000


def test_scale_is_positive_and_starts_at_one():
    interaction = Translation(relation_scale=True)
    parameters = [torch.zeros(3, 4), torch.tensor([-20.0, UNIT_SCALE, 20.0])]
    scale = interaction.encode_query(torch.zeros(3, 4), parameters).scale
    assert (scale > 0).all()
    assert scale[1].item() == pytest.approx(1.0)


def test_shapes_of_the_options_belong_to_the_instance():
    with_options, without = Translation(relation_scale=True, tail_bias=True), Translation()
    assert (tuple(with_options.relation_shape), tuple(with_options.entity_shape)) == (("d", ""), ("d", ""))
    assert tuple(with_options.head_shape) == ("d",)
    assert tuple(with_options.tail_shape) == ("d", "")
    assert (tuple(without.relation_shape), tuple(without.entity_shape)) == (("d",), ("d",))


def test_unknown_similarity():
    with pytest.raises(ValueError, match=r"similarity='cosine' is unknown.*squareddistance"):
        Translation(similarity="cosine")


def test_default_similarities():
    assert repr(ConjComplEx.interaction_class().similarity) == "Dot()"
    assert repr(Translation().similarity) == "SquaredDistance()"


def test_interaction_by_name():
    interaction = interaction_resolver.make("ConjComplEx", similarity="distance")
    assert type(interaction) is ConjComplEx.interaction_class
    assert type(interaction.similarity) is SquaredDistance
    assert type(interaction_resolver.make("ConjComplEx").similarity) is Dot


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_dtypes(dtype):
    interaction = Translation()
    h, r, t = (x.detach().to(dtype) for x in representations(interaction, ((3, 1), (3, 1), (1, 5))))
    assert interaction(h, r, t).dtype is dtype


def test_meta_device():
    interaction = Translation()
    h, r, t = (torch.empty(s, device="meta") for s in ((3, 4), (3, 4), (9, 4)))
    assert interaction.score_t(h, r, t).shape == (3, 9)
