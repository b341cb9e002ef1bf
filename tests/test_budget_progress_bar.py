"""A progress bar over the seconds of the budget."""

import pytest
from budget_runs import Clock, Tick, make_loop, nations

from pykeen_conj_hale.training import (
    QuerySamplingTrainingLoop,
)


@pytest.fixture
def factory():
    return nations()


@pytest.fixture
def clock():
    return Clock()


def test_progress_is_in_seconds(factory, clock, tmp_path):
    with (tmp_path / "bar").open("w+") as file:
        make_loop(QuerySamplingTrainingLoop, factory, 3, clock).train(
            factory,
            batch_size=512,
            callbacks=Tick(clock),
            tqdm_kwargs={"file": file, "disable": False, "mininterval": 0, "miniters": 0},
        )
        file.seek(0)
        shown = file.read()
    assert "/3.0 s of training" in shown
    assert "100%" in shown
