"""Train on all devices of one or several machines, through PyTorch Lightning, and evaluate with PyKEEN.

    python examples/lightning_ddp.py                                    one device
    torchrun --nproc-per-node=4 examples/lightning_ddp.py               one machine with four GPUs
    torchrun --nnodes=2 --nproc-per-node=4 --rdzv-backend=c10d --rdzv-endpoint=HOST:29500 examples/lightning_ddp.py
                                                                        the same on each of two machines
    torchrun --nproc-per-node=2 examples/lightning_ddp.py --accelerator cpu     to try it without a GPU

It needs the extra ``lightning``: ``pip install 'pykeen-conj-hale[lightning]'``. A run that was killed goes on with
``--resume``; so does one that ``--max-time`` ended, with a longer one, as it is the total time.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import pytorch_lightning
import torch.distributed
from pykeen.contrib.lightning import LitModule, lit_module_resolver
from pykeen.evaluation import RankBasedEvaluator
from pykeen.utils import resolve_device
from pytorch_lightning.callbacks import ModelCheckpoint


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Train RotE with the HaLE loss on all devices, and evaluate it.")
    add = parser.add_argument
    add("--dataset", default="kinships", help="a dataset of PyKEEN or of this package (default: %(default)s)")
    add("--model", default="RotE", help="(default: %(default)s)")
    add("--dim", type=int, default=32, help="embedding dimension (default: %(default)s)")
    add("--batch-size", type=int, default=1024, help="triples per step, over all processes (default: %(default)s)")
    add("--learning-rate", type=float, default=0.01, help="of Adam (default: %(default)s)")
    add("--max-epochs", type=int, default=-1, help="-1 for no limit (default: %(default)s)")
    add("--max-time", default="00:00:01:00", help="DD:HH:MM:SS of training and validation (default: %(default)s)")
    add("--accelerator", default="auto", help='"cpu", "gpu" or "auto" (default: %(default)s)')
    add("--precision", default="32-true", help='such as "bf16-mixed" (default: %(default)s)')
    add("--seed", type=int, default=0, help="random seed (default: %(default)s)")
    add("--out", type=Path, metavar="DIR", default=Path("results/lightning"), help="(default: %(default)s)")
    add("--resume", action="store_true", help="go on from the last checkpoint in --out")
    return parser.parse_args()


def processes() -> dict[str, Any]:
    """Choose Lightning's strategy by what torchrun has started, if it has."""
    if "WORLD_SIZE" not in os.environ:
        return dict(devices=1)
    local = int(os.environ["LOCAL_WORLD_SIZE"])
    return dict(strategy="ddp", devices=local, num_nodes=int(os.environ["WORLD_SIZE"]) // local)


def evaluate(module: LitModule) -> None:
    """Print the metrics of the test triples.

    :param module: the trained module
    """
    dataset = module.dataset
    assert dataset.validation is not None
    result = RankBasedEvaluator().evaluate(
        module.model.to(resolve_device()),
        dataset.testing.mapped_triples,
        additional_filter_triples=[dataset.training.mapped_triples, dataset.validation.mapped_triples],
        batch_size=256,
        use_tqdm=False,
    )
    print({name: round(result.get_metric(name), 4) for name in ("mrr", "hits_at_1", "hits_at_10")})


def main() -> None:
    """Train in all processes, evaluate in one."""
    arguments = parse_arguments()
    pytorch_lightning.seed_everything(arguments.seed)
    module: LitModule = lit_module_resolver.make(
        "QuerySampling",
        dataset=arguments.dataset,
        dataset_kwargs=dict(create_inverse_triples=True),
        model=arguments.model,
        model_kwargs=dict(embedding_dim=arguments.dim, loss="HaLE", random_seed=arguments.seed),
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        optimizer="Adam",
    )
    last = arguments.out / "last.ckpt"
    if arguments.resume and not last.is_file():
        raise SystemExit(f"error: there is no {last} to resume from; leave out --resume for a new run")
    if last.is_file() and not arguments.resume:
        raise SystemExit(f"error: {last} is that of an earlier run; go on with --resume, or choose another --out")
    trainer = pytorch_lightning.Trainer(
        accelerator=arguments.accelerator,
        precision=arguments.precision,
        max_epochs=arguments.max_epochs,
        max_time=arguments.max_time,
        # at the end of an epoch, also of one that --max-time cut before its validation
        callbacks=[ModelCheckpoint(arguments.out, save_last=True, monitor="val_loss", save_on_train_epoch_end=True)],
        default_root_dir=arguments.out,
        **processes(),
    )
    trainer.fit(module, ckpt_path=last if arguments.resume else None, weights_only=True)
    if trainer.is_global_zero:
        print({name: round(float(value), 4) for name, value in trainer.callback_metrics.items()})
        evaluate(module)
    if torch.distributed.is_initialized():
        # without it a process may abort at its exit, in a thread of gloo
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
