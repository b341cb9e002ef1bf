"""Givens rotations: complex products, norms kept, safe at 0."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.functional.rotation import from_pairs, givens_rotation, pairs, unit, unit_modulus

numbers = st.floats(-(2.0**100), 2.0**100, width=32)


def test_quarter_turn():
    x, r = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([0.0, 5.0, -3.0, 0.0])
    torch.testing.assert_close(givens_rotation(x, r), torch.tensor([-2.0, 1.0, -3.0, -4.0]))


def test_is_the_product_with_complex_numbers_of_modulus_1():
    x, r = torch.randn(5, 1, 4, dtype=torch.cdouble), torch.randn(1, 3, 4, dtype=torch.cdouble)
    rotated = givens_rotation(*(torch.view_as_real(z).flatten(-2) for z in (x, r)))
    torch.testing.assert_close(rotated, torch.view_as_real(x * r / r.abs()).flatten(-2))
    torch.testing.assert_close(unit_modulus(r), r / r.abs())


@given(c=numbers, s=numbers, x=st.floats(-1e3, 1e3, width=32), y=st.floats(-1e3, 1e3, width=32))
def test_keeps_the_norm_whatever_the_parameters(c, s, x, y):
    vector = torch.tensor([x, y])
    rotated = givens_rotation(vector, torch.tensor([c, s]))
    torch.testing.assert_close(rotated.norm(), vector.norm(), rtol=1e-5, atol=1e-6)


@given(angle=st.floats(-10, 10), other=st.floats(-10, 10), length=st.floats(0.1, 10))
def test_rotations_add_their_angles_and_have_no_length(angle, other, length):
    x = torch.randn(2, dtype=torch.double)
    first, second, both = (
        torch.tensor([math.cos(a), math.sin(a)], dtype=torch.double) for a in (angle, other, angle + other)
    )
    torch.testing.assert_close(givens_rotation(givens_rotation(x, first), length * second), givens_rotation(x, both))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("size", [0.0, 1e-30, 1e-45])
def test_a_pair_of_length_0_is_the_identity_without_gradient(dtype, size):
    x = torch.tensor([3.0, 4.0, 1.0, 2.0], dtype=dtype, requires_grad=True)
    r = torch.tensor([size if dtype is not torch.float64 else 0.0, 0.0, 0.0, 1.0], dtype=dtype, requires_grad=True)
    rotated = givens_rotation(x, r)
    torch.testing.assert_close(rotated, torch.tensor([3.0, 4.0, -2.0, 1.0], dtype=dtype))
    rotated.square().sum().backward()
    assert torch.isfinite(x.grad).all()
    assert (r.grad[:2] == 0).all()
    assert torch.isfinite(r.grad).all()


def test_modulus_0():
    z = torch.zeros(3, dtype=torch.cfloat, requires_grad=True)
    assert torch.equal(unit_modulus(z), torch.ones(3, dtype=torch.cfloat))
    unit_modulus(z).real.sum().backward()
    assert (z.grad == 0).all()


@pytest.mark.parametrize("size", [1e-18, 1e-9, 1.0, 1e18, 1e30])
def test_gradients_are_finite_at_any_length(size):
    r = torch.tensor([0.6 * size, 0.8 * size], requires_grad=True)
    rotated = givens_rotation(torch.tensor([1.0, 2.0]), r)
    torch.testing.assert_close(rotated, torch.tensor([0.6 - 1.6, 0.8 + 1.2]))
    rotated[0].backward()
    torch.testing.assert_close(r.grad * size, torch.tensor([1.6, -1.2]))  # ∂(c - 2s)/∂angle (-s, c)


def test_gradcheck():
    x, r = (torch.randn(shape, dtype=torch.double, requires_grad=True) for shape in ((3, 1, 4), (1, 2, 4)))
    assert torch.autograd.gradcheck(givens_rotation, (x, r))
    z = torch.randn(4, dtype=torch.cdouble, requires_grad=True)
    assert torch.autograd.gradcheck(unit_modulus, (z,))


def test_pairs_are_views_and_from_pairs_is_their_inverse():
    x = torch.randn(3, 6)
    assert torch.equal(from_pairs(*pairs(x)), x)
    assert pairs(x)[0].data_ptr() == x.data_ptr()


@pytest.mark.parametrize("d", [1, 5])
def test_pairs_need_an_even_dimension(d):
    with pytest.raises(ValueError, match=f"x has {d} dimensions"):
        givens_rotation(torch.zeros(3, d), torch.zeros(3, d))


def test_meta_device_and_compile():
    assert givens_rotation(torch.empty(3, 4, device="meta"), torch.empty(3, 4, device="meta")).shape == (3, 4)
    x, r = torch.randn(3, 4), torch.randn(3, 4)
    compiled = torch.compile(givens_rotation, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, r), givens_rotation(x, r))
    torch.testing.assert_close(torch.stack(unit(*pairs(r))).square().sum(0), torch.ones(3, 2))
