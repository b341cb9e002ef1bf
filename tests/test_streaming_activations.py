"""Hardness-aware activations: values against the paper's formulas, derivatives against autograd."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.streaming.activations import (
    Artanh,
    Double,
    Exponential,
    Halin,
    Hanon,
    Identity,
    activation_resolver,
)

PARAMETERS = [Hanon(), Hanon(gamma=20.0, beta=1.0), Halin(), Halin(gamma=20.0, beta=3.0)]
ACTIVATIONS = [*PARAMETERS, Identity(), Double(), Exponential(), Artanh()]


def printed(activation, x: float) -> float:
    """Evaluate the formulas as the paper prints them."""
    match activation:
        case Hanon(gamma=gamma, beta=beta):
            return 1 / (1 / gamma + math.exp(-beta * (x - 0.5)))
        case Halin(gamma=gamma, beta=beta):
            return 2 * x if x < 1 else min(beta * (x - 1) + 2, gamma)
        case Double():
            return 2 * x
        case Exponential():
            return x * math.exp(x)
        case Artanh():
            return math.log((1 + x) / (1 - x)) if x < 0.99999 else 12.20606764
    return x


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@given(x=st.floats(0.0, 30.0))
def test_value_is_the_papers(activation, x):
    value = activation(torch.tensor(x, dtype=torch.float64)).item()
    # near its limit, rounding of 1 - x is all that the logarithm sees
    rel = 1e-8 if isinstance(activation, Artanh) else 1e-12
    assert value == pytest.approx(printed(activation, x), rel=rel, abs=1e-15)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_derivative_is_that_of_autograd(activation):
    x = torch.linspace(-3, 12, 1_001, dtype=torch.float64, requires_grad=True)
    value = activation(x)
    (expected,) = torch.autograd.grad(value.sum(), x)
    kink = ((x - 1).abs() < 1e-9) if isinstance(activation, Halin) else torch.zeros_like(x, dtype=torch.bool)
    actual = activation.derivative(x.detach())
    torch.testing.assert_close(actual[~kink], expected[~kink], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finite_everywhere_and_growing(activation, dtype):
    x = torch.cat([-torch.logspace(6, -6, 50), torch.zeros(1), torch.logspace(-6, 6, 50)]).to(dtype).requires_grad_()
    value = activation(x)
    value.sum().backward()
    assert torch.isfinite(value).all()
    assert torch.isfinite(x.grad).all()
    assert (x.grad >= 0).all()
    assert (value.diff() >= 0).all()
    assert torch.isfinite(activation.derivative(x.detach())).all()
    assert value.abs().max() <= activation.bound


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_artanh_is_finite_in_half_precision(dtype):
    x = torch.linspace(-2.0, 2.0, 1_001).to(dtype).requires_grad_()
    value = Artanh()(x)
    (slope,) = torch.autograd.grad(value.sum(), x)
    assert torch.isfinite(value).all()
    assert torch.isfinite(slope).all()
    assert torch.isfinite(Artanh().derivative(x.detach())).all()
    # the largest number below 1
    largest = torch.nextafter(torch.tensor(1.0, dtype=dtype), torch.tensor(0.0, dtype=dtype))
    assert value.max().item() == pytest.approx(2 * math.atanh(largest), rel=1e-2)


@pytest.mark.parametrize("cls", [Hanon, Halin])
@pytest.mark.parametrize("name", ["gamma", "beta"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, "5"])
def test_parameters_must_be_positive_numbers(cls, name, value):
    with pytest.raises(ValueError, match=f"{name}="):
        cls(**{name: value})


def test_names():
    assert activation_resolver.lookup("hanon") is Hanon
    assert activation_resolver.lookup("Halin") is Halin
    assert activation_resolver.lookup("none") is Identity
    assert activation_resolver.lookup("2x") is Double
    assert activation_resolver.lookup("xexp") is Exponential
    assert activation_resolver.lookup("2artanh") is Artanh


def test_numpys_numbers_are_plain_ones():
    """Checkpoints know a model by its repr."""
    assert repr(Hanon(gamma=np.float64(7.0), beta=np.int64(2))) == "Hanon(gamma=7.0, beta=2.0)"
    assert repr(Hanon(gamma=7)) == "Hanon(gamma=7, beta=3.0)"
