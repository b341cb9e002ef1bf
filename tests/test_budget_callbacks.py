"""PyKEEN's callbacks in a run: whose time is charged, what a cut epoch is to them, and which losses they hand over."""

import pytest
import torch
from budget_runs import LOOPS, Clock, Tick, early_stopper, make_loop, nations
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import DistMult
from pykeen.training.callbacks import EvaluationTrainingCallback, TrainingCallback

from pykeen_conj_hale.training import BudgetedSymmetricLCWATrainingLoop, QuerySamplingTrainingLoop


@pytest.fixture
def factory():
    return nations()


@pytest.fixture
def clock():
    return Clock()


def test_pykeens_evaluating_callbacks_are_not_charged(factory, clock):
    """Whenever they are called: here after each batch."""
    moved = clock

    class Slow(RankBasedEvaluator):
        def evaluate(self, *args, **kwargs):
            moved.now += 5.0
            return super().evaluate(*args, **kwargs)

    class EachBatch(EvaluationTrainingCallback):
        def post_batch(self, epoch, batch, **kwargs):
            self.post_epoch(epoch=epoch, epoch_loss=0.0)

        def post_epoch(self, epoch, epoch_loss, **kwargs):
            super().post_epoch(epoch, epoch_loss)

    evaluating = EachBatch(
        evaluation_triples=factory.mapped_triples[:8],
        evaluator=Slow(),
        additional_filter_triples=factory.mapped_triples,
        use_tqdm=False,
    )
    loop = make_loop(QuerySamplingTrainingLoop, factory, 3, clock)
    loop.train(factory, batch_size=512, callbacks=[Tick(clock), evaluating], use_tqdm=False)
    assert loop.num_steps == 3
    assert loop.seconds["training"] == 3.0
    assert loop.seconds["evaluation"] == 20.0  # three batches and one epoch


def test_an_early_stopper_looks_at_whole_epochs_only(factory, clock, tmp_path):
    """One and a half epochs: the second is not over when training goes on from a checkpoint."""
    loop = make_loop(QuerySamplingTrainingLoop, factory, 10, clock)
    stopper = early_stopper(loop, factory, tmp_path / "best.pt")
    tick = Tick(clock)
    assert len(loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False, stopper=stopper)) == 2
    assert [epoch for epoch, _ in tick.epochs] == [1, 2]
    assert stopper.results == [1.0]


def test_post_train_runs_after_early_stopping_too(factory, clock, tmp_path):
    loop = make_loop(QuerySamplingTrainingLoop, factory, 1_000, clock)
    stopper = early_stopper(loop, factory, tmp_path / "best.pt", patience=1)
    tick = Tick(clock)
    losses = loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False, stopper=stopper)
    assert tick.trained == [losses]


def test_tensors_as_batch_losses(factory):
    """An epoch of one's own may hand over losses which are still on the device."""

    class OnDevice(QuerySamplingTrainingLoop):
        def _forward_pass(self, *args, **kwargs):
            return torch.tensor(super()._forward_pass(*args, **kwargs))

    losses, plain = (run_three_steps(cls, factory) for cls in (OnDevice, QuerySamplingTrainingLoop))
    assert losses == pytest.approx(plain)
    assert isinstance(losses[0], float)


def run_three_steps(cls, factory):
    clock = Clock()
    torch.manual_seed(0)
    return make_loop(cls, factory, 3, clock).train(factory, batch_size=512, callbacks=Tick(clock), use_tqdm=False)


def test_loss_of_a_cut_epoch_is_the_mean_of_its_steps(factory, clock):
    class Record(Tick):
        def on_batch(self, batch_loss, **kwargs):
            self.losses = [*getattr(self, "losses", []), batch_loss]

    record = Record(clock)
    losses = make_loop(QuerySamplingTrainingLoop, factory, 3, clock).train(
        factory, batch_size=512, callbacks=record, use_tqdm=False
    )
    assert losses == [pytest.approx(sum(record.losses) / 3)]


def test_a_callback_can_ask_to_stop_in_the_middle_of_an_epoch(factory, clock):
    class Asking(Tick):
        def post_batch(self, **kwargs):
            super().post_batch(**kwargs)
            self.training_loop._should_stop |= self.steps == 3

    asking = Asking(clock)
    loop = make_loop(QuerySamplingTrainingLoop, factory, 100, clock)
    losses = loop.train(factory, batch_size=512, callbacks=asking, use_tqdm=False)
    assert (asking.steps, loop.num_steps, loop.stop_reason) == (3, 3, "early stopping")
    assert asking.trained == [losses]


@pytest.mark.parametrize("cls", LOOPS)
@pytest.mark.parametrize("kind", ["norm", "value"])
def test_gradients_are_clipped(cls, kind, clock):
    """A step of SGD is the learning rate times the gradient, which is as large as it may be."""
    factory = Nations(create_inverse_triples=cls is not BudgetedSymmetricLCWATrainingLoop).training
    model = DistMult(triples_factory=factory, embedding_dim=4, random_seed=0, regularizer=None)
    model.entity_representations[0].constrainer = None
    loop = cls(model=model, triples_factory=factory, optimizer="SGD", optimizer_kwargs={"lr": 0.5})
    limit = 1e-4
    name = {"norm": "gradient_clipping_max_norm", "value": "gradient_clipping_max_abs_value"}[kind]
    steps = Steps()
    loop.train(factory, num_epochs=1, batch_size=512, use_tqdm=False, callbacks=steps, **{name: limit})
    assert steps.changes
    for change in steps.changes:
        largest = change.norm() if kind == "norm" else change.abs().max()
        assert largest.item() == pytest.approx(0.5 * limit, rel=1e-2)


class Steps(TrainingCallback):
    """Remembers how much parameters change from one step to the next."""

    def __init__(self):
        super().__init__()
        self.before, self.changes = None, []

    def pre_batch(self, **kwargs):
        now = torch.cat([parameter.detach().double().flatten() for parameter in self.model.parameters()])
        if self.before is not None:
            self.changes.append(now - self.before)
        self.before = now.clone()
