"""Correlation of vectors with filters of their own."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from pykeen_conj_hale.functional.convolution import correlate


def draw(x_shape, filters_shape, requires_grad=False):
    """Draw vectors and filters."""
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(s, dtype=torch.float64, generator=generator, requires_grad=requires_grad)
        for s in (x_shape, filters_shape)
    )


@pytest.mark.parametrize(
    ("x_batch", "filters_batch"),
    [((), ()), ((5,), (5,)), ((5, 1), (5, 1)), ((1, 7), (5, 1)), ((5, 1, 1), (1, 4, 1)), ((5,), ()), ((0,), (0,))],
)
@pytest.mark.parametrize("length", [1, 3, 8])
def test_equals_numpy(x_batch, filters_batch, length):
    x, filters = draw((*x_batch, 8), (*filters_batch, 2, length))
    maps = correlate(x, filters)
    batch = torch.broadcast_shapes(x_batch, filters_batch)
    assert maps.shape == (*batch, 2, 8 - length + 1)
    x, filters = x.expand(*batch, 8).numpy(), filters.expand(*batch, 2, length).numpy()
    for *i, f in np.ndindex(*batch, 2):
        expected = np.correlate(x[tuple(i)], filters[(*i, f)], mode="valid")
        np.testing.assert_allclose(maps[(*i, f)].numpy(), expected, rtol=1e-12, atol=1e-12)


def test_equals_a_grouped_convolution():
    """The authors' way of writing it."""
    x, filters = draw((6, 20), (6, 4, 5), requires_grad=True)
    grouped = functional.conv1d(x.unsqueeze(0), filters.view(24, 1, 5), groups=6).view(6, 4, 16)
    torch.testing.assert_close(correlate(x, filters), grouped)


@pytest.mark.parametrize(("x_shape", "filters_shape"), [((3, 6), (3, 2, 4)), ((3, 1, 6), (1, 2, 2, 4))])
def test_gradients(x_shape, filters_shape):
    assert torch.autograd.gradcheck(correlate, tuple(draw(x_shape, filters_shape, requires_grad=True)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_dtypes(dtype):
    x, filters = (y.to(dtype) for y in draw((3, 6), (3, 2, 4)))
    maps = correlate(x, filters)
    assert maps.dtype is dtype
    torch.testing.assert_close(maps.double(), correlate(x.double(), filters.double()), rtol=5e-2, atol=5e-2)


@pytest.mark.parametrize("length", [0, 7])
def test_filters_must_fit(length):
    with pytest.raises(ValueError, match=f"The filters have length {length} and x has 6 dimensions"):
        correlate(torch.zeros(6), torch.zeros(2, length))
