"""Cells are drawn by their weights."""

import numpy as np
import pytest
import torch

from pykeen_conj_hale.text.objective.cells import CellSampler, WeightedDraw


def test_by_weight():
    weights = np.array([1.0, 0.0, 4.0, 5.0])
    draw = WeightedDraw(weights)
    assert draw.shares().numpy() == pytest.approx(weights / 10, abs=1e-9)
    found = np.bincount(draw.draw(100_000).numpy(), minlength=4) / 100_000
    assert found == pytest.approx(weights / 10, abs=0.01)  # six standard deviations


def test_everything_can_be_drawn_with_a_single_one():
    assert WeightedDraw(np.array([1e-30])).draw(5).tolist() == [0] * 5


def test_cells():
    rows, columns, counts = np.array([0, 3, 3]), np.array([1, 0, 2]), np.array([1.0, 50.0, 200.0])
    sampler = CellSampler(rows, columns, counts, x_max=100.0, exponent=0.75)
    weights = np.array([0.01**0.75, 0.5**0.75, 1.0])
    cells, shares = sampler.all()
    assert shares.numpy() == pytest.approx(weights / weights.sum(), rel=1e-6)
    assert sampler.total_weight == pytest.approx(weights.sum(), rel=1e-12)
    table = {(int(i), int(j)): float(x) for i, j, x in zip(*cells[:3], strict=True)}
    assert table == pytest.approx({(0, 1): 0.0, (3, 0): np.log(50.0), (3, 2): np.log(200.0)}, rel=1e-6)
    drawn = sampler.draw(1000)
    assert {(int(i), int(j)): float(x) for i, j, x in zip(*drawn[:3], strict=True)}.items() <= table.items()


def test_draws_follow_the_global_random_state():
    draw = WeightedDraw(np.arange(1.0, 100.0))
    torch.manual_seed(1)
    first, second = draw.draw(20), draw.draw(20)
    torch.manual_seed(1)
    assert torch.equal(first, draw.draw(20))
    assert not torch.equal(first, second)


def test_the_cells_are_no_part_of_the_state():
    sampler = CellSampler(np.array([0]), np.array([0]), np.array([1.0]), x_max=1.0, exponent=1.0)
    assert not sampler.state_dict()
    assert {name for name, _ in sampler.named_buffers()} == {"rows", "columns", "log_counts", "by_weight.cumulative"}
