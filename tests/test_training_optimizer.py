"""Fused optimizers where they work and nothing else is asked for."""

import pytest
import torch

from pykeen_conj_hale.training.optimizer import prefer_fused


def parameters(dtype=torch.float32):
    return [torch.nn.Parameter(torch.ones(3, dtype=dtype)), torch.nn.Parameter(torch.zeros(2, 2, dtype=dtype))]


@pytest.mark.parametrize("cls", [torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.Adagrad])
def test_steps_are_the_same(cls):
    sides = []
    for fused in (False, True):
        optimizer = cls(parameters(), lr=0.1)
        if fused:
            prefer_fused(optimizer)
            assert optimizer.param_groups[0]["fused"] is True
        for _ in range(5):
            for i, parameter in enumerate(optimizer.param_groups[0]["params"]):
                parameter.grad = torch.full_like(parameter, 0.5 + i)
            optimizer.step()
        sides.append(optimizer.param_groups[0]["params"])
    for a, b in zip(*sides, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("options", [{"fused": False}, {"foreach": True}, {"differentiable": True}])
def test_what_was_asked_for_stays(options):
    optimizer = torch.optim.Adam(parameters(), **options)
    prefer_fused(optimizer)
    assert not optimizer.param_groups[0]["fused"]


@pytest.mark.parametrize("cls", [torch.optim.RMSprop, torch.optim.SparseAdam])
def test_optimizers_without_it_stay(cls):
    optimizer = cls(parameters(), lr=0.1)
    prefer_fused(optimizer)
    assert not optimizer.param_groups[0].get("fused")


def test_devices_and_types_without_it_stay():
    meta = torch.optim.Adam([torch.nn.Parameter(torch.zeros(3, device="meta"))])
    prefer_fused(meta)
    assert not meta.param_groups[0]["fused"]
    complex_ = torch.optim.Adam(parameters(torch.cfloat))
    prefer_fused(complex_)
    assert not complex_.param_groups[0]["fused"]
