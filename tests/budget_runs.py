"""Runs and loops under a clock that the test moves, for the tests of budgets."""

import random

from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import DistMult
from pykeen.stoppers import EarlyStopper
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.training import (
    BudgetedLCWATrainingLoop,
    BudgetedSLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
    QuerySamplingTrainingLoop,
    TimeBudget,
)
from pykeen_conj_hale.training.budget.clock import Stopwatch
from pykeen_conj_hale.training.budget.due import Limits
from pykeen_conj_hale.training.budget.run import Run

LOOPS = [
    QuerySamplingTrainingLoop,
    BudgetedSLCWATrainingLoop,
    BudgetedLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
]


class Clock:
    """A clock which the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Shuffled:
    """Some batches per epoch, in another order each time, from a global random state."""

    def __init__(self, num_batches=5):
        self.num_batches = num_batches

    def __len__(self):
        return self.num_batches

    def __iter__(self):
        order = list(range(self.num_batches))
        random.shuffle(order)
        yield from order


def make_run(seconds, clock, due=(), **kwargs):
    budget = None if seconds is None else TimeBudget(seconds, clock=clock)
    return Run(budget, Stopwatch(clock), due=[Limits(), *due], **kwargs)


def train_run(run, clock, *, losses=(), epochs=3, batches=None, seconds=1.0, during=lambda run: None):
    """Train as a loop does; the loss of a batch is its number, and each step draws a random number, too.

    :return: the losses of the epochs, and what each step saw
    """
    batches, losses, seen = batches or Shuffled(), list(losses), []
    if run.is_spent:
        run.stop("budget")
    while run.stop_reason is None and len(losses) < epochs:
        if not run.has_begun:
            run.begin(len(batches))
        for batch in run.open_epoch(batches, num_losses=len(losses)):
            seen.append((batch, random.random()))
            run.add_loss(float(batch))
            during(run)
            clock.now += seconds
        losses.append(run.close_epoch(len(losses) + 1))
        clock.now += 10.0
    run.stopwatch.switch(None)
    run.end("epochs")
    return losses, seen


class Tick(TrainingCallback):
    """One second per step, ten seconds of something else after each epoch; records what is called."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.steps, self.epochs, self.trained = 0, [], []

    def post_batch(self, **kwargs):
        self.steps += 1
        self.clock.now += 1.0

    def post_epoch(self, epoch, epoch_loss, **kwargs):
        self.epochs.append((epoch, epoch_loss))
        self.clock.now += 10.0

    def post_train(self, losses, **kwargs):
        self.trained.append(list(losses))


def make_loop(cls, factory, seconds, clock, **kwargs):
    model = DistMult(triples_factory=factory, embedding_dim=4, random_seed=0, loss=HaLELoss())
    budget = None if seconds is None else TimeBudget(seconds, clock=clock)
    return cls(model=model, triples_factory=factory, optimizer="Adam", time_budget=budget, **kwargs)


class Worsening(RankBasedEvaluator):
    """Each evaluation is worse than the one before; remembers the parameters it saw."""

    def evaluate(self, model, *args, **kwargs):
        self.seen = [*getattr(self, "seen", []), {k: v.clone() for k, v in model.state_dict().items()}]
        value = 1.0 / len(self.seen)

        class Result:
            def get_metric(self, name):
                return value

            def to_flat_dict(self):
                return {}

        return Result()


def early_stopper(loop, factory, path, **kwargs):
    """Make PyKEEN's early stopper, which finds each epoch worse than the one before."""
    return EarlyStopper(
        model=loop.model,
        evaluator=Worsening(),
        training_triples_factory=factory,
        evaluation_triples_factory=factory,
        frequency=1,
        best_model_path=path,
        **kwargs,
    )


def nations():
    """Load 2 · 1,592 triples: 7 batches of 512."""
    return Nations(create_inverse_triples=True).training
