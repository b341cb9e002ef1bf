"""Squared hyperbolic distances: geoopt's, their gradients, single precision, q = t, the border and the flat limit."""

import geoopt
import pytest
import torch

from pykeen_conj_hale.functional import hyperbolic_distance
from pykeen_conj_hale.functional.hyperbolic_distance import (
    Slopes,
    hyperbolic_squared_distance,
    pair_distance,
    pair_slopes,
)

D = 5


def draw(m=4, n=7, scale=0.4, dtype=torch.double):
    """Draw queries, entities, and a curvature per query."""
    q, t = (scale * torch.randn(size, D, dtype=torch.double).to(dtype) for size in (m, n))
    return q, t, torch.linspace(0.2, 3.0, m).to(dtype)


def all_pairs(q, t, c):
    """Compare all queries with all entities, by a matrix product."""
    return hyperbolic_squared_distance(q.unsqueeze(1), t.unsqueeze(0), c.unsqueeze(1))


def theirs(q, t, c):
    """Compute the same by geoopt, one query after the other."""
    rows = []
    for query, curvature in zip(q, c.tolist(), strict=True):
        ball = geoopt.PoincareBall(c=torch.tensor(curvature, dtype=q.dtype))
        rows.append(ball.dist(ball.expmap0(query), ball.expmap0(t)).square())
    return torch.stack(rows)


def test_is_that_of_geoopt():
    q, t, c = draw()
    expected = theirs(q, t, c)
    torch.testing.assert_close(all_pairs(q, t, c), expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(hyperbolic_squared_distance(q, t[:4], c), expected[:, :4].diagonal())
    torch.testing.assert_close(
        hyperbolic_squared_distance(q[:, None, None], t[None, None], c[:, None, None])[:, 0], expected
    )


def test_gradcheck():
    q, t, c = (x.requires_grad_() for x in draw())
    assert torch.autograd.gradcheck(all_pairs, (q, t, c))
    assert torch.autograd.gradcheck(hyperbolic_squared_distance, (q, t[:4].detach().requires_grad_(), c))


def test_slopes_are_those_of_autograd():
    """Of the law of cosines, written plainly."""
    drawn = torch.linspace(-0.2, 0.2, 9, dtype=torch.double), *(0.5 + torch.rand(2, 9, dtype=torch.double))
    p, kappa, norm = (x.requires_grad_() for x in drawn)
    rate = torch.linspace(0.5, 2.0, 9, dtype=torch.double)
    sigma = rate * norm
    psi = torch.acosh((1 + kappa) * sigma.cosh() + 2 * p * sigma.sinh() / sigma).square()
    of_p, of_kappa, of_norm = torch.autograd.grad(psi.sum(), (p, kappa, norm))
    arguments = [x.detach() for x in (p, kappa, rate, norm)]
    torch.testing.assert_close(pair_slopes(*arguments), Slopes(psi.detach(), of_p, of_kappa, of_norm * norm.detach()))
    torch.testing.assert_close(pair_distance(*arguments), psi.detach())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_beyond_the_largest_radius_entities_count_as_at_it(dtype):
    q, t, c = draw(dtype=dtype)
    t = 1e3 * torch.nn.functional.normalize(t, dim=-1)
    far, farther = (x.requires_grad_() for x in (t, 2.0 * t))
    value = all_pairs(q, far, c)
    torch.testing.assert_close(all_pairs(q, farther, c), value)
    (gradient,) = torch.autograd.grad(value.sum(), far)
    # across the radius only
    along = (gradient * t).sum(dim=-1).abs() / t.norm(dim=-1)
    assert (along < 1e-3 * gradient.norm(dim=-1)).all()
    assert gradient.any()


def test_slices_of_scores_are_the_whole(monkeypatch):
    q, t, c = (x.requires_grad_() for x in draw(m=3, n=200))
    whole = all_pairs(q, t, c)
    expected = torch.autograd.grad(whole.square().sum(), (q, t, c))
    monkeypatch.setattr(hyperbolic_distance, "_SLICE_VALUES", 100)
    value = all_pairs(q, t, c)
    torch.testing.assert_close(value, whole)
    torch.testing.assert_close(torch.autograd.grad(value.square().sum(), (q, t, c)), expected)


@pytest.mark.parametrize("scale", [1e-3, 0.05, 0.4, 1.0])
def test_single_precision(scale):
    q, t, c = draw(scale=scale)
    single = [x.float().requires_grad_() for x in (q, t, c)]
    double = [x.detach().double().requires_grad_() for x in single]
    value, exact = all_pairs(*single), all_pairs(*double)
    torch.testing.assert_close(value.double(), exact, rtol=1e-4, atol=1e-5 * scale)
    of_q, of_t, of_c = torch.autograd.grad(value.sum(), single)
    exact_q, exact_t, exact_c = torch.autograd.grad(exact.sum(), double)
    assert (of_q - exact_q).norm() < 1e-4 * exact_q.norm()
    assert (of_t - exact_t).norm() < 1e-4 * exact_t.norm()
    # that of c is what is left of two terms of this size
    assert (of_c - exact_c).norm() < 1e-4 * exact_c.norm() + 1e-6 * (exact.sum(dim=-1) / double[2]).norm()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [0.0, 1e-20, 1e-8, 0.4, 5.0])
def test_a_query_that_is_the_entity(scale, dtype):
    q, _, c = draw(scale=scale, dtype=dtype)
    sides = [x.clone().requires_grad_() for x in (q, q, c)]
    exact, product = hyperbolic_squared_distance(*sides), all_pairs(*sides)
    assert (exact < 1e-30).all()
    for value in (exact.sum(), product.sum()):
        assert all(torch.isfinite(x).all() for x in torch.autograd.grad(value, sides))
    (gradient,) = torch.autograd.grad(hyperbolic_squared_distance(*sides).sum(), sides[:1])
    assert not gradient.any()
    if scale < 1:
        assert product.diagonal().max() < (1e-4 if dtype is torch.float32 else 1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [0.0, 1e-30, 10.0, 1e3, 1e8])
def test_far_away_and_at_the_centre_is_finite(scale, dtype):
    q, t, c = (x.requires_grad_() for x in draw(scale=scale, dtype=dtype))
    # queries come from points of the ball
    q = (0.5 * torch.nn.functional.normalize(q.detach(), dim=-1)).requires_grad_()
    value = all_pairs(q, t, c)
    assert torch.isfinite(value).all()
    assert (value >= 0).all()
    assert all(torch.isfinite(x).all() for x in torch.autograd.grad(value.sum(), (q, t, c)))


def test_flat_space_is_the_limit():
    q, t, _ = draw()
    for c in (1e-5, 1e-7, 1e-9):
        value = all_pairs(q, t, torch.full((4,), c, dtype=torch.double))
        torch.testing.assert_close(value, 4 * torch.cdist(q, t).square(), rtol=10 * c, atol=1e-6)


def test_no_tensor_of_queries_entities_and_dimensions():
    """What the forward and the backward pass keep are matrices of queries and entities."""
    q, t, c = (x.requires_grad_() for x in draw(m=8, n=16))
    sizes = []
    with torch.autograd.graph.saved_tensors_hooks(lambda x: sizes.append(x.numel()) or x, lambda x: x):
        all_pairs(q, t, c).sum().backward()
    assert max(sizes) <= 8 * 16
    assert sizes.count(8 * 16) <= 2
