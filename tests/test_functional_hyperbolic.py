"""Maps of the Poincaré ball: those of geoopt, identities, borders and limits."""

import geoopt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pykeen_conj_hale.functional.hyperbolic import (
    exponential_map,
    logarithmic_map,
    moebius_addition,
    positive_curvature,
)

CURVATURES = [0.01, 0.5, 1.0, 4.0]


def tangents(n=6, d=5, scale=0.4, dtype=torch.double, seed=0):
    return scale * torch.randn(n, d, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("curvature", CURVATURES)
def test_are_those_of_geoopt(curvature):
    v, w, c = tangents(), tangents(seed=1), torch.full((6,), curvature, dtype=torch.double)
    # a tensor of its own, as geoopt keeps it, and changes it
    ball = geoopt.PoincareBall(c=torch.tensor(curvature, dtype=torch.double))
    x, y = exponential_map(v, c), exponential_map(w, c)
    torch.testing.assert_close(x, ball.expmap0(v))
    torch.testing.assert_close(logarithmic_map(y, c), ball.logmap0(y))
    torch.testing.assert_close(moebius_addition(x, y, c), ball.mobius_add(x, y))


@settings(max_examples=50, deadline=None)
@given(curvature=st.floats(1e-3, 10.0), scale=st.floats(1e-6, 1.0), seed=st.integers(0, 100))
def test_identities(curvature, scale, seed):
    v, w = (tangents(scale=scale, seed=seed + i) for i in (0, 1000))
    c = torch.tensor(curvature, dtype=torch.double)
    v, w = (x / (1 + curvature**0.5 * x.norm(dim=-1, keepdim=True)) for x in (v, w))  # away from the border
    torch.testing.assert_close(logarithmic_map(exponential_map(v, c), c), v)
    x, y = exponential_map(v, c), exponential_map(w, c)
    # left cancellation, and 0 on either side
    torch.testing.assert_close(moebius_addition(-x, moebius_addition(x, y, c), c), y, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(moebius_addition(x, torch.zeros_like(x), c), x)
    torch.testing.assert_close(moebius_addition(torch.zeros_like(x), x, c), x)


def test_flat_space_is_the_limit():
    v, w, c = tangents(), tangents(seed=1), torch.tensor(1e-14, dtype=torch.double)
    for x, y in ((exponential_map(v, c), v), (logarithmic_map(v, c), v), (moebius_addition(v, w, c), v + w)):
        torch.testing.assert_close(x, y)


def test_gradcheck():
    v, w = tangents().requires_grad_(), tangents(seed=1).requires_grad_()
    c = torch.linspace(0.3, 2.0, 6, dtype=torch.double, requires_grad=True)

    def all_of_it(v, w, c):
        return logarithmic_map(moebius_addition(exponential_map(v, c), exponential_map(w, c), c), c)

    assert torch.autograd.gradcheck(all_of_it, (v, w, c))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-8, 1e3, 1e15])
def test_the_centre_and_the_border_are_finite(scale, dtype):
    v, w = (tangents(scale=scale, dtype=dtype, seed=i).requires_grad_() for i in (0, 1))
    c = torch.linspace(0.3, 2.0, 6).to(dtype).requires_grad_()
    x = exponential_map(v, c)
    assert (c.sqrt() * x.norm(dim=-1) < 1).all()
    q = logarithmic_map(moebius_addition(x, exponential_map(w, c), c), c)
    assert torch.isfinite(q).all()
    gradients = torch.autograd.grad(q.sum(), (v, w, c))
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def test_curvatures_are_positive():
    raw = torch.tensor([-1e4, -100.0, 0.0, 100.0])
    c = positive_curvature(raw)
    assert (c > 0).all()
    torch.testing.assert_close(c[2:], torch.tensor([0.6931472, 100.0]))
