"""The hyperbolic distance in the stream, and offsets of queries: values and gradients of the plain formula."""

import pytest
import torch
from test_streaming_logsumexp import ACTIVATIONS, inputs

from pykeen_conj_hale.functional.hyperbolic_distance import hyperbolic_squared_distance
from pykeen_conj_hale.streaming.activations import Hanon, Identity
from pykeen_conj_hale.streaming.links import ExponentialLink
from pykeen_conj_hale.streaming.logsumexp import streaming_logsumexp


def more(m=5):
    """Draw an offset and a curvature per query."""
    offset = 0.3 * torch.randn(m, dtype=torch.double)
    return offset.requires_grad_(), torch.linspace(0.3, 2.0, m, dtype=torch.double).requires_grad_()


def plain(q, e, scale, bias, offset, curvature, activation):
    """Compute the log-sum-exp by a stored matrix."""
    x = hyperbolic_squared_distance(q[:, None], e[None], curvature[:, None])
    x = x if scale is None else scale[:, None] * x
    x = x if bias is None else x - bias
    x = x if offset is None else x - offset[:, None]
    return torch.logsumexp(-(x if activation is None else activation(x)), dim=-1)


@pytest.mark.parametrize("with_scale", [False, True])
@pytest.mark.parametrize("with_biases", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("chunk_size", [None, 7])
def test_hyperbolic_stream_equals_the_plain_formula(with_scale, with_biases, activation, chunk_size):
    (q, e, c, b), (offset, curvature) = inputs(), more()
    options = {"scale": c if with_scale else None, "bias": b if with_biases else None, "activation": activation}
    options |= {"offset": offset if with_biases else None, "curvature": curvature}
    streamed = streaming_logsumexp(q, e, similarity="hyperbolic_distance", chunk_size=chunk_size, **options)
    expected = plain(q, e, **options)
    torch.testing.assert_close(streamed, expected, rtol=1e-9, atol=1e-10)
    weights = torch.arange(1.0, 6.0, dtype=q.dtype)
    used = [q, e, curvature, *[c] * with_scale, *[b, offset] * with_biases]
    for x, y in zip(
        torch.autograd.grad(streamed @ weights, used), torch.autograd.grad(expected @ weights, used), strict=True
    ):
        torch.testing.assert_close(x, y, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("activation", [Identity(), Hanon()], ids=str)
def test_hyperbolic_gradcheck(activation):
    def stream(q, e, c, b, offset, curvature):
        return streaming_logsumexp(
            q, e, similarity="hyperbolic_distance", scale=c, bias=b, offset=offset, curvature=curvature,
            activation=activation, chunk_size=3,
        )  # fmt: skip

    assert torch.autograd.gradcheck(stream, (*inputs(m=3, n=7), *more(3)))


@pytest.mark.parametrize(
    ("similarity", "link"), [("dot", None), ("squared_distance", None), ("squared_distance", ExponentialLink())]
)
@pytest.mark.parametrize("activation", [Identity(), Hanon()], ids=str)
@pytest.mark.parametrize("with_bias", [False, True])
def test_an_offset_is_added_to_all_scores_of_a_query(similarity, link, activation, with_bias):
    (q, e, c, b), (offset, _) = inputs(), more()
    bias = b if with_bias else None
    options = dict(similarity=similarity, link=link, scale=c, activation=activation, chunk_size=7)
    streamed = streaming_logsumexp(q, e, bias=bias, offset=offset, **options)
    # query by query, the offset is a bias of all entities
    expected = torch.cat(
        [
            streaming_logsumexp(
                q[i : i + 1],
                e,
                **{**options, "scale": c[i : i + 1]},
                bias=offset[i].expand(len(e)) + (b if with_bias else 0.0),
            )
            for i in range(5)
        ]
    )
    torch.testing.assert_close(streamed, expected)
    used, weights = [q, e, c, offset, *[b] * with_bias], torch.arange(1.0, 6.0, dtype=q.dtype)
    for x, y in zip(
        torch.autograd.grad(streamed @ weights, used), torch.autograd.grad(expected @ weights, used), strict=True
    ):
        torch.testing.assert_close(x, y)


def test_half_precision_and_meta_tensors():
    tensors = [x.detach().bfloat16() for x in (*inputs(m=3, n=50, d=8), *more(3))]
    q, e, c, b, offset, curvature = (x.requires_grad_() for x in tensors)
    options = dict(similarity="hyperbolic_distance", activation=Hanon())
    value = streaming_logsumexp(q, e, scale=c, bias=b, offset=offset, curvature=curvature, **options)
    assert value.dtype is torch.float32
    value.mean().backward()
    assert {x.grad.dtype for x in (q, e, c, b, offset, curvature)} == {torch.bfloat16}
    expected = plain(*(x.detach().double() for x in tensors), Hanon())
    torch.testing.assert_close(value.double(), expected, rtol=1e-4, atol=1e-4)
    meta = [x.detach().to("meta") for x in (q, e, curvature)]
    assert streaming_logsumexp(*meta[:2], curvature=meta[2], **options).shape == (3,)


@pytest.mark.parametrize("similarity", ["dot", "hyperbolic_distance"])
def test_a_curvature_is_of_the_hyperbolic_distance(similarity):
    curvature = torch.ones(3) if similarity == "dot" else None
    with pytest.raises(ValueError, match=f"curvature=.* cannot be combined with similarity='{similarity}'"):
        streaming_logsumexp(torch.zeros(3, 4), torch.zeros(5, 4), similarity=similarity, curvature=curvature)
