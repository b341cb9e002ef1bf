"""Trainings for test_sharding.py, by ``torchrun sharded_runs.py FOLDER WHAT`` in any number of processes."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from pathlib import Path

import pytorch_lightning
import torch
from lightning_runs import make, save_each_step, trainer
from pykeen.datasets.base import EagerDataset
from pykeen.nn.init import PretrainedInitializer
from pykeen.triples import CoreTriplesFactory
from pykeen.typing import LABEL_HEAD, LABEL_TAIL
from torch import distributed

from pykeen_conj_hale.datasets import FolderDataset
from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator, predict_top, sharded
from pykeen_conj_hale.sharding import export_shards
from pykeen_conj_hale.training import sparse_updates

STEPS = 50
#: So that a shard of kinships takes several chunks
sharded._CHUNK_VALUES = {"cpu": 100}
COMMON = dict(dataset="kinships", batch_size=512)
RUNS = {
    "RotE": dict(model="RotE", model_kwargs=dict(embedding_dim=8)),
    # a shard may have none of the candidates of a step; the optimizer updates the looked-up rows only
    "RotL, candidates": dict(
        model="RotL", model_kwargs=dict(embedding_dim=8, loss_kwargs=dict(candidates=5), min_reflexive=0.5)
    ),
    "ConjComplEx, scale, bias, N3": dict(
        model="ConjComplEx",
        model_kwargs=dict(embedding_dim=8, relation_scale=True, tail_bias=True, regularizer="N3"),
    ),
    "RotH": dict(model="RotH", model_kwargs=dict(embedding_dim=8)),
}


def module_of(name, **kwargs):
    """Make a module of kinships."""
    return make(**COMMON, **RUNS[name], **kwargs)


def limits(steps=STEPS):
    """End after so many steps, of which an epoch has 34."""
    return dict(max_epochs=-1, max_steps=steps, num_sanity_val_steps=0)


def evaluate(module):
    """Rank test triples, both sides."""
    dataset, evaluator = module.dataset, IndexedRankBasedEvaluator()
    known = [dataset.training.mapped_triples, dataset.validation.mapped_triples]
    triples = dataset.testing.mapped_triples[:200]
    arguments = dict(additional_filter_triples=known, use_tqdm=False, batch_size=64, device="cpu")
    # of all entities; of two thirds, some of each shard; of some of one shard
    parts = [None, [i for i in range(dataset.num_entities) if i % 3], range(20)]
    found = [
        evaluator.evaluate(
            module.model, triples, **arguments, restrict_entities_to=part, pre_filtered_triples=part is None
        )
        for part in parts
    ]
    return [results.get_metric("mrr") for results in found]


def queries_of(module):
    """Choose queries (head, relation)."""
    return module.dataset.testing.mapped_triples[:7, :2]


def whole(state):
    """Gather all tensors in all processes."""
    return {key: x.full_tensor() if hasattr(x, "full_tensor") else x.clone() for key, x in state.items()}


def train(name, strategy, ckpt_path=None, callbacks=(), steps=STEPS, **kwargs):
    """Train; return module, initial and final parameters, and the losses."""
    initial, losses = {}, []
    record = pytorch_lightning.callbacks.LambdaCallback(
        on_train_start=lambda t, m: initial.update(whole(t.strategy.lightning_module_state_dict())),
        on_train_batch_end=lambda t, m, outputs, *_: losses.append(float(outputs["loss"])),
    )
    module = module_of(name, shard_entities=True)
    devices = int(os.environ.get("WORLD_SIZE", 1))
    run = trainer(strategy=strategy, devices=devices, callbacks=[record, *callbacks], **limits(steps), **kwargs)
    run.fit(module, ckpt_path=ckpt_path, weights_only=True)
    final = whole(run.strategy.lightning_module_state_dict())
    return module, dict(initial=initial, parameters=final, losses=losses)


def compare(folder, make_strategy, names):
    """Train, evaluate, predict and export each; Lightning takes a strategy once."""
    results = {}
    for name in names:
        sparse_updates.LARGE_GRAPH = 10 if name == "RotL, candidates" else 100_000
        strategy = make_strategy()
        module, results[name] = train(name, strategy)
        model = module.model
        results[name]["mrr"] = evaluate(module)
        results[name]["top"] = [predict_top(model, queries_of(module), 5, side) for side in (LABEL_HEAD, LABEL_TAIL)]
        if strategy == "entity_shards":
            export_shards(folder / name, model)
    return results


def main(folder, what):
    """Do what is asked for."""
    number = os.environ["WORLD_SIZE"]
    if what == "compare":
        names = list(RUNS)[: 3 if number == "2" else None]
        results = compare(folder, lambda: "entity_shards", names)
        save = save_each_step(folder)
        save._every_n_train_steps = 20
        train("RotE", "entity_shards", callbacks=[save], enable_checkpointing=True)
    elif what == "replicas":
        from pykeen_conj_hale.training.lightning.strategy import EntityShardsStrategy

        results = compare(folder, lambda: EntityShardsStrategy(shards=int(number) // 2, replicas=2), RUNS)
    elif what == "refuse":
        results = refuse(folder)
    elif what == "resume":
        results = train("RotE", "entity_shards", ckpt_path=folder / "step=20.ckpt")[1]
    else:
        die = pytorch_lightning.callbacks.LambdaCallback(on_train_batch_end=lambda t, *_: die_at(t, 30))
        save = save_each_step(folder)
        save._every_n_train_steps = 20
        train("RotE", "entity_shards", callbacks=[save, die], enable_checkpointing=True)
    if distributed.get_rank() == 0:
        torch.save(results, folder / f"{what}-{number}.pt")
    distributed.destroy_process_group()


def refuse(folder):
    """Do what is not allowed, one after the other; return the error of each on each process."""
    from pykeen_conj_hale.training.lightning.strategy import EntityShardsStrategy

    distributed.init_process_group("gloo")
    number = distributed.get_world_size()
    model = dict(model="RotE", model_kwargs=dict(embedding_dim=4), shard_entities=True)
    one = torch.zeros(3, 3, dtype=torch.long)
    few = EagerDataset(*(CoreTriplesFactory(one, 1, 1, create_inverse_triples=i == 0) for i in range(2)))

    def fit(strategy="entity_shards", ckpt_path=None, **kwargs):
        run = trainer(strategy=strategy, devices=number, **limits(1))
        run.fit(make(**{**model, **kwargs}), ckpt_path=ckpt_path, weights_only=True)

    initializer = dict(embedding_dim=4, entity_initializer=PretrainedInitializer(torch.zeros(14, 4)))
    cases = {
        "processes": lambda: fit(dataset=few, dataset_kwargs=None),
        "batch": lambda: fit(EntityShardsStrategy(shards=1, replicas=number), batch_size=1),
        "rows": lambda: fit(model_kwargs=initializer),
        "no embedding": lambda: fit(model="TransE"),
        "another model": lambda: fit(ckpt_path=folder / "step=1.ckpt", **COMMON, model="RotL"),
        "another graph": lambda: fit(ckpt_path=folder / "step=1.ckpt"),
        "no checkpoint": lambda: fit(ckpt_path=folder),
        "broken triple": lambda: fit(dataset=FolderDataset(folder / "broken"), dataset_kwargs=None),
    }
    run = trainer(strategy="entity_shards", devices=number, **limits(1))
    run.fit(make(**{**model, **COMMON}))
    run.save_checkpoint(folder / "step=1.ckpt")
    errors = {}
    for name, case in cases.items():
        try:
            case()
            error = None
        except Exception as caught:
            error = f"{type(caught).__name__}: {caught}"
        errors[name] = [None] * number
        distributed.all_gather_object(errors[name], error)
    return errors


def die_at(run, step):
    """End the last process as the system's memory killer does."""
    if run.global_step == step and run.global_rank == run.world_size - 1:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]), sys.argv[2])
