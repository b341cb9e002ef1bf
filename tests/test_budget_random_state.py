"""Random states: of Python, NumPy and PyTorch, there and back, and as plain data."""

import random

import numpy as np
import pytest
import torch

from pykeen_conj_hale.training.budget.checkpoint import load_checkpoint, save_checkpoint
from pykeen_conj_hale.training.budget.random_state import get_random_state, preserve_random_state, set_random_state


def draw():
    return random.random(), random.gauss(0, 1), np.random.random(), np.random.normal(), torch.rand(3).tolist()


@pytest.mark.parametrize("drawn_before", [0, 1])
def test_there_and_back_through_a_file(drawn_before, tmp_path):
    """Also with the second of a pair of normal numbers waiting."""
    for _ in range(drawn_before):
        draw()
    save_checkpoint(tmp_path / "c", {"state": get_random_state()})
    expected = draw()
    random.seed(5), np.random.seed(5), torch.manual_seed(5)
    assert draw() != expected
    set_random_state(load_checkpoint(tmp_path / "c")["state"])
    assert draw() == expected


def test_preserving():
    state = get_random_state()
    expected = draw()
    set_random_state(state)

    def fail():
        with preserve_random_state():
            draw()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert draw() == expected


def test_another_number_of_gpus_is_said(caplog):
    state = get_random_state()
    set_random_state({**state, "cuda": [*state["cuda"], state["torch"]]})
    assert f"from a machine with {len(state['cuda']) + 1} GPUs, and here are {len(state['cuda'])}" in caplog.text
