"""Similarities: values against plain broadcasting, and no expanded tensor."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from pykeen_conj_hale.functional.similarity import as_real, inner_product, squared_distance

#: pairs of batch shapes as PyKEEN makes them: triples, 1-to-N tails, per-row tails, heads, relations, all at once
BATCH_SHAPES = [
    ((), ()),
    ((4,), (4,)),
    ((4, 1), (1, 7)),
    ((4, 1), (4, 7)),
    ((4, 7), (4, 1)),
    ((4, 5, 1), (4, 1, 7)),
    ((1, 5, 1), (4, 1, 7)),
    ((4, 1, 1), (1, 5, 1)),
    ((3,), ()),
]


class LargestTensor(TorchDispatchMode):
    """Record the number of values of the largest tensor that is computed."""

    largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for x in result if isinstance(result, tuple | list) else [result]:
            # a view (expand, unsqueeze) holds no values of its own
            if isinstance(x, torch.Tensor):
                self.largest = max(self.largest, x.untyped_storage().nbytes() // x.element_size())
        return result


@pytest.mark.parametrize(("query", "target"), BATCH_SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_and_gradients_are_those_of_broadcasting(query, target, dtype):
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(*query, 6, dtype=dtype, generator=generator, requires_grad=True)
    t = torch.randn(*target, 6, dtype=dtype, generator=generator, requires_grad=True)
    for ours, plain in (
        (inner_product(q, t), (q * t).sum(-1)),
        (squared_distance(q, t), (q - t).square().sum(-1)),
    ):
        assert ours.shape == plain.shape
        torch.testing.assert_close(ours, plain, rtol=1e-5 if dtype is torch.float32 else 1e-12, atol=1e-5)
        weights = torch.randn(plain.shape, dtype=dtype, generator=generator)
        for a, b in zip(
            torch.autograd.grad((ours * weights).sum(), (q, t)),
            torch.autograd.grad((plain * weights).sum(), (q, t)),
            strict=True,
        ):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("similarity", [inner_product, squared_distance])
def test_one_to_n_never_builds_a_tensor_of_all_dimensions(similarity):
    q = torch.randn(16, 1, 32, requires_grad=True)
    t = torch.randn(1, 1_000, 32, requires_grad=True)
    with LargestTensor() as record:
        similarity(q, t).sum().backward()
    assert record.largest <= 32 * 1_000  # the entities themselves; (16, 1000, 32) would be 512,000


@given(scale=st.floats(1e-4, 1e4), shift=st.floats(-1e4, 1e4))
def test_distance_is_never_negative(scale, shift):
    q = scale * torch.randn(5, 1, 8, generator=torch.Generator().manual_seed(1)) + shift
    assert (squared_distance(q, q.transpose(0, 1)) >= 0).all()


def test_as_real_keeps_products_and_distances():
    generator = torch.Generator().manual_seed(0)
    q, t = (torch.randn(5, 4, dtype=torch.complex128, generator=generator) for _ in range(2))
    torch.testing.assert_close(inner_product(as_real(q), as_real(t)), (q * t.conj()).sum(-1).real)
    torch.testing.assert_close(squared_distance(as_real(q), as_real(t)), (q - t).abs().square().sum(-1))
    torch.testing.assert_close(as_real(q.conj()), as_real(q.conj().resolve_conj()))
    assert as_real(q).data_ptr() == q.data_ptr()  # a view
    assert torch.equal(as_real(q.real), q.real)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    q, t = torch.randn(4, 1, 8).to(dtype), torch.randn(1, 5, 8).to(dtype)
    for similarity in (inner_product, squared_distance):
        scores = similarity(q, t)
        assert scores.dtype is dtype
        torch.testing.assert_close(scores.float(), similarity(q.float(), t.float()), rtol=5e-2, atol=1e-1)
