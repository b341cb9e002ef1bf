"""Learning rates over the budget: the formula, the loop, PyKEEN's habits."""

import math

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.hpo import hpo_pipeline
from pykeen.models import DistMult
from pykeen.pipeline import pipeline
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale.training import (
    BudgetCosineLR,
    BudgetedSLCWATrainingLoop,
    BudgetLinearLR,
    QuerySamplingTrainingLoop,
    TimeBudget,
)
from pykeen_conj_hale.training.budget.checkpoint import load_checkpoint, save_checkpoint


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Rates(TrainingCallback):
    """One second per step; notes the learning rate of each."""

    def __init__(self, clock):
        super().__init__()
        self.clock, self.rates = clock, []

    def post_batch(self, **kwargs):
        self.rates.append(self.optimizer.param_groups[0]["lr"])
        self.clock.now += 1.0


def schedule(cls=BudgetLinearLR, lr=0.5, **kwargs):
    return cls(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr), **kwargs)


def train(cls=QuerySamplingTrainingLoop, budget=None, lr_scheduler=BudgetLinearLR, loop=None, clock=None, **kwargs):
    factory = Nations(create_inverse_triples=True).training
    clock = clock or Clock()
    if loop is None:
        model = DistMult(triples_factory=factory, embedding_dim=4, random_seed=0)
        loop = cls(
            model=model,
            triples_factory=factory,
            optimizer="Adam",
            optimizer_kwargs={"lr": 0.5},
            lr_scheduler=lr_scheduler,
            lr_scheduler_kwargs=kwargs,
            time_budget=None if budget is None else TimeBudget(budget, clock=clock),
        )
    rates = Rates(clock)
    # 7 steps per epoch
    loop.train(factory, num_epochs=2, batch_size=512, callbacks=rates, use_tqdm=False)
    return rates.rates, loop


@pytest.mark.parametrize(
    ("cls", "decay"), [(BudgetLinearLR, lambda x: 1 - x), (BudgetCosineLR, lambda x: math.cos(math.pi * x / 2) ** 2)]
)
@pytest.mark.parametrize(("warmup", "final"), [(0.0, 0.0), (0.25, 0.1)])
def test_formula(cls, decay, warmup, final):
    lr = schedule(cls, warmup=warmup, final=final)
    for progress in (0.0, 0.1, 0.25, 0.5, 0.9, 1.0, 1.5):
        lr.advance(progress)
        p = min(progress, 1.0)
        expected = max(p / warmup, 0.01) if p < warmup else final + (1 - final) * decay((p - warmup) / (1 - warmup))
        assert lr.optimizer.param_groups[0]["lr"] == pytest.approx(0.5 * expected)
        assert lr.get_last_lr() == [lr.optimizer.param_groups[0]["lr"]]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [({"warmup": 1.0}, "warmup=1.0"), ({"warmup": -0.1}, "warmup=-0.1"), ({"final": 2}, "final=2")],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        schedule(**kwargs)


@pytest.mark.parametrize("cls", [QuerySamplingTrainingLoop, BudgetedSLCWATrainingLoop])
def test_it_follows_the_budget(cls):
    rates, loop = train(cls, budget=10, warmup=0.2)
    expected = [0.005, 0.25, 0.5, *(0.5 * (1 - k / 8) for k in range(1, 8))]
    assert rates == pytest.approx(expected)
    assert loop.optimizer.param_groups[0]["lr"] == 0.0


def test_without_a_budget_it_follows_the_steps():
    rates, _ = train()
    assert rates == pytest.approx([0.5 * (1 - k / 14) for k in range(14)])


@pytest.mark.parametrize(("size", "steps"), [(512, 7), (1024, 4), (256, 13)])
@pytest.mark.parametrize("way", ["continued", "resumed", "resumed from an early version"])
def test_another_batch_size_between_two_epochs(size, steps, way, tmp_path):
    """The rate goes on where it was: after two of four epochs it is a half."""
    factory, path = Nations(create_inverse_triples=True).training, tmp_path / "c"

    def make_loop():
        model = DistMult(triples_factory=factory, embedding_dim=4, random_seed=0)
        options = dict(optimizer="Adam", optimizer_kwargs={"lr": 0.5}, lr_scheduler="BudgetLinear")
        return QuerySamplingTrainingLoop(model=model, triples_factory=factory, **options)

    class StopAfterTwo(TrainingCallback):
        def post_epoch(self, epoch, epoch_loss):
            self.training_loop._should_stop |= epoch == 2

    loop, rates = make_loop(), Rates(Clock())
    options = dict(num_epochs=4, use_tqdm=False, **({} if way == "continued" else {"checkpoint": path}))
    loop.train(factory, batch_size=512, callbacks=[StopAfterTwo(), rates], **options)
    assert rates.rates == pytest.approx([0.5 * (1 - k / 28) for k in range(14)])
    if way == "continued":
        options["continue_training"] = True
    else:
        loop = make_loop()
    if way == "resumed from an early version":
        state = load_checkpoint(path)
        del state["epochs_done"]
        save_checkpoint(path, state)
    rates = Rates(Clock())
    loop.train(factory, batch_size=size, callbacks=rates, **options)
    assert rates.rates == pytest.approx([0.25 * (1 - k / (2 * steps)) for k in range(2 * steps)])


def test_training_anew_starts_with_the_first_rate():
    """PyKEEN makes the optimizer from the last learning rate, which is 0."""
    clock = Clock()
    first, loop = train(budget=5, clock=clock)
    loop._epoch = 0
    second, _ = train(loop=loop, clock=clock)
    assert first == second == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1])


def test_a_loop_without_budget_is_refused():
    with pytest.raises(ValueError, match=r"lr_scheduler='BudgetLinearLR' .* training_loop=\"QuerySampling\""):
        pipeline(
            dataset="nations",
            model="DistMult",
            lr_scheduler="BudgetLinear",
            training_kwargs={"num_epochs": 2, "use_tqdm": False},
        )


@pytest.mark.parametrize("name", ["BudgetLinear", "BudgetCosine"])
def test_by_name_in_pipeline_and_hpo(name):
    arguments = {
        "dataset": "nations",
        "model": "DistMult",
        "lr_scheduler": name,
        "training_loop": "BudgetedLCWA",
        # the first step spends it: it could end after an epoch's last step otherwise, with no step to see it
        "training_loop_kwargs": {"time_budget": 0.001},
        "training_kwargs": {"use_tqdm": False, "batch_size": 256},
        "evaluation_kwargs": {"use_tqdm": False, "batch_size": 64},
    }
    result = pipeline(**arguments, lr_scheduler_kwargs={"warmup": 0.1}, clear_optimizer=False)
    assert result.training_loop.optimizer.param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-12)
    trials = hpo_pipeline(**arguments, n_trials=1, model_kwargs={"embedding_dim": 4}).study.trials
    assert trials[0].state.name == "COMPLETE"
    assert {"lr_scheduler.warmup", "lr_scheduler.final", "optimizer.lr"} <= set(trials[0].params)


def test_state(tmp_path):
    lr = schedule(warmup=0.5)
    lr.advance(0.25)
    torch.save(lr.state_dict(), tmp_path / "state")
    other = schedule(warmup=0.5)
    other.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    assert other.progress == 0.25
    assert other.get_last_lr() == lr.get_last_lr()
