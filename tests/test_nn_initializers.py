"""Initializers: their distributions, in place."""

import pytest
import torch

from pykeen_conj_hale.nn import near_zero_, normal_entities_, pairs, random_rotations_


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


def test_random_rotations():
    tensor = torch.empty(500, 8)
    assert random_rotations_(tensor) is tensor
    c, s = pairs(tensor)
    torch.testing.assert_close(c.square() + s.square(), torch.ones(500, 4))
    # uniform angles: the means of cosine, sine and their products are 0, those of the squares 1/2
    for mean, expected in ((c, 0.0), (s, 0.0), (c * s, 0.0), (c * c, 0.5)):
        assert mean.mean().item() == pytest.approx(expected, abs=0.1)
