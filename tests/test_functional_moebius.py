"""Möbius maps: values against plain quotients, gradients, the pole, and conjugate sharing."""

import pytest
import torch

from pykeen_conj_hale.functional.moebius import (
    CONJUGATE_VARIANTS,
    MOEBIUS_MAPS,
    exact_moebius_map,
    published_moebius_map,
)


def numbers(count, *shape, dtype=torch.complex128, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, dtype=dtype, generator=generator).requires_grad_() for _ in range(count)]


def test_values():
    h, a, b, c, d = numbers(5, 6, 4)
    n, m = a * h + b, c * h + d
    torch.testing.assert_close(exact_moebius_map(h, a, b, c, d), n / m, rtol=1e-12, atol=1e-12)
    published = published_moebius_map(h, a, b, c, d)
    torch.testing.assert_close(published, n.conj() * m / m.abs(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(published.abs(), n.abs())
    torch.testing.assert_close(published, m.abs() * exact_moebius_map(h, a, b, c, d).conj(), rtol=1e-12, atol=1e-12)


def test_composition_is_the_product_of_matrices():
    h, *first = numbers(5, 4)
    second = numbers(4, 4, seed=1)
    (a, b, c, d), (e, f, g, k) = first, second
    composed = (e * a + f * c, e * b + f * d, g * a + k * c, g * b + k * d)
    torch.testing.assert_close(
        exact_moebius_map(exact_moebius_map(h, *first), *second), exact_moebius_map(h, *composed), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("name", MOEBIUS_MAPS)
def test_broadcasting(name):
    (h,) = numbers(1, 1, 7, 4)
    relation = numbers(4, 3, 1, 4, seed=1)
    q = MOEBIUS_MAPS[name](h, *relation)
    assert q.shape == (3, 7, 4)
    torch.testing.assert_close(q[2, 5], MOEBIUS_MAPS[name](h[0, 5], *(x[2, 0] for x in relation)))


@pytest.mark.parametrize("name", MOEBIUS_MAPS)
def test_gradients(name):
    assert torch.autograd.gradcheck(MOEBIUS_MAPS[name], numbers(5, 3, 4))


@pytest.mark.parametrize("variant", CONJUGATE_VARIANTS)
def test_gradients_of_shared_numbers(variant):
    def q(h, first, second):
        return exact_moebius_map(h, *CONJUGATE_VARIANTS[variant](first, second))

    assert torch.autograd.gradcheck(q, numbers(3, 3, 4))


@pytest.mark.parametrize("name", MOEBIUS_MAPS)
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
@pytest.mark.parametrize("modulus", [0.0, 1e-45, 1e-38, 1e-30, 1e-15, 1e-8, 1.2e-7, 1e-6, 1e-3])
@pytest.mark.parametrize("head", [0.0, 1.0 + 1.0j])
def test_pole_is_finite(name, dtype, modulus, head):
    """Close to c h + d = 0, and on it."""
    h = torch.full((3,), head, dtype=dtype).requires_grad_()
    a, b, c = numbers(3, 3, dtype=dtype)
    d = (modulus * torch.exp(1j * torch.arange(3.0)).to(dtype) - (c * h)).detach().requires_grad_()
    q = MOEBIUS_MAPS[name](h, a, b, c, d)
    assert torch.isfinite(q).all()
    for gradient in torch.autograd.grad(torch.view_as_real(q).sum(), (h, a, b, c, d)):
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", MOEBIUS_MAPS)
def test_pole_gives_zero_and_is_continuous(name):
    h, a, b = numbers(3, 4)
    zero = torch.zeros_like(h)
    assert (MOEBIUS_MAPS[name](h, a, b, zero, zero) == 0).all()
    nearly = [MOEBIUS_MAPS[name](h, a, b, zero, zero + factor * torch.finfo(h.dtype).eps) for factor in (0.999, 1.001)]
    torch.testing.assert_close(*nearly, rtol=1e-2, atol=0)


@pytest.mark.parametrize("name", MOEBIUS_MAPS)
def test_real_numbers(name):
    h, a, b, c, d = numbers(5, 4, dtype=torch.float64)
    n, m = a * h + b, c * h + d
    torch.testing.assert_close(MOEBIUS_MAPS[name](h, a, b, c, d), n / m if name == "exact" else n * m.sign())


def test_variants():
    x, y = numbers(2, 4)
    expected = {
        "conjugate": (x, y, y.conj(), x.conj()),  # c = conj(b), d = conj(a)
        "negative": (x, y, -y.conj(), x.conj()),  # c = -conj(b), d = conj(a)
        "horizontal": (x, x.conj(), y, y.conj()),  # b = conj(a), d = conj(c)
        "vertical": (x, y, x.conj(), y.conj()),  # c = conj(a), d = conj(b)
    }
    assert set(CONJUGATE_VARIANTS) == set(expected)
    for name, abcd in expected.items():
        for ours, theirs in zip(CONJUGATE_VARIANTS[name](x, y), abcd, strict=True):
            assert torch.equal(ours, theirs)
