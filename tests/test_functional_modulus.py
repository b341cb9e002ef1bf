"""Moduli: values, gradients, and finite gradients at zero and at subnormal numbers."""

import pytest
import torch

from pykeen_conj_hale.functional.modulus import inverse_modulus, squared_modulus


@pytest.mark.parametrize("dtype", [torch.complex128, torch.float64])
def test_values_and_gradients(dtype):
    x = torch.randn(5, 4, dtype=dtype, requires_grad=True)
    torch.testing.assert_close(squared_modulus(x), x.abs().square())
    torch.testing.assert_close(squared_modulus(x.conj()), x.abs().square())
    torch.testing.assert_close(inverse_modulus(x), 1 / x.abs())
    assert torch.autograd.gradcheck(squared_modulus, x)
    assert torch.autograd.gradcheck(inverse_modulus, x)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128, torch.float32, torch.float64])
@pytest.mark.parametrize("modulus", [0.0, 1e-45, 1e-40, 1e-30, 1e-15, 1e-7, 1e-6, 1e15])
def test_gradients_are_finite(dtype, modulus):
    """torch.abs gives NaN at 1e-45 (complex64)."""
    x = torch.full((4,), modulus, dtype=dtype, requires_grad=True)
    for f in (squared_modulus, inverse_modulus):
        value = f(x)
        assert torch.isfinite(value).all()
        (gradient,) = torch.autograd.grad(value.sum(), x)
        assert torch.isfinite(gradient).all()


def test_inverse_is_bounded():
    for dtype in (torch.complex64, torch.complex128):
        bound = 1 / torch.finfo(dtype).eps
        torch.testing.assert_close(inverse_modulus(torch.zeros(1, dtype=dtype)).item(), bound, rtol=1e-6, atol=0)
