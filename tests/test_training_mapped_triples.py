"""Triples drawn from the disk: an order that is a permutation, batches that are those in memory, loops that go on."""

import contextlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lightning_runs import make, save_each_step, trainer
from pykeen.datasets import EagerDataset, Nations
from pykeen.models import model_resolver
from pykeen.pipeline import pipeline
from pykeen.training.callbacks import TrainingCallback
from pykeen.triples import CoreTriplesFactory
from torch.optim import Adam

from pykeen_conj_hale.datasets import MappedDataset
from pykeen_conj_hale.datasets.mapped.folder import SPLITS, Description, writing_array
from pykeen_conj_hale.datasets.mapped.labels import write_labels
from pykeen_conj_hale.pykeen_internals import add_inverse_triples
from pykeen_conj_hale.training import CheckpointError, QuerySamplingTrainingLoop
from pykeen_conj_hale.training.mapped_triples import MappedTriples, Permutation, ShuffledTriples, training_triples

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write Nations as mapped triples, whose labels nobody asks for."""
    arrow = pytest.importorskip("pyarrow")
    folder, dataset = tmp_path_factory.mktemp("nations"), Nations()
    counts = {}
    for split in SPLITS:
        triples = dataset.factory_dict[split].mapped_triples.numpy()
        with writing_array(folder / f"{split}.npy", triples.shape, np.int64) as write:
            write(triples)
        counts[split] = len(triples)
    for kind, num in (("entities", 14), ("relations", 55)):
        labels = arrow.array([f"{i:03}" for i in range(num)], arrow.large_string())
        write_labels(folder, kind, num, 3 * num, [labels[:10], labels[10:]])
    Description(14, 55, counts).write(folder)
    return folder


# --- the order


@settings(deadline=None)
@given(st.integers(1, 3_000), st.integers(0, 2**62), st.integers(0, 3_000))
def test_it_is_a_permutation_of_which_parts_can_be_asked_for(num, seed, at):
    order = Permutation(num, seed)
    whole = order[:]
    assert len(order) == len(whole) == num
    assert torch.equal(whole.sort().values, torch.arange(num))
    assert torch.equal(torch.cat([order[:at], order[at:]]), whole)


def test_it_looks_drawn_by_chance():
    num, runs = 1_000, 400
    orders = torch.stack([Permutation(num, seed)[:] for seed in range(runs)]).double()
    # means over orders, at each place and of each step between places: each within 5 of its standard deviations
    spread = (num**2 / 12 / runs) ** 0.5
    assert ((orders.mean(dim=0) - (num - 1) / 2).abs() < 5 * spread).all()
    steps = orders.diff(dim=1)
    assert (steps.mean(dim=0).abs() < 5 * 2**0.5 * spread).all()
    # what is at neighbouring places has nothing to do with each other: correlations of 399,600 pairs
    pairs = torch.stack([orders[:, 1:].flatten(), orders[:, :-1].flatten()])
    assert torch.corrcoef(pairs)[0, 1].abs() < 5 / pairs.shape[1] ** 0.5 + 1 / num
    assert len(orders.unique(dim=0)) == runs
    # of each pair of places, the order is either one equally often
    is_less = (orders[:, 0:500] < orders[:, 500:]).double().mean(dim=0)
    assert ((is_less - 0.5).abs() < 5 * 0.5 / runs**0.5).all()


def test_large_numbers():
    num = 2**40 - 17
    order = Permutation(num, 3)
    part = order[num - 1_000 :]
    assert len(part.unique()) == 1_000
    assert 0 <= part.min() < num / 100 < 0.99 * num < part.max() < num


# --- batches


@pytest.mark.parametrize("inverse", [True, False])
def test_rows_are_those_of_all_triples_in_memory(folder, inverse):
    training = MappedDataset(folder, create_inverse_triples=inverse).training
    triples = training_triples(training, training, torch.device("cpu"))
    assert isinstance(triples, MappedTriples)
    plain = CoreTriplesFactory(training.mapped_triples.clone(), 14, 55, create_inverse_triples=inverse)
    stored = training_triples(plain, plain, torch.device("cpu"))
    assert torch.equal(stored, add_inverse_triples(training, training.mapped_triples))
    assert torch.equal(triples[:], stored)
    rows = torch.randperm(len(stored))[:100]
    assert torch.equal(triples[rows], stored[rows])
    shuffled = ShuffledTriples(triples, 1)
    assert torch.equal(shuffled[:].unique(dim=0), stored.unique(dim=0))
    assert not torch.equal(shuffled[:], stored)


# --- loops


class Recorded:
    """The terms of a loss, and the batches that they are of."""

    def __init__(self, terms):
        self.terms, self.batches = terms, []

    def __getattr__(self, name):
        return getattr(self.terms, name)

    def __call__(self, batch, *args):
        self.batches.append(batch.clone())
        return self.terms(batch, *args)


class StopAfter(TrainingCallback):
    """Ends the training as Ctrl-C does."""

    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def post_batch(self, epoch, batch, **kwargs):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def train(folder, num_epochs, **kwargs):
    """Train, and return the batches and the parameters."""
    torch.manual_seed(0)
    training = MappedDataset(folder, create_inverse_triples=True).training
    model = model_resolver.make(
        "RotE", triples_factory=training, random_seed=0, embedding_dim=8, loss="HaLE", loss_kwargs=dict(candidates=5)
    )
    loop = QuerySamplingTrainingLoop(
        model=model,
        triples_factory=training,
        optimizer=Adam(model.get_grad_params(), lr=0.01),
        choose=False,
        automatic_memory_optimization=False,
    )
    loop.terms = Recorded(loop.terms)
    with contextlib.suppress(KeyboardInterrupt):
        loop.train(training, num_epochs, 500, use_tqdm=False, **kwargs)
    return loop.terms.batches, {key: value.clone() for key, value in model.state_dict().items()}


def test_query_sampling_sees_each_triple_once_per_epoch_and_goes_on_in_the_middle(folder, tmp_path):
    batches, parameters = train(folder, 2)
    training = MappedDataset(folder, create_inverse_triples=True).training
    expected = add_inverse_triples(training, training.mapped_triples)
    assert len(batches) == 14
    epochs = [torch.cat(batches[:7]), torch.cat(batches[7:])]
    for seen in epochs:
        assert torch.equal(*(x[np.lexsort(x.numpy().T)] for x in (seen, expected)))
    assert not torch.equal(*epochs)
    cut = dict(checkpoint=tmp_path / "cut.pt", checkpoint_seconds=1e-9)
    first, _ = train(folder, 2, callbacks=[StopAfter(10)], **cut)
    rest, found = train(folder, 2, **cut)
    assert 0 < len(rest) < 14
    assert all(map(torch.equal, rest, batches[-len(rest) :]))
    assert all(map(torch.equal, first, batches))
    assert all(torch.equal(found[key], value) for key, value in parameters.items())


def test_the_pipeline(folder):
    dataset = MappedDataset(folder, create_inverse_triples=True)
    settings = dict(
        model="RotE",
        model_kwargs=dict(embedding_dim=16),
        loss="HaLE",
        loss_kwargs=dict(candidates=7),
        training_loop="QuerySampling",
        training_loop_kwargs=dict(choose=False),
        training_kwargs=dict(batch_size=256, use_tqdm=False),
        optimizer_kwargs=dict(lr=0.05),
        evaluator="IndexedRankBased",
        evaluation_kwargs=dict(use_tqdm=False),
        random_seed=0,
        device="cpu",
    )
    result = pipeline(dataset=dataset, **settings, epochs=10)
    untrained = pipeline(dataset=dataset, **settings, epochs=0)
    assert result.get_metric("mrr") > untrained.get_metric("mrr") + 0.08


def test_lightning_takes_global_batches_from_the_file(folder, tmp_path):
    def run(steps, ckpt_path=None, callbacks=(), **kwargs):
        module = make(dict(embedding_dim=8), dataset=dataset, dataset_kwargs=None, model="RotE", batch_size=1_061)
        batches = []
        step = module.training_step
        module.training_step = lambda batch, *args: batches.append(batch.triples.clone()) or step(batch, *args)
        trainer(max_epochs=-1, max_steps=steps, callbacks=list(callbacks), **kwargs).fit(
            module, ckpt_path=ckpt_path, weights_only=True
        )
        return batches, {key: value.clone() for key, value in module.state_dict().items()}

    dataset = MappedDataset(folder, create_inverse_triples=True)
    batches, parameters = run(8, callbacks=[save_each_step(tmp_path)], enable_checkpointing=True)
    expected = add_inverse_triples(dataset.training, dataset.training.mapped_triples)
    seen = torch.cat(batches[:4])
    assert torch.equal(*(x[np.lexsort(x.numpy().T)] for x in (seen, expected)))
    rest, found = run(8, ckpt_path=tmp_path / "step=6.ckpt")
    assert all(map(torch.equal, rest, batches[6:]))
    assert len(rest) == 2
    assert all(torch.equal(found[key], value) for key, value in parameters.items())
    other = CoreTriplesFactory(dataset.training.mapped_triples.flip(0), 14, 55, create_inverse_triples=True)
    dataset = EagerDataset(other, dataset.testing, dataset.validation)
    with pytest.raises(CheckpointError, match="training_triples is"):
        run(8, ckpt_path=tmp_path / "step=6.ckpt")
