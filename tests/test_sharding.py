"""Sharded entities: any number of processes equals one that has all; checkpoints, ranks, answers, bad input."""

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from lightning_runs import make, save_each_step, trainer
from pykeen.typing import LABEL_HEAD, LABEL_TAIL
from pytorch_lightning.callbacks import ModelCheckpoint
from sharded_runs import COMMON, RUNS, evaluate, limits, module_of, queries_of

from pykeen_conj_hale.sharding import Shards, export_shards, read_shards
from pykeen_conj_hale.sharding.checkpoint import read_about, read_model, write_checkpoint
from pykeen_conj_hale.sharding.embedding import ShardedEmbedding
from pykeen_conj_hale.training import CheckpointError
from pykeen_conj_hale.training.lazy_adam import LazyAdam

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")

ROOT = Path(__file__).resolve().parents[1]
LOOPBACK = {"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}


def torchrun(number, *arguments):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1"]
    command += [f"--nproc-per-node={number}", str(ROOT / "tests/sharded_runs.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | LOOPBACK)


def results_of(folder, number, what="compare"):
    done = torchrun(number, folder, what)
    assert done.returncode == 0, done.stderr
    return torch.load(folder / f"{what}-{number}.pt", weights_only=True)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    return folder, results_of(folder, 2)


def check_as_one(name, results, has_replicas=False):
    """Compare with a process that has all entities, knows nothing of shards, and begins with the same parameters."""
    found = results[name]
    module, losses = module_of(name), []
    module.load_state_dict(found["initial"])
    step = module.training_step

    def training_step(*args):
        losses.append(step(*args))
        return losses[-1]

    module.training_step = training_step
    # replicas average dense gradients
    if not has_replicas and name == "RotL, candidates":
        module.configure_optimizers = lambda: lazy(module)
    trainer(**limits()).fit(module)
    if not has_replicas:
        # with replicas each process knows the loss of its own triples, and averages gradients
        torch.testing.assert_close(torch.tensor(found["losses"]), torch.stack(losses).detach(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found["parameters"], dict(module.state_dict()), rtol=0, atol=1e-5)
    assert found["mrr"] == pytest.approx(evaluate(module), abs=1e-5)
    check_top(module, found["top"])
    return module


def lazy(module):
    """Make the optimizer that large graphs have."""
    from pykeen_conj_hale.training.lazy_adam import LazyAdam
    from pykeen_conj_hale.training.sparse_updates import choose_sparse_updates

    optimizer = LazyAdam(module.parameters(), lr=0.01)
    assert choose_sparse_updates(module.terms, optimizer, True)
    return optimizer


def check_top(module, top):
    queries, model = queries_of(module), module.model
    for side, (ids, values) in zip((LABEL_HEAD, LABEL_TAIL), top, strict=True):
        batch = torch.stack([queries[:, 0], queries[:, 1], queries[:, 0]], dim=1)
        scores = model.predict(batch, target=side).detach()
        torch.testing.assert_close(values, scores.topk(5).values)
        torch.testing.assert_close(scores.gather(1, ids), values)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(RUNS)[:3])
def test_two_processes_equal_one(two, name):
    check_as_one(name, two[1])


@pytest.mark.slow
@pytest.mark.parametrize("what", ["compare", "replicas"])
def test_four_processes_equal_one(tmp_path, what):
    results = results_of(tmp_path, 4, what)
    for name in RUNS:
        check_as_one(name, results, has_replicas=what == "replicas")


@pytest.mark.slow
def test_exported_shards_are_the_tables(two):
    folder, results = two
    for name in results:
        tables = read_shards(folder / name)
        for key, value in results[name]["parameters"].items():
            if key.endswith("_embeddings.weight"):
                kind, index = key.split(".")[1].removesuffix("_representations"), key.split(".")[2]
                torch.testing.assert_close(tables[f"{kind}.{index}"].reshape(value.shape), value, rtol=0, atol=0)
    next((folder / "RotE").glob("*00002-of*")).unlink()
    with pytest.raises(ValueError, match="has 1 shards"):
        read_shards(folder / "RotE")


@pytest.mark.slow
def test_a_checkpoint_is_read_by_one_process(two):
    folder, _ = two
    module = module_of("RotE")
    module.load_state_dict(read_model(folder / "step=40.ckpt"))
    assert 0 < read_about(folder / "step=40.ckpt")["global_step"] == 40
    assert not list(folder.glob("*.part")) + list(folder.glob("*.before"))
    with pytest.raises(ValueError, match="is no checkpoint of sharded entities"):
        read_model(folder)


@pytest.fixture
def alone():
    """Train in this process alone, which has the only shard."""
    yield lambda name, **kwargs: __import__("sharded_runs").train(name, "entity_shards", **kwargs)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_one_process_goes_on_from_the_checkpoint_of_two(two, alone):
    folder, results = two
    _, found = alone("RotE", ckpt_path=folder / "step=20.ckpt")
    torch.testing.assert_close(found["parameters"], results["RotE"]["parameters"], rtol=0, atol=1e-5)
    assert found["losses"] == pytest.approx(results["RotE"]["losses"][20:], abs=1e-5)


@pytest.mark.slow
def test_a_checkpoint_of_another_model(two, alone):
    with pytest.raises(CheckpointError, match="model is 'RotE' in the checkpoint, but 'RotL' in this run"):
        alone("RotL, candidates", ckpt_path=two[0] / "step=20.ckpt")


@pytest.mark.slow
def test_a_killed_process_ends_all_and_leaves_a_whole_checkpoint(tmp_path, two):
    done = torchrun(2, tmp_path, "die")
    assert done.returncode != 0
    assert "SIGKILL" in done.stderr
    for number in (1, 2, 4):
        found = results_of(tmp_path, number, "resume")
        torch.testing.assert_close(found["parameters"], two[1]["RotE"]["parameters"], rtol=0, atol=1e-5)


# --- parts


def shards_of(size, rank):
    return Shards(SimpleNamespace(size=lambda: size, get_local_rank=lambda: rank, get_group=lambda: None))


@pytest.mark.parametrize(("num", "size"), [(1, 1), (7, 2), (8, 4), (10, 4), (70_000, 3)])
def test_each_row_is_in_one_shard_as_pytorch_chunks_them(num, size):
    rows = [list(shards_of(size, rank).rows(num)) for rank in range(size)]
    assert rows == [chunk.tolist() for chunk in torch.arange(num).chunk(size)]


@pytest.mark.parametrize(("num", "size"), [(1, 2), (5, 4), (9, 8)])
def test_more_processes_than_rows(num, size):
    with pytest.raises(ValueError, match=f"shards={size} is not allowed for {num} entities"):
        shards_of(size, 0).rows(num)


@pytest.mark.parametrize("size", [2, 3])
def test_initial_values_do_not_depend_on_the_number_of_processes(monkeypatch, size):
    monkeypatch.setattr("pykeen_conj_hale.sharding.embedding._BLOCK_ROWS", 16)

    def rows(size, rank):
        table = ShardedEmbedding(max_id=53, shape=3, dtype=torch.complex64)
        table.share(shards_of(size, rank), torch.device("cpu"), seed=5)
        return table.own_rows().detach()

    torch.testing.assert_close(torch.cat([rows(size, rank) for rank in range(size)]), rows(1, 0), rtol=0, atol=0)
    assert len(torch.view_as_real(rows(1, 0)).unique()) == 318


# --- bad input


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        (dict(model="TransE"), "not possible with model=TransE: it is no query model"),
        (dict(shard_entities="yes"), "shard_entities='yes' is not allowed"),
        (dict(model_kwargs=dict(embedding_dim=4, entity_representations=None)), "leave that out"),
    ],
)
def test_modules_that_cannot_be_sharded(kwargs, message):
    with pytest.raises(ValueError, match=message):
        make(**{"model": "RotE", "model_kwargs": dict(embedding_dim=4), "shard_entities": True, **kwargs})


def test_a_trainer_that_does_not_shard():
    module = module_of("RotE", shard_entities=True)
    with pytest.raises(ValueError, match="do not go together"):
        trainer(**limits()).fit(module)
    with pytest.raises(ValueError, match="have no values before a trainer"):
        export_shards("folder", module.model)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        (
            dict(model_kwargs=dict(embedding_dim=4, loss="NonNeg", relation_scale=False)),
            "this loss asks for all entities",
        ),
        (dict(model_kwargs=dict(embedding_dim=4, loss="bcewithlogits")), "asks for the scores of all entities"),
        (dict(dataset_kwargs=dict(create_inverse_triples=False)), "create_inverse_triples=False is not possible"),
    ],
)
def test_losses_that_need_all_entities(alone, kwargs, message):
    module = make(**{"model": "RotE", "model_kwargs": dict(embedding_dim=4), "shard_entities": True, **kwargs})
    with pytest.raises(ValueError, match=message):
        trainer(strategy="entity_shards", **limits()).fit(module)


