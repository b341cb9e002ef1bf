"""Links: RotL's function of the distance, alone and in the stream."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_streaming_logsumexp import ACTIVATIONS, inputs

from pykeen_conj_hale.functional.similarity import squared_distance
from pykeen_conj_hale.streaming.activations import Hanon, Identity
from pykeen_conj_hale.streaming.links import ExponentialLink
from pykeen_conj_hale.streaming.logsumexp import streaming_logsumexp

LINK = ExponentialLink()


@given(x=st.floats(1e-3, 31.0))
def test_is_x_exp_x(x):
    u = torch.tensor(x * x, dtype=torch.double)
    assert LINK(u).item() == pytest.approx(x * math.exp(x), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_increases_from_0_with_the_derivative_it_names(dtype):
    epsilon = torch.finfo(dtype).eps
    u = torch.cat([torch.linspace(0, 4 * epsilon, 50), torch.logspace(-7, 4, 300)]).to(dtype).requires_grad_()
    value = LINK(u)
    assert value[0] == 0
    assert (value[1:50].diff() > 0).all()
    assert (value.diff()[50:] > 0).all()
    (slope,) = torch.autograd.grad(value.sum(), u)
    assert torch.isfinite(slope).all()
    torch.testing.assert_close(LINK.derivative(u.detach()), slope, rtol=1e-3, atol=0)


def test_derivative_is_the_slope():
    # around 0 in units of ε², the curve's own scale; then where φ is what it is, and beyond the exponent's end
    for u in (1e-16, 3e-16, 1e-3, 0.5, 2.0, 900.0, 1100.0):
        step = 1e-6 * u
        two = torch.tensor([u - step, u + step], dtype=torch.double)
        slope = (LINK(two)[1] - LINK(two)[0]) / (2 * step)
        assert LINK.derivative(torch.tensor(u, dtype=torch.double)).item() == pytest.approx(slope.item(), rel=1e-5)


def test_what_rounding_leaves_below_0_counts_as_0_and_has_no_gradient():
    u = torch.tensor([-1e-5, -1e-12, -0.0, 0.0], requires_grad=True)
    assert (LINK(u) == 0).all()
    LINK(u).sum().backward()
    assert (u.grad == 0).all()
    assert (LINK.derivative(u.detach()) == 0).all()


def test_far_away_is_finite():
    u = torch.tensor([1e3, 1e6, 1e12], requires_grad=True)
    LINK(u).sum().backward()
    assert torch.isfinite(LINK(u)).all()
    assert torch.isfinite(u.grad).all()
    torch.testing.assert_close(LINK.derivative(u.detach()), u.grad)


def plain(q, e, scale, bias, activation):
    """Compute the log-sum-exp by broadcasting."""
    x = LINK((q[:, None] - e).square().sum(-1))
    if scale is not None:
        x = scale[:, None] * x
    if bias is not None:
        x = x - bias
    return torch.logsumexp(-(x if activation is None else activation(x)), dim=-1)


@pytest.mark.parametrize("with_scale", [False, True])
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("chunk_size", [None, 7])
def test_stream_equals_the_plain_formula(with_scale, with_bias, activation, chunk_size):
    q, e, c, b = inputs()
    options = {"scale": c if with_scale else None, "bias": b if with_bias else None, "activation": activation}
    streamed = streaming_logsumexp(q, e, similarity="squared_distance", link=LINK, chunk_size=chunk_size, **options)
    expected = plain(q, e, **options)
    torch.testing.assert_close(streamed, expected, rtol=1e-11, atol=1e-11)
    weights = torch.arange(1.0, 6.0, dtype=q.dtype)
    used = [x for x, use in ((q, True), (e, True), (c, with_scale), (b, with_bias)) if use]
    for a, b_ in zip(
        torch.autograd.grad(streamed @ weights, used), torch.autograd.grad(expected @ weights, used), strict=True
    ):
        torch.testing.assert_close(a, b_, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("activation", [Identity(), Hanon()], ids=str)
def test_stream_gradcheck(activation):
    q, e, c, b = inputs(m=3, n=7)
    assert torch.autograd.gradcheck(
        lambda q, e, c, b: streaming_logsumexp(
            q, e, similarity="squared_distance", scale=c, bias=b, activation=activation, chunk_size=3, link=LINK
        ),
        (q, e, c, b),
    )


@pytest.mark.parametrize("needed", [{0}, {1}, {2}, {3}])
def test_stream_gradients_one_at_a_time(needed):
    arguments = inputs(m=3, n=7)
    q, e, c, b = (x.detach().requires_grad_(i in needed) for i, x in enumerate(arguments))
    streaming_logsumexp(q, e, similarity="squared_distance", scale=c, bias=b, link=LINK).sum().backward()
    gradient = next(x.grad for x in (q, e, c, b) if x.grad is not None)
    expected = torch.autograd.grad(plain(*arguments, None).sum(), arguments[next(iter(needed))])[0]
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("activation", [Identity(), Hanon()], ids=str)
def test_queries_that_are_entities(activation, dtype):
    """Where d² cancels to about 0, value and gradient stay finite and near what they are in double precision."""
    e = (torch.randn(50, 16, dtype=dtype) / 4).requires_grad_()
    q = e[:8].detach().clone().requires_grad_()
    value = streaming_logsumexp(q, e, similarity="squared_distance", activation=activation, link=LINK)
    value.sum().backward()
    exact_q, exact_e = (x.detach().double().requires_grad_() for x in (q, e))
    expected = plain(exact_q, exact_e, None, None, activation)
    expected.sum().backward()
    torch.testing.assert_close(value.double(), expected, rtol=1e-3, atol=1e-3)
    assert torch.isfinite(q.grad).all()
    assert torch.isfinite(e.grad).all()
    # one entity of 50 is the query itself: its direction is lost, so is its share
    assert (q.grad - exact_q.grad).norm(dim=-1).max() < 4.0


def test_plain_distance_of_equals_has_no_gradient():
    q = torch.randn(3, 4, requires_grad=True)
    for t in (q.detach(), q.detach()[:, None]):
        x = LINK(squared_distance(q, t))
        (gradient,) = torch.autograd.grad(x.sum(), q)
        assert torch.isfinite(gradient).all()
    assert (torch.autograd.grad(LINK(squared_distance(q, q.detach())).sum(), q)[0] == 0).all()


def test_extreme_distances_do_not_overflow():
    q, e = torch.tensor([[0.0], [1e6]], requires_grad=True), torch.tensor([[1e6], [0.0], [3e3]], requires_grad=True)
    for activation in ACTIVATIONS:
        value = streaming_logsumexp(q, e, similarity="squared_distance", link=LINK, activation=activation, chunk_size=1)
        assert torch.isfinite(value).all()
        assert all(torch.isfinite(x).all() for x in torch.autograd.grad(value.sum(), (q, e)))


def test_half_precision_is_computed_in_float32():
    q, e, c, b = (x.detach().bfloat16().requires_grad_() for x in inputs(m=3, n=50, d=8))
    value = streaming_logsumexp(q, e, similarity="squared_distance", scale=c, bias=b, activation=Hanon(), link=LINK)
    assert value.dtype is torch.float32
    value.mean().backward()
    assert {x.grad.dtype for x in (q, e, c, b)} == {torch.bfloat16}
    expected = plain(*(x.double() for x in (q, e, c, b)), Hanon())
    torch.testing.assert_close(value.double(), expected, rtol=1e-4, atol=1e-4)


def test_meta_tensors():
    q, e = torch.empty(3, 4, device="meta", requires_grad=True), torch.empty(10, 4, device="meta", requires_grad=True)
    value = streaming_logsumexp(q, e, similarity="squared_distance", link=LINK, activation=Hanon(), chunk_size=4)
    value.sum().backward()
    assert e.grad.shape == e.shape


def test_a_link_is_of_the_squared_distance():
    with pytest.raises(ValueError, match=r"link=.*similarity='dot'"):
        streaming_logsumexp(torch.zeros(3, 4), torch.zeros(5, 4), link=LINK)
