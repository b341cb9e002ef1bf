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
from pykeen.typing import LABEL_HEAD, LABEL_TAIL
from torch import distributed

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator, predict_top
from pykeen_conj_hale.sharding import export_shards
from pykeen_conj_hale.training import sparse_updates

STEPS = 50
COMMON = dict(dataset="kinships", batch_size=512)
RUNS = {
    "RotE": dict(model="RotE", model_kwargs=dict(embedding_dim=8)),
    # a shard may have none of the candidates of a step; the optimizer updates the looked-up rows only
    "RotL, candidates": dict(model="RotL", model_kwargs=dict(embedding_dim=8, loss_kwargs=dict(candidates=5))),
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
    results = evaluator.evaluate(
        module.model, triples, additional_filter_triples=known, use_tqdm=False, batch_size=64, device="cpu"
    )
    return results.get_metric("mrr")


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


def die_at(run, step):
    """End the last process as the system's memory killer does."""
    if run.global_step == step and run.global_rank == run.world_size - 1:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]), sys.argv[2])