REFUSED = {
    "processes": "ValueError: shards=2 is not allowed for 1 entities",
    "batch": "ValueError: batch_size=1 is the number of triples of a step over all processes, and must be at least",
    "rows": "ValueError: initializer='pretrained' of entities is not possible where they are sharded",
    "no embedding": "ValueError: shard_entities=True is not possible with model=TransE: it is no query model",
    "another model": "CheckpointError: model is 'RotE' in the checkpoint, but 'RotL' in this run",
    "another graph": "CheckpointError: training_triples is ",
    "no checkpoint": "is no checkpoint of sharded entities",
    "broken triple": "train.tsv, line 3: expected three non-empty columns",
}


@pytest.mark.slow
def test_what_is_not_allowed_is_an_error_on_every_process_and_none_waits(tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    for stem in ("train", "valid", "test"):
        (broken / f"{stem}.tsv").write_text("a\tr\tb\nb\tr\tc\nc\tr\n")
    found = results_of(tmp_path, 2, "refuse")
    assert {name: [message in error for error in found[name]] for name, message in REFUSED.items()} == {
        name: [True, True] for name in REFUSED
    }, found


def test_clipping_by_the_norm(alone):
    module = module_of("RotE", shard_entities=True)
    with pytest.raises(ValueError, match=r"gradient_clip_val=1.0 is not possible"):
        trainer(strategy="entity_shards", gradient_clip_val=1.0, **limits()).fit(module)


def test_clipping_by_value(monkeypatch, alone):
    """Sparse gradients, of which a row may be there several times, as dense ones."""
    monkeypatch.setitem(COMMON, "optimizer", "sgd")
    found = []
    for large in (10, 10**6):
        monkeypatch.setattr("pykeen_conj_hale.training.sparse_updates.LARGE_GRAPH", large)
        clip = dict(gradient_clip_val=1e-3, gradient_clip_algorithm="value")
        torch.manual_seed(0)  # of the candidates
        module, results = alone("RotL, candidates", steps=3, **clip)
        assert bool(module.terms.sparse_tables) == (large == 10)
        found.append(results["parameters"])
        moves = [(value - results["initial"][key]).abs().max() for key, value in found[-1].items()]
        assert max(moves) == pytest.approx(3 * 0.01 * 1e-3, rel=0.01)
    torch.testing.assert_close(*found)


def test_a_checkpoint_of_the_weights_only(tmp_path, alone):
    """Nothing can go on from it, which Lightning says itself."""
    weights = ModelCheckpoint(tmp_path, "weights", save_weights_only=True)
    alone("RotE", callbacks=[weights], enable_checkpointing=True, steps=1)
    with pytest.raises(KeyError, match="checkpoint contains only the model"):
        alone("RotE", ckpt_path=tmp_path / "weights.ckpt", steps=2)


def test_going_on_with_replicas(tmp_path, monkeypatch, alone):
    """They average dense gradients, for which Adam itself goes on from the state of looked-up rows."""
    monkeypatch.setattr("pykeen_conj_hale.training.sparse_updates.LARGE_GRAPH", 10)
    name, save = "RotL, candidates", save_each_step(tmp_path)
    module, _ = alone(name, callbacks=[save], enable_checkpointing=True, steps=2)
    assert type(module.trainer.optimizers[0]) is LazyAdam
    # as with replicas
    monkeypatch.setattr("pykeen_conj_hale.training.sparse_updates.LARGE_GRAPH", 10**6)
    module, found = alone(name, ckpt_path=tmp_path / "step=2.ckpt", steps=4)
    assert type(module.trainer.optimizers[0]) is torch.optim.Adam
    assert all(math.isfinite(loss) for loss in found["losses"])
    # and back, where what is dense stays dense
    save = save_each_step(tmp_path / "dense")
    alone(name, callbacks=[save], enable_checkpointing=True, steps=2)
    monkeypatch.setattr("pykeen_conj_hale.training.sparse_updates.LARGE_GRAPH", 10)
    module, _ = alone(name, ckpt_path=tmp_path / "dense/step=2.ckpt", steps=4)
    assert type(module.trainer.optimizers[0]) is LazyAdam
    assert module.global_step == 4


def test_numbers_of_processes(alone):
    from pykeen_conj_hale.training.lightning.strategy import EntityShardsStrategy

    with pytest.raises(ValueError, match="shards=0 is not allowed"):
        EntityShardsStrategy(shards=0)
    with pytest.raises(ValueError, match="shards=3 times replicas=1 is not the number of processes, 1"):
        trainer(strategy=EntityShardsStrategy(shards=3), **limits()).fit(module_of("RotE", shard_entities=True))


@pytest.fixture
def one_process():
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


def test_what_a_killed_process_left_is_not_in_the_way(tmp_path, one_process):
    """It was killed while it removed the checkpoint before, or before it had put the new one in its place."""
    path, before = tmp_path / "c.ckpt", tmp_path / "c.ckpt.before"

    def write(number):
        write_checkpoint(path, {"model:x": torch.full((2,), float(number))}, {"number": number})

    write(1)
    shutil.copytree(path, before)
    write(2)
    assert (read_about(path)["number"], read_model(path)["x"].tolist()) == (2, [2, 2])
    assert [x.name for x in tmp_path.iterdir()] == ["c.ckpt"]
    path.rename(before)
    with pytest.raises(ValueError, match=r"has left the one before: .*c\.ckpt\.before"):
        read_about(path)
    assert read_about(before)["number"] == 2
    write(3)
    assert read_about(path)["number"] == 3
