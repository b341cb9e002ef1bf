"""Mixtures of matrices."""

import torch

from pykeen_conj_hale.functional.mixed_map import mixed_map


def test_it_is_the_product_with_the_mixed_matrix():
    x, mixture, matrices = torch.randn(5, 1, 3).double(), torch.randn(4, 2).double(), torch.randn(2, 3, 6).double()
    mixed = torch.einsum("rk,kde->rde", mixture, matrices)
    torch.testing.assert_close(mixed_map(x, mixture, matrices), torch.einsum("bxd,rde->bre", x, mixed))


def test_relations_that_begin_with_one_mixture_have_gradients_of_their_own():
    relations, x, matrices = torch.arange(20) % 3, torch.randn(20, 4).double(), torch.randn(2, 4, 5).double()
    mixtures, further = torch.zeros(3, 2, dtype=torch.double, requires_grad=True), torch.randn(3, 6).double()
    weights = torch.randn(20, 5).double()
    mapped = mixed_map(x, mixtures[relations], matrices, further[relations])
    expected = torch.einsum("bk,kde,bd->be", mixtures[relations], matrices, x)
    ours, theirs = (torch.autograd.grad((y * weights).sum(), mixtures) for y in (mapped, expected))
    torch.testing.assert_close(ours, theirs)


def test_gradients():
    parts = [torch.randn(shape, dtype=torch.double, requires_grad=True) for shape in ((3, 2), (3, 4), (4, 2, 2))]
    assert torch.autograd.gradcheck(mixed_map, parts)


def test_rows_with_the_same_mixture_are_mapped_together():
    distinct = torch.randn(3, 2).double()
    x, mixture = torch.randn(20, 4).double(), distinct[torch.randint(3, (20,))]
    matrices = torch.randn(2, 4, 5).double()
    parts = [part.requires_grad_() for part in (x, mixture, matrices)]
    expected = torch.einsum("bk,kde,bd->be", mixture, matrices, x)
    torch.testing.assert_close(mixed_map(*parts), expected)
    weights = torch.randn_like(expected)
    # the gradient of a mixture is shared by its rows: that of the relation, their sum, is the same
    ours, theirs = (torch.autograd.grad((y * weights).sum(), parts) for y in (mixed_map(*parts), expected))
    torch.testing.assert_close((ours[0], ours[2]), (theirs[0], theirs[2]))
    for row in distinct:
        same = (mixture == row).all(dim=-1)
        torch.testing.assert_close(ours[1][same].sum(0), theirs[1][same].sum(0))
