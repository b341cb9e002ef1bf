"""Trains some steps with sharded entities; by ``torchrun sharded_steps.py`` in any number of processes.

The first process writes a JSON line: seconds by stage, and the memory of each process: ``anon``, what is its own, after
each stage; the peak of all that is resident, in which mapped files count once per process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import measuring
import pytorch_lightning
import torch
from pykeen.contrib.lightning import lit_module_resolver
from pykeen.datasets.base import Dataset, EagerDataset
from pykeen.triples import CoreTriplesFactory
from pytorch_lightning.callbacks import LambdaCallback
from torch import distributed

from pykeen_conj_hale.datasets import MappedDataset
from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator, predict_top


def synthetic(entities: int) -> Dataset:
    """Draw few triples of many entities."""
    generator = torch.Generator().manual_seed(0)
    sizes = [entities, 822, entities]
    triples = torch.stack([torch.randint(high, (100_000,), generator=generator) for high in sizes], dim=-1)
    parts = [triples, triples[:100], triples[:100]]
    factories = [CoreTriplesFactory(x, entities, 822, create_inverse_triples=i == 0) for i, x in enumerate(parts)]
    return EagerDataset(*factories)


class Stages:
    """Notes the seconds of stages, and the memory of this process after them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.anon: dict[str, float] = {}
        self._start = time.perf_counter()

    def end(self, name: str) -> None:
        """End a stage."""
        now = time.perf_counter()
        self.seconds[name], self._start = round(now - self._start, 1), now
        self.anon[name] = round(measuring.memory("RssAnon"))


def main(arguments: argparse.Namespace) -> None:
    """Train, evaluate, predict, save."""
    stages = Stages()
    stages.end("imports")
    dataset = (
        synthetic(arguments.entities)
        if arguments.folder is None
        else MappedDataset(arguments.folder, create_inverse_triples=True)
    )
    stages.end("data")
    module = lit_module_resolver.make(
        "QuerySampling",
        dataset=dataset,
        model="RotE",
        model_kwargs=dict(
            embedding_dim=arguments.dim,
            loss="HaLE",
            loss_kwargs=dict(activation="hanon", alpha=1.0, candidates=1_000),
            random_seed=0,
        ),
        batch_size=1_024,
        learning_rate=0.01,
        optimizer="adam",
        random_seed=0,
        shard_entities=True,
    )
    losses: list[float] = []
    trainer = pytorch_lightning.Trainer(
        strategy="entity_shards",
        devices=int(os.environ["WORLD_SIZE"]),
        accelerator="cpu",
        max_epochs=-1,
        max_steps=arguments.steps,
        limit_val_batches=0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        callbacks=[
            LambdaCallback(
                on_train_start=lambda *_: stages.end("resume" if arguments.resume else "entities"),
                on_train_batch_end=lambda trainer, module, outputs, *_: losses.append(float(outputs["loss"])),
            )
        ],
    )
    trainer.fit(module, ckpt_path=arguments.checkpoint if arguments.resume else None, weights_only=True)
    stages.end("steps")
    facts: dict[str, Any] = dict(losses=[round(losses[0], 6), round(losses[-1], 6)])
    if arguments.checkpoint and not arguments.resume:
        trainer.save_checkpoint(arguments.checkpoint)
        stages.end("checkpoint")
    if arguments.evaluate:
        triples = dataset.testing.mapped_triples[: arguments.evaluate]
        # by default PyKEEN computes expectations, each of which takes as many logarithms as there are candidates
        evaluator = IndexedRankBasedEvaluator(metrics=["arithmetic_mean_rank"], add_defaults=False)
        results = evaluator.evaluate(
            module.model,
            triples,
            additional_filter_triples=[dataset.training.mapped_triples],
            # entities are gone through once per batch
            batch_size=10,
            use_tqdm=False,
            device="cpu",
        )
        facts["mean_rank"] = results.get_metric("arithmetic_mean_rank")
        stages.end("ranks")
        facts["top"] = predict_top(module.model, triples[:2, :2], 3)[0].tolist()
        stages.end("best answers")
    own = dict(anon=stages.anon, peak=round(measuring.memory("VmHWM")))
    processes: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(processes, own)
    if distributed.get_rank() == 0:
        sys.stdout.write(json.dumps(dict(seconds=stages.seconds, processes=processes, **facts)) + "\n")
    distributed.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="mapped triples; without it a few synthetic ones")
    parser.add_argument("--entities", type=int, default=8_000_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--evaluate", type=int, default=0, help="the number of triples")
    parser.add_argument("--checkpoint", type=Path, help="the folder to write, or to resume from")
    parser.add_argument("--resume", action="store_true")
    warnings.simplefilter("ignore")
    main(parser.parse_args())
