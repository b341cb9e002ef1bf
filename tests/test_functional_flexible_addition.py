"""Flexible addition: the formula, and its pole."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.functional.flexible_addition import MIN_DENOMINATOR, flexible_addition


def test_formula_broadcasts():
    x, y = torch.randn(4, 1, 3), torch.randn(1, 5, 3)
    alpha = torch.rand(5)
    expected = alpha[:, None] * (x + y) / (1 + (x * y).sum(-1, keepdim=True))
    torch.testing.assert_close(flexible_addition(x, y, alpha), expected, rtol=1e-4, atol=1e-5)


@given(seed=st.integers(0, 2**16), alpha=st.floats(-3, 3))
def test_commutes_and_has_a_neutral_element(seed, alpha):
    generator = torch.Generator().manual_seed(seed)
    x, y = (torch.randn(3, dtype=torch.double, generator=generator) for _ in range(2))
    factor = torch.tensor(alpha, dtype=torch.double)
    torch.testing.assert_close(flexible_addition(x, y, factor), flexible_addition(y, x, factor))
    torch.testing.assert_close(flexible_addition(x, torch.zeros_like(x), factor), alpha * x)


def test_gradcheck_away_from_the_pole():
    x, y = (torch.rand(shape, dtype=torch.double, requires_grad=True) for shape in ((3, 1, 4), (1, 2, 4)))
    alpha = torch.rand(3, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(flexible_addition, (x, y, alpha))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("offset", [0.0, 1e-12, 1e-6, -1e-6, MIN_DENOMINATOR / 2, -MIN_DENOMINATOR / 2])
def test_value_and_gradient_at_the_pole(dtype, offset):
    """The denominator keeps its sign and is bounded, up to the very pole."""
    x = torch.tensor([2.0, 0.0], dtype=dtype, requires_grad=True)
    y = torch.tensor([(offset - 1.0) / 2.0, 1.0], dtype=dtype, requires_grad=True)
    alpha = torch.tensor(0.5, dtype=dtype, requires_grad=True)
    total = flexible_addition(x, y, alpha)
    sign = math.copysign(1.0, (1.0 + (x * y).sum()).item())
    torch.testing.assert_close(total, 0.5 * (x + y) / (sign * MIN_DENOMINATOR))
    total.square().sum().backward()
    assert all(torch.isfinite(z.grad).all() for z in (x, y, alpha))
    # what they are where the denominator is a constant
    torch.testing.assert_close(x.grad, 2 * total.detach() * 0.5 / (sign * MIN_DENOMINATOR))


def test_meta_device_half_precision_and_compile():
    arguments = torch.empty(3, 4, device="meta"), torch.empty(3, 4, device="meta"), torch.empty(3, device="meta")
    assert flexible_addition(*arguments).shape == (3, 4)
    x, y, alpha = torch.rand(3, 4), torch.rand(3, 4), torch.rand(3)
    expected = flexible_addition(x, y, alpha)
    half = flexible_addition(x.bfloat16(), y.bfloat16(), alpha.bfloat16())
    torch.testing.assert_close(half.float(), expected, rtol=5e-2, atol=5e-2)
    compiled = torch.compile(flexible_addition, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, y, alpha), expected)
