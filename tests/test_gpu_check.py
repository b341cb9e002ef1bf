"""The check of a CUDA device: it can fail, it says what is not run, and it passes on the CPU itself."""

import gpu_check
import gpu_checks
import pytest
import torch


def test_without_a_device(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_check.main([]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1:] == [f"not run  {name}" for name in [*gpu_checks.CHECKS, gpu_check.SPEED]]


@pytest.mark.parametrize("name", ["loop: query sampling, HaLE", "sampled entities", "evaluation", "deferred losses"])
def test_on_the_cpu(name, capsys):
    assert gpu_check.main(["--device", "cpu", "--check", name]) == 0
    assert f"ok       {name}" in capsys.readouterr().out


@pytest.mark.slow
def test_all_on_the_cpu(capsys):
    chosen = [argument for name in gpu_checks.CHECKS for argument in ("--check", name)]
    assert gpu_check.main(["--device", "cpu", *chosen]) == 0, capsys.readouterr().out


def test_another_result_is_found(monkeypatch, capsys):
    original = gpu_checks.train

    def train(name, device, **kwargs):
        losses, state = original(name, device, **kwargs)
        return [loss * (1.002 if isinstance(device, torch.device) else 1) for loss in losses], state

    monkeypatch.setattr(gpu_checks, "train", train)
    assert gpu_check.main(["--device", "cpu", "--check", "loop: query sampling, HaLE"]) == 1
    assert "FAILED   loop: query sampling, HaLE: AssertionError: losses:" in capsys.readouterr().out
