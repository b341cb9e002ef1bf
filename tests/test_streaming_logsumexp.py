"""The streaming log-sum-exp: equal to the plain one, for any chunk size, in value and gradients."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from pykeen_conj_hale.streaming import logsumexp
from pykeen_conj_hale.streaming.activations import Halin, Hanon, Identity
from pykeen_conj_hale.streaming.logsumexp import default_chunk_size, stored_logsumexp, streaming_logsumexp

ACTIVATIONS = [None, Identity(), Hanon(), Halin(), Hanon(gamma=100.0)]


def inputs(m=5, n=23, d=4, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    q, e = (torch.randn(size, d, dtype=dtype, generator=generator, requires_grad=True) for size in (m, n))
    c = torch.rand(m, dtype=dtype, generator=generator).add(0.5).requires_grad_()
    b = torch.randn(n, dtype=dtype, generator=generator, requires_grad=True)
    return q, e, c, b


def plain(q, e, similarity, scale=None, bias=None, activation=None):
    """Compute the log-sum-exp by broadcasting."""
    if similarity == "dot":
        scores = (q[:, None] * e).sum(-1)
    else:
        scores = -(q[:, None] - e).square().sum(-1)
    if scale is not None:
        scores = scale[:, None] * scores
    if bias is not None:
        scores = scores + bias
    x = -scores
    return torch.logsumexp(-(x if activation is None else activation(x)), dim=-1)


@pytest.mark.parametrize("similarity", ["dot", "squared_distance"])
@pytest.mark.parametrize("with_scale", [False, True])
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("chunk_size", [None, 1, 7, 23, 100])
@pytest.mark.parametrize("keep", [True, False])
def test_equals_the_plain_formula(monkeypatch, similarity, with_scale, with_bias, activation, chunk_size, keep):
    if not keep:
        monkeypatch.setattr(logsumexp, "_KEPT_VALUES", 0)
    q, e, c, b = inputs()
    options = {"scale": c if with_scale else None, "bias": b if with_bias else None, "activation": activation}
    streamed = streaming_logsumexp(q, e, similarity=similarity, chunk_size=chunk_size, **options)
    expected = plain(q, e, similarity, **options)
    torch.testing.assert_close(streamed, expected, rtol=1e-11, atol=1e-11)
    weights = torch.arange(1.0, 6.0, dtype=q.dtype)
    used = [x for x, use in ((q, True), (e, True), (c, with_scale), (b, with_bias)) if use]
    for a, b_ in zip(
        torch.autograd.grad(streamed @ weights, used), torch.autograd.grad(expected @ weights, used), strict=True
    ):
        torch.testing.assert_close(a, b_, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("similarity", ["dot", "squared_distance"])
@pytest.mark.parametrize("activation", [Identity(), Hanon()], ids=str)
def test_gradcheck(similarity, activation):
    q, e, c, b = inputs(m=3, n=7)
    assert torch.autograd.gradcheck(
        lambda q, e, c, b: streaming_logsumexp(
            q, e, similarity=similarity, scale=c, bias=b, activation=activation, chunk_size=3
        ),
        (q, e, c, b),
    )


@pytest.mark.parametrize("activation", [Identity(), Hanon(), Halin()], ids=str)
@pytest.mark.parametrize("keep", [True, False])
def test_compiled_equals_eager(monkeypatch, activation, keep):
    if not keep:
        monkeypatch.setattr(logsumexp, "_KEPT_VALUES", 0)
    q, e, c, b = inputs()
    options = {"similarity": "squared_distance", "scale": c, "bias": b, "activation": activation, "chunk_size": 7}
    results = []
    for compile in (False, True):
        value = streaming_logsumexp(q, e, compile=compile, **options)
        results.append((value, *torch.autograd.grad(value.square().sum(), (q, e, c, b))))
    for eager, compiled in zip(*results, strict=True):
        torch.testing.assert_close(compiled, eager, rtol=1e-11, atol=1e-11)


def test_backward_twice_through_a_retained_graph():
    """What is kept for the backward pass is not used up by it."""
    q, e, c, _ = inputs()
    value = streaming_logsumexp(q, e, similarity="squared_distance", scale=c, activation=Hanon()).sum()
    first = torch.autograd.grad(value, (q, e, c), retain_graph=True)
    for a, b in zip(first, torch.autograd.grad(value, (q, e, c)), strict=True):
        assert torch.equal(a, b)


@settings(max_examples=50)
@given(
    m=st.integers(1, 6), n=st.integers(1, 40), d=st.integers(1, 5), chunk=st.integers(1, 50), seed=st.integers(0, 2**16)
)
def test_any_shape_and_chunk(m, n, d, chunk, seed):
    q, e, c, _ = inputs(m, n, d, seed=seed)
    streamed = streaming_logsumexp(q, e, similarity="squared_distance", scale=c, activation=Hanon(), chunk_size=chunk)
    torch.testing.assert_close(streamed, plain(q, e, "squared_distance", scale=c, activation=Hanon()))


def test_float32_agrees_with_float64():
    q, e, c, _ = inputs(m=16, n=1_000, d=32)
    low = [x.detach().float().requires_grad_() for x in (q, e, c)]
    results = []
    for q_, e_, c_ in ((q, e, c), low):
        value = streaming_logsumexp(q_, e_, similarity="squared_distance", scale=c_, activation=Hanon())
        value.mean().backward()
        results.append((value, q_.grad, e_.grad, c_.grad))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b.double(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("activation", [Identity(), Hanon(), Halin()], ids=str)
def test_queries_that_are_entities(activation):
    """Where d² cancels to about 0, value and gradient stay finite and right."""
    e = (torch.randn(50, 16, generator=torch.Generator().manual_seed(0)) + 10).requires_grad_()
    q = e[:8].detach().clone().requires_grad_()
    value = streaming_logsumexp(q, e, similarity="squared_distance", activation=activation)
    value.sum().backward()
    expected = plain(q.double(), e.double(), "squared_distance", activation=activation)
    torch.testing.assert_close(value.double(), expected, rtol=1e-3, atol=1e-3)
    assert torch.isfinite(q.grad).all()
    assert torch.isfinite(e.grad).all()


def test_extreme_scores_do_not_overflow():
    q = torch.tensor([[1e3], [-1e3]], requires_grad=True)
    e = torch.tensor([[1e3], [0.0], [-1e3]], requires_grad=True)
    for activation in ACTIVATIONS:
        value = streaming_logsumexp(q, e, activation=activation, chunk_size=1)
        assert torch.isfinite(value).all()
        assert all(torch.isfinite(x).all() for x in torch.autograd.grad(value.sum(), (q, e)))


@pytest.mark.parametrize("gamma", [39.0, 79.0])
def test_far_entities_under_a_high_bound_have_finite_gradients(gamma):
    """Each entity is so far away that exp(-h) is exp(-γ): what is multiplied by exp(γ) again must not overflow."""
    q, e, c, b = (x.detach().float() * 1e4 for x in inputs())
    c, b = c / 1e4, b / 1e4
    arguments = [x.requires_grad_() for x in (q, e, c, b)]
    value = streaming_logsumexp(
        q, e, similarity="squared_distance", scale=c, bias=b, activation=Hanon(gamma=gamma), chunk_size=5
    )
    assert all(torch.isfinite(x).all() for x in torch.autograd.grad(value.sum(), arguments))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    q, e, c, b = (x.detach().to(dtype).requires_grad_() for x in inputs(m=3, n=50, d=8))
    value = streaming_logsumexp(q, e, similarity="squared_distance", scale=c, bias=b, activation=Hanon(), chunk_size=9)
    assert value.dtype is torch.float32
    value.mean().backward()
    assert e.grad.dtype is dtype
    expected = plain(*(x.double() for x in (q, e)), "squared_distance", c.double(), b.double(), Hanon())
    torch.testing.assert_close(value.double(), expected, rtol=1e-5, atol=1e-5)


def test_autocast_does_not_lower_the_precision():
    q, e, _, _ = (x.detach().float() for x in inputs(m=3, n=50, d=8))
    expected = streaming_logsumexp(q, e, similarity="squared_distance")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(streaming_logsumexp(q, e, similarity="squared_distance"), expected)


def test_autocast_may_have_lowered_some_inputs():
    q, e, _, _ = (x.detach().float().requires_grad_() for x in inputs(m=3, n=50, d=8))
    low = q.detach().bfloat16().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = streaming_logsumexp(low, e, similarity="squared_distance", activation=Hanon())
    value.sum().backward()
    assert value.dtype is torch.float32
    assert low.grad.dtype is torch.bfloat16
    expected = plain(low.double(), e.double(), "squared_distance", activation=Hanon())
    torch.testing.assert_close(value.double(), expected, rtol=1e-5, atol=1e-5)


class LargestAllocation(TorchDispatchMode):
    """Record the largest storage that appears and was not there before."""

    def __init__(self, *known):
        super().__init__()
        self.known = {x.untyped_storage().data_ptr() for x in known}
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for x in result if isinstance(result, tuple | list) else [result]:
            if isinstance(x, torch.Tensor) and x.untyped_storage().data_ptr() not in self.known:
                self.largest = max(self.largest, x.untyped_storage().nbytes())
        return result


def test_memory_does_not_grow_with_the_entities_beyond_their_gradient(monkeypatch):
    monkeypatch.setattr(logsumexp, "_KEPT_VALUES", 2**20)
    q, e, c, _ = inputs(m=64, n=20_000, d=8, dtype=torch.float32)
    with LargestAllocation(q, e, c) as record:
        streaming_logsumexp(
            q, e, similarity="squared_distance", scale=c, activation=Hanon(), chunk_size=256
        ).mean().backward()
    assert record.largest == e.untyped_storage().nbytes()  # the gradient; one (64, 20000) matrix would be 8 times it


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_of_stored_scores(activation):
    q, e, c, b = inputs()
    scores = c[:, None] * (q @ e.T) + b
    expected = plain(q, e, "dot", c, b, activation)
    torch.testing.assert_close(stored_logsumexp(scores, activation), expected, rtol=1e-11, atol=1e-11)


def test_meta_tensors():
    q, e = torch.empty(3, 4, device="meta", requires_grad=True), torch.empty(10, 4, device="meta", requires_grad=True)
    value = streaming_logsumexp(q, e, activation=Hanon(), chunk_size=4)
    assert value.shape == (3,)
    value.sum().backward()
    assert e.grad.shape == e.shape


def test_default_chunk_size():
    assert default_chunk_size(10**9, torch.device("cpu")) == 64
    assert default_chunk_size(102, torch.device("cpu")) % 64 == 0
    assert default_chunk_size(102, torch.device("cpu"), many_passes=True) % 64 == 0
    assert default_chunk_size(102, torch.device("cuda")) > default_chunk_size(102, torch.device("cpu"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"chunk_size": 0}, "chunk_size=0 is not allowed: it must be a whole number ≥ 1"),
        ({"activation": torch.tanh}, "activation=.* has a derivative"),
        (
            {"similarity": "cosine"},
            r"similarity='cosine' is unknown; choose one of \['dot', 'squared_distance'",
        ),
        ({"query": torch.zeros(3, 5)}, "query has shape"),
        ({"entity": torch.zeros(0, 4)}, "n ≥ 1"),
        ({"scale": torch.zeros(2)}, "scale has shape"),
        ({"bias": torch.zeros(3)}, "bias has shape"),
        ({"query": torch.zeros(3, 4, dtype=torch.cfloat)}, "query has dtype"),
        ({"entity": torch.zeros(10, 4, dtype=torch.float64)}, "entity is torch.float64"),
        ({"bias": torch.zeros(10, device="meta")}, "bias is torch.float32 on meta"),
    ],
)
def test_errors_name_the_argument(changes, message):
    arguments = {"query": torch.zeros(3, 4), "entity": torch.zeros(10, 4)} | changes
    with pytest.raises(ValueError, match=message):
        streaming_logsumexp(arguments.pop("query"), arguments.pop("entity"), **arguments)
