"""The best model of an early stopper: its file, and what is restored at the end."""

import pytest
import torch
from budget_runs import Clock, Tick, Worsening, early_stopper, make_loop, nations

from pykeen_conj_hale.training import (
    QuerySamplingTrainingLoop,
    TimedStopper,
)
from pykeen_conj_hale.training.budget.best_model import load_best, read_best, write_best


@pytest.fixture
def factory():
    return nations()


@pytest.fixture
def clock():
    return Clock()


def test_the_best_model_of_an_early_stopper_is_restored(factory, clock, tmp_path):
    loop = make_loop(QuerySamplingTrainingLoop, factory, 21, clock)
    stopper = early_stopper(loop, factory, tmp_path / "best.pt", patience=100)
    loop.train(factory, batch_size=512, callbacks=Tick(clock), use_tqdm=False, stopper=stopper)
    assert loop.stop_reason == "budget"
    assert len(stopper.evaluator.seen) == 3
    for name, value in loop.model.state_dict().items():
        assert torch.equal(value, stopper.evaluator.seen[0][name])
    assert not (tmp_path / "best.pt").exists()


@pytest.mark.parametrize("kind", ["early", "timed"])
def test_the_best_model_stays_where_a_training_goes_on(kind, factory, clock, tmp_path):
    """Each evaluation is worse than the one before, also those of the second and third training."""
    loop = make_loop(QuerySamplingTrainingLoop, factory, 21, clock)
    if kind == "early":
        stopper = early_stopper(loop, factory, tmp_path / "best.pt", patience=100)
    else:
        options = dict(training_triples_factory=factory, evaluation_triples_factory=factory, seconds=4)
        stopper = TimedStopper(model=loop.model, evaluator=Worsening(), best_model_path=tmp_path / "best.pt", **options)
    for number in range(3):
        further = dict(continue_training=True, reset_time_budget=True) if number else {}
        loop.train(factory, batch_size=512, callbacks=Tick(clock), use_tqdm=False, stopper=stopper, **further)
        assert loop.num_steps == 21 * (number + 1)
        for name, value in loop.model.state_dict().items():
            assert torch.equal(value, stopper.evaluator.seen[0][name])
        assert not (tmp_path / "best.pt").exists()


def test_parameters_that_were_changed_are_not_the_best(factory, clock, tmp_path, caplog):
    loop = make_loop(QuerySamplingTrainingLoop, factory, 21, clock)
    stopper = early_stopper(loop, factory, tmp_path / "best.pt", patience=100)
    train = dict(batch_size=512, callbacks=Tick(clock), use_tqdm=False, stopper=stopper)
    loop.train(factory, **train)
    with torch.no_grad():
        next(loop.model.parameters()).mul_(0.5)
    loop.train(factory, continue_training=True, reset_time_budget=True, **train)
    assert "best model (hits_at_k=1) is not there any more" in caplog.text
    assert read_best(stopper) is None


def test_the_file(factory, clock, tmp_path):
    """Read only once an evaluation was the best; loading cleans up, unless the stopper keeps its file."""
    loop = make_loop(QuerySamplingTrainingLoop, factory, 3, clock)
    best = {name: value + 1 for name, value in loop.model.state_dict().items()}
    stopper = early_stopper(loop, factory, tmp_path / "folder" / "best.pt", clean_up_checkpoint=False)
    write_best(stopper, best)
    assert read_best(stopper) is None
    stopper.should_stop(1)
    write_best(stopper, best)
    load_best(stopper)
    for name, value in loop.model.state_dict().items():
        assert torch.equal(value, best[name])
        assert torch.equal(value, read_best(stopper)[name])
    stopper.clean_up_checkpoint = True
    load_best(stopper)
    assert read_best(stopper) is None
