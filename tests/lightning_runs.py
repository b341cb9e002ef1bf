"""Trainings for test_lightning_module.py: in one process there, in two by ``torchrun lightning_runs.py FOLDER``."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytorch_lightning
import torch
from pykeen.contrib.lightning import lit_module_resolver

#: 3,184 triples with inverses: 3 batches of 1,061 and one of a single triple, which one of two processes has
RUNS = {
    "RotE": dict(model="RotE", model_kwargs=dict(embedding_dim=8), batch_size=1061),
    "one query per step": dict(
        model="RotE", model_kwargs=dict(embedding_dim=8, loss_kwargs=dict(alpha=0.001)), batch_size=1061
    ),
    "scale, bias, N3": dict(
        model="ConjComplEx",
        model_kwargs=dict(embedding_dim=8, relation_scale=True, tail_bias=True, regularizer="N3"),
        batch_size=999,
    ),
    "no inverse triples": dict(
        dataset_kwargs=dict(create_inverse_triples=False),
        model="FiveStarE",
        model_kwargs=dict(embedding_dim=4),
        batch_size=499,
    ),
    "PyKEEN's model": dict(model="TransE", model_kwargs=dict(embedding_dim=8), batch_size=1000),
    "PyKEEN's loss": dict(
        model="QueryDistMult", model_kwargs=dict(embedding_dim=8, loss="bcewithlogits"), batch_size=1061
    ),
}


def make(model_kwargs, **kwargs):
    """Make a module, with the defaults of HaLE where there is no other loss: said, or they come from the graph."""
    loss = {} if "loss" in model_kwargs else {"loss": "HaLE", "loss_kwargs": {"activation": "hanon"}}
    defaults = dict(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model_kwargs={**loss, "random_seed": 0, **model_kwargs},
        learning_rate=0.01,
        optimizer="adam",
        random_seed=7,
    )
    return lit_module_resolver.make("QuerySampling", {**defaults, **kwargs})


def trainer(**kwargs):
    """Make a trainer which is silent."""
    silent = dict(logger=False, enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False)
    return pytorch_lightning.Trainer(**{**silent, "accelerator": "cpu", "max_epochs": 2, **kwargs})


def save_each_step(folder):
    """Make a callback which writes step=1.ckpt, step=2.ckpt, …"""
    return pytorch_lightning.callbacks.ModelCheckpoint(
        folder, "step={step}", auto_insert_metric_name=False, save_top_k=-1, every_n_train_steps=1
    )


def train(name, ckpt_path=None, callbacks=(), **kwargs):
    """Train, and return the epochs' losses and the final parameters."""
    losses = []
    record = pytorch_lightning.callbacks.LambdaCallback(
        on_train_epoch_end=lambda trainer, module: losses.append(
            {name: trainer.callback_metrics[name].item() for name in ("train_loss", "val_loss")}
        )
    )
    module = make(**RUNS[name])
    trainer(callbacks=[record, *callbacks], **kwargs).fit(module, ckpt_path=ckpt_path, weights_only=True)
    return dict(losses=losses, parameters={key: value.clone() for key, value in module.model.state_dict().items()})


def main(folder):
    """Train each in the processes which torchrun started; resume one in the middle of its second epoch."""
    processes = dict(strategy="ddp", devices=2)
    results = {name: train(name, **processes) for name in RUNS}
    train("RotE", callbacks=[save_each_step(folder)], enable_checkpointing=True, **processes)
    results["resumed"] = train("RotE", ckpt_path=folder / "step=6.ckpt", **processes)
    if torch.distributed.get_rank() == 0:
        torch.save(results, folder / "results.pt")
    # without it a process may abort at its exit, in a thread of gloo
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]))
