"""Initializers: their distributions, in place."""

import pytest
import torch

from pykeen_conj_hale.nn import (
    complex_normal_,
    near_zero_,
    normal_entities_,
    pairs,
    random_rotations_,
    small_phases_,
)


@pytest.mark.parametrize("shape", [(8,), (32,), (4, 2)])
def test_two_entities_have_the_same_expected_distance_in_any_dimension(shape):
    tensor = torch.empty(20_000, *shape)
    assert normal_entities_(tensor) is tensor
    one, other = tensor.flatten(1).chunk(2)
    assert (one - other).square().sum(-1).mean().item() == pytest.approx(0.64, rel=0.03)
    assert tensor.mean().abs() < 0.01


def test_standard_deviations():
    assert normal_entities_(torch.empty(100_000, 32)).std().item() == pytest.approx(0.1, rel=0.01)
    assert normal_entities_(torch.empty(100_000, 8), std=0.5).std().item() == pytest.approx(0.5, rel=0.01)
    assert near_zero_(torch.empty(100_000, 8)).std().item() == pytest.approx(0.01, rel=0.01)
    assert near_zero_(torch.empty(100_000, 8), std=0.5).std().item() == pytest.approx(0.5, rel=0.01)


def test_small_phases_are_as_long_as_entities():
    tensor = torch.empty(500, 8, 2)
    assert small_phases_(tensor) is tensor
    numbers = torch.view_as_complex(tensor)
    torch.testing.assert_close(numbers.abs().square().sum(dim=1), torch.full((500,), 0.32))
    assert numbers.mean().abs() < 0.02


def test_complex_numbers_around_one():
    tensor = torch.empty(100_000, 2, 2)
    assert complex_normal_(tensor, mean=1 - 2j, std=0.5) is tensor
    numbers = torch.view_as_complex(tensor)
    assert (numbers.mean() - (1 - 2j)).abs() < 0.01
    assert (numbers - (1 - 2j)).abs().square().mean().item() == pytest.approx(0.25, rel=0.02)


@pytest.mark.parametrize("initializer", [near_zero_, normal_entities_])
@pytest.mark.parametrize("std", [-0.1, "0.1", float("nan")])
def test_a_bad_standard_deviation_is_named(initializer, std):
    with pytest.raises(ValueError, match=f"std={std!r} is not allowed: it must be a finite number ≥ 0"):
        initializer(torch.empty(3, 4), std=std)


def test_random_rotations():
    tensor = torch.empty(500, 8)
    assert random_rotations_(tensor) is tensor
    c, s = pairs(tensor)
    torch.testing.assert_close(c.square() + s.square(), torch.ones(500, 4))
    # uniform angles: the means of cosine, sine and their products are 0, those of the squares 1/2
    for mean, expected in ((c, 0.0), (s, 0.0), (c * s, 0.0), (c * c, 0.5)):
        assert mean.mean().item() == pytest.approx(expected, abs=0.1)
