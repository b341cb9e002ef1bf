"""Mixtures of matrices."""

import torch

from pykeen_conj_hale.functional.mixed_map import mixed_map


def test_it_is_the_product_with_the_mixed_matrix():
    x, mixture, matrices = torch.randn(5, 1, 3).double(), torch.randn(4, 2).double(), torch.randn(2, 3, 6).double()
    mixed = torch.einsum("rk,kde->rde", mixture, matrices)
    torch.testing.assert_close(mixed_map(x, mixture, matrices), torch.einsum("bxd,rde->bre", x, mixed))


def test_gradients():
    parts = [torch.randn(shape, dtype=torch.double, requires_grad=True) for shape in ((3, 2), (3, 4), (4, 2, 2))]
    assert torch.autograd.gradcheck(mixed_map, parts)
