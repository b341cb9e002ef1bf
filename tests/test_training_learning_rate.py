"""What the query-sampling loop chooses where nothing is said, and that it leaves alone what is."""

import logging
import math

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.pipeline import pipeline
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import RotE
from pykeen_conj_hale.training import BudgetLinearLR, QuerySamplingTrainingLoop
from pykeen_conj_hale.training.learning_rate import BATCH_SIZE, WARMUP, scaled_learning_rate

#: HaLE's own is doubled for small graphs, as Nations is
LEARNING_RATE = 0.02


@pytest.fixture(scope="module")
def triples():
    return Nations(create_inverse_triples=True).training


def rates(triples, optimizer=torch.optim.Adam, loss="HaLE", scheduler=None, num_epochs=2, choose=True, **kwargs):
    """Train, and note the learning rate of each step."""
    model = RotE(triples_factory=triples, embedding_dim=4, loss=loss, relation_scale=loss != "NonNeg")
    optimizer = optimizer(model.get_grad_params(), **kwargs)
    scheduler = scheduler and scheduler(optimizer)
    loop = QuerySamplingTrainingLoop(
        model=model, triples_factory=triples, optimizer=optimizer, lr_scheduler=scheduler, choose=choose
    )
    callback = Rates()
    loop.train(triples, num_epochs=num_epochs, batch_size=BATCH_SIZE, use_tqdm=False, callbacks=callback)
    return callback.seen


class Rates(TrainingCallback):
    """Note the learning rate of each batch."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def post_batch(self, epoch, batch, **kwargs):
        self.seen.append(self.training_loop.optimizer.param_groups[0]["lr"])


@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.NAdam])
@pytest.mark.parametrize("lr", [0.5, 0.0011])
def test_a_given_learning_rate_stays(triples, optimizer, lr):
    assert set(rates(triples, optimizer, lr=lr)) == {lr}


@pytest.mark.parametrize("lr", [0.001, float("0.001")])
def test_pytorchs_own_means_that_nothing_was_said(triples, lr):
    """The same number means one thing, whichever object it is."""
    assert max(rates(triples, lr=lr, num_epochs=10)) == pytest.approx(LEARNING_RATE)
    assert set(rates(triples, lr=lr, choose=False)) == {lr}


def test_learning_rate_and_decay_where_none_is_given(triples, caplog):
    with caplog.at_level(logging.INFO):
        seen = rates(triples, num_epochs=50)
    assert BATCH_SIZE == 1_024
    assert HaLELoss.learning_rate == LEARNING_RATE / 2
    assert len(seen) == 50 * 4  # 3,184 triples with inverses
    assert WARMUP == 0.1
    warmup = [LEARNING_RATE * max(i / 20, 0.01) for i in range(20)]
    decay = [LEARNING_RATE * (1 + math.cos(math.pi * i / 180)) / 2 for i in range(180)]
    assert seen == pytest.approx([*warmup, *decay])
    assert caplog.text.count("Chosen for 14 entities") == 1


def test_a_given_scheduler_stays(triples):
    seen = rates(triples, scheduler=BudgetLinearLR)
    assert seen == pytest.approx([LEARNING_RATE * (1 - i / 8) for i in range(8)])
    steps = rates(triples, scheduler=lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5))
    assert steps == pytest.approx([LEARNING_RATE] * 4 + [LEARNING_RATE / 2] * 4)


def make_loop(triples, scheduler=None, **kwargs):
    torch.manual_seed(0)
    model = RotE(triples_factory=triples, embedding_dim=4, loss="HaLE", random_seed=0)
    optimizer = torch.optim.Adam(model.get_grad_params(), **kwargs)
    return QuerySamplingTrainingLoop(
        model=model, triples_factory=triples, optimizer=optimizer, lr_scheduler=scheduler and scheduler(optimizer)
    )


def train(loop, triples, num_epochs, **kwargs):
    callback = Rates()
    loop.train(triples, num_epochs=num_epochs, use_tqdm=False, callbacks=callback, **kwargs)
    return callback.seen


@pytest.mark.parametrize("lr", [0.01, 0.001])
def test_nothing_is_chosen_again_where_a_training_goes_on(triples, lr):
    """A schedule may reach PyTorch's own 0.001; a rate that was chosen, and the batch size, stay, too."""

    def scheduler(optimizer):
        return torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1)

    whole = make_loop(triples, scheduler, lr=lr)
    expected = train(whole, triples, 3, batch_size=2048)
    continued = make_loop(triples, scheduler, lr=lr)
    seen = train(continued, triples, 1, batch_size=2048)
    assert (continued.optimizer.param_groups[0]["lr"] == 0.001) == (lr == 0.01)
    seen += train(continued, triples, 3, continue_training=True)
    assert seen == expected
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, continued.model.state_dict()[name])


def test_a_schedule_may_begin_at_pytorchs_own_rate(triples, caplog):
    """That is no rate of which nothing was said: 0.01 was."""

    def scheduler(optimizer):
        return torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=2)

    loop = make_loop(triples, scheduler, lr=0.01)
    assert loop.optimizer.param_groups[0]["lr"] == 0.001
    with caplog.at_level(logging.INFO):
        train(loop, triples, 1, batch_size=2048)
    assert "Chosen for" not in caplog.text


def test_a_checkpoint_is_gone_on_from_with_what_was_chosen(triples, tmp_path):
    """Also where ``continue_training`` is said in a process that has not trained yet."""
    whole = train(make_loop(triples), triples, 4, batch_size=2048)

    class StopAfterTwo(Rates):
        def post_epoch(self, epoch, epoch_loss, **kwargs):
            self.training_loop._should_stop |= epoch == 2

    options = dict(num_epochs=4, batch_size=2048, use_tqdm=False, checkpoint=tmp_path / "c")
    first, second = StopAfterTwo(), Rates()
    make_loop(triples).train(triples, callbacks=first, **options)
    make_loop(triples).train(triples, callbacks=second, continue_training=True, **options)
    assert first.seen + second.seen == whole


@pytest.mark.parametrize(
    ("optimizer", "loss"),
    [(torch.optim.SGD, "HaLE"), (torch.optim.Adam, "crossentropy"), (torch.optim.Adam, "NonNeg")],
)
def test_other_optimizers_and_losses_are_left_alone(triples, optimizer, loss):
    assert set(rates(triples, optimizer, loss, num_epochs=1)) == {0.001}


def test_a_loss_names_its_own(triples):
    class Slow(HaLELoss):
        learning_rate = 0.002

    assert max(rates(triples, loss=Slow(), num_epochs=10)) == pytest.approx(0.004)


def test_in_the_pipeline():
    """PyKEEN's own default is a batch of 256."""
    callback = Rates()
    pipeline(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model="RotL",
        model_kwargs=dict(embedding_dim=4),
        loss="HaLE",
        training_loop="QuerySampling",
        training_kwargs=dict(num_epochs=3, callbacks=callback, use_tqdm=False),
        random_seed=0,
    )
    assert max(callback.seen) == pytest.approx(LEARNING_RATE / 2, rel=1e-3)
    assert scaled_learning_rate(0.04, 256) == 0.02
    assert callback.seen[-1] < 0.01 * LEARNING_RATE


@pytest.mark.parametrize(
    ("rate", "size", "name"), [(0.01, 0, "batch_size"), (0.01, "256", "batch_size"), (-1, 2, "rate")]
)
def test_bad_arguments(rate, size, name):
    with pytest.raises(ValueError, match=f"^{name}=.* is not allowed"):
        scaled_learning_rate(rate, size)
