"""A loss that does not move in its first hundred steps is said once, with the likely cause."""

import copy
import pickle

import pytest
import torch
from pykeen.pipeline import pipeline

from pykeen_conj_hale.losses import AdvNegLoss, HaLELoss, SamNegLoss
from pykeen_conj_hale.losses.first_steps import NUM_STEPS, NUM_STEPS_OF_PRODUCTS, FirstSteps
from pykeen_conj_hale.streaming.activations import Hanon, Identity


def watch(values, activation=Hanon(), steps=None):  # noqa: B008 -- it is frozen
    steps = steps or FirstSteps("HaLE", activation)
    for value in values:
        steps.add(torch.tensor(20.0, requires_grad=True), torch.tensor(value - 20.0))
    return steps


def test_a_loss_that_stays_is_said_once(caplog):
    watch([24.6444] * 3 * NUM_STEPS)
    (record,) = caplog.records
    assert record.message.startswith("HaLE stayed at 24.6444 in its first 100 steps. Most likely the scores lie where")
    assert "Hanon(gamma=5.0, beta=3.0) is flat" in record.message


def test_without_an_activation_it_is_the_learning_rate(caplog):
    steps = watch([4.6] * (NUM_STEPS_OF_PRODUCTS - 1), Identity())
    assert not caplog.records
    watch([4.6], steps=steps)
    assert "Most likely the learning rate is too small." in caplog.text


@pytest.mark.parametrize("place", [0, 50, NUM_STEPS - 1])
def test_a_single_step_that_moves_is_enough(place, caplog):
    values = [24.6444] * NUM_STEPS
    values[place] = 24.6
    watch(values + [24.6444] * NUM_STEPS)
    assert not caplog.records


def test_nothing_is_said_too_early_or_outside_of_training(caplog):
    steps = watch([5.0] * (NUM_STEPS - 1))
    for _ in range(NUM_STEPS):
        steps.add(torch.tensor(5.0))
    assert not caplog.records


def test_another_model_of_another_type_begins_anew(caplog):
    steps = watch([5.0] * (NUM_STEPS - 1))
    for _ in range(NUM_STEPS - 1):
        steps.add(torch.tensor(5.0, dtype=torch.float64, requires_grad=True))
    assert not caplog.records
    steps.add(torch.tensor(5.0, dtype=torch.float64, requires_grad=True))
    assert len(caplog.records) == 1


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_begins_anew(duplicate, caplog):
    steps = duplicate(watch([5.0] * (NUM_STEPS - 1)))
    watch([5.0] * (NUM_STEPS - 1), steps=steps)
    assert not caplog.records


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_host_does_not_wait_for_a_device(caplog):
    steps = FirstSteps("HaLE", Hanon())
    value = torch.tensor(5.0, device="cuda", requires_grad=True)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(NUM_STEPS):
            steps.add(value)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    torch.cuda.synchronize()
    steps.add(value)
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "loss", [HaLELoss(), SamNegLoss(activation="hanon", margin=0.0), AdvNegLoss(activation="hanon")], ids=repr
)
def test_losses_watch_themselves_in_every_form(loss, caplog):
    far = torch.full((4, 9), -50.0, requires_grad=True)
    labels = torch.nn.functional.one_hot(torch.arange(4), 9).float()
    for _ in range(NUM_STEPS):
        loss.process_slcwa_scores(far[:, :1], far[:, 1:].contiguous())
    assert caplog.text.count("in its first 100 steps") == 1
    loss = copy.deepcopy(loss)
    for _ in range(NUM_STEPS):
        loss.process_lcwa_scores(far, labels, num_entities=9)
    assert caplog.text.count("in its first 100 steps") == 2


@pytest.mark.parametrize(
    ("model", "options", "count"),
    [("TransE", {"activation": "hanon"}, 1), ("RotE", {"activation": "hanon"}, 0), ("TransE", {}, 0)],
)
def test_pykeens_transe_starts_too_far_away(model, options, count, caplog):
    """Its first distances are sums of d differences, where Hanon is flat. Nothing said, there is no activation."""
    pipeline(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model=model,
        model_kwargs=dict(embedding_dim=200),
        loss="HaLE",
        loss_kwargs=options,
        training_loop="QuerySampling",
        optimizer_kwargs=dict(lr=0.001),
        training_kwargs=dict(num_epochs=16, batch_size=512, use_tqdm=False),
        evaluation_kwargs=dict(use_tqdm=False),
        random_seed=0,
    )
    assert caplog.text.count("HaLE stayed at") == count
