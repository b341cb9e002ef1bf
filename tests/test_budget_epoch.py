"""The batches of an epoch: as many as are allowed, and the same ones again from a position."""

import random

import pytest
from budget_runs import Shuffled

from pykeen_conj_hale.training.budget.epoch import EpochBatches, open_epoch
from pykeen_conj_hale.training.budget.position import Position
from pykeen_conj_hale.training.budget.random_state import get_random_state


@pytest.mark.parametrize("allowed", [1, 3, 5, 9])
def test_as_many_as_are_allowed(allowed):
    """PyKEEN divides the loss by the length after the epoch: that of the batches handed out."""
    done = []

    def after_step():
        done.append(None)
        return len(done) < allowed

    batches = EpochBatches(range(5), Position(0, 5), None, after_step)
    assert not batches.is_empty
    assert list(batches) == list(range(min(allowed, 5)))
    assert len(batches) == min(allowed, 5)
    assert batches.is_empty


def test_a_step_is_done_before_the_next_batch_is_made():
    log = []

    class Logging:
        def __len__(self):
            return 2

        def __iter__(self):
            for i in range(2):
                log.append(f"batch {i}")
                yield i

    for i in EpochBatches(Logging(), Position(0, 2), None, lambda: log.append("done") or True):
        log.append(f"step {i}")
    assert log == ["batch 0", "step 0", "done", "batch 1", "step 1", "done"]


@pytest.mark.parametrize("step", [1, 2, 4])
def test_the_same_batches_again(step):
    """They are drawn from the random state at the epoch's start; afterwards random numbers are those of later."""
    begun = Position(num_losses=0, num_batches=5)
    order = list(Shuffled())
    later = get_random_state()
    expected = random.random()
    random.seed(9)
    position = Position(0, 5, step, random_state=begun.random_state)
    batches = open_epoch(Shuffled(), position, 0, later, lambda: True)
    assert random.random() == expected
    assert list(batches) == order[step:]


def test_nothing_is_left_of_a_complete_epoch():
    position = Position(0, 5, step=5)
    assert position.is_complete
    assert open_epoch(range(5), position, 0, None, lambda: True).is_empty


def test_a_new_epoch_begins_with_the_random_state_of_a_checkpoint():
    state = get_random_state()
    order = list(Shuffled())
    random.seed(9)
    batches = open_epoch(Shuffled(), None, 3, state, lambda: True)
    assert list(batches) == order
    assert (batches.position.num_losses, batches.position.num_batches, batches.position.step) == (3, 5, 0)
