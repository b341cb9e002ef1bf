"""Attention between two vectors: the softmax of the authors' code, gradients, and its limits."""

import torch

from pykeen_conj_hale.functional.attention import attend


def test_is_the_softmax_over_two_candidates():
    x, y, context = torch.randn(3, 4, 6, dtype=torch.double)
    candidates = torch.stack([x, y], dim=1)
    weights = ((context[:, None] * candidates).sum(-1, keepdim=True) / 6**0.5).softmax(dim=1)
    torch.testing.assert_close(attend(x, y, context), (weights * candidates).sum(dim=1))


def test_no_context_is_the_mean_and_a_strong_one_chooses():
    x, y = torch.randn(2, 4, 6, dtype=torch.double)
    torch.testing.assert_close(attend(x, y, torch.zeros_like(x)), (x + y) / 2)
    torch.testing.assert_close(attend(x, y, 1e4 * (y - x)), y)
    torch.testing.assert_close(attend(x, y, 1e4 * (x - y)), x)


def test_gradcheck_and_broadcasting():
    x, y = torch.randn(2, 3, 1, 4, dtype=torch.double, requires_grad=True).unbind()
    context = torch.randn(1, 5, 4, dtype=torch.double, requires_grad=True)
    assert attend(x, y, context).shape == (3, 5, 4)
    assert torch.autograd.gradcheck(attend, (x, y, context))
