"""Alignment and uniformity after each epoch of a training, for HaLE and what it is compared with.

Both are of distances x, minus the scores, whatever the loss makes of them. Alignment is the mean x of validation
triples. Uniformity is the mean over their queries of the logarithm of the mean of exp(-x) over all entities. Good
models have both small. Appends a JSON line per way to ``--out``.

    python examples/research/alignment_uniformity.py
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any, Final

import recording
import torch
from pykeen.datasets import Dataset, dataset_resolver
from pykeen.pipeline import pipeline
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale.evaluation import rank_triples

#: The loss and its arguments, by the name of the way
WAYS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "HaLE": ("HaLE", dict(alpha=1.0, gamma=10.0)),
    "HaLE without activation": ("HaLE", dict(alpha=1.0, activation="none")),
    "cross entropy": ("AllNeg", {}),
}


class Measuring(TrainingCallback):
    """Measures after each epoch, which is not charged to a budget."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.dataset = dataset
        #: Alignment, uniformity and MRR after each epoch
        self.curve: list[list[float]] = []

    def post_epoch(self, epoch: int, epoch_loss: float, **kwargs: Any) -> None:
        """Measure."""
        assert self.dataset.validation is not None
        self.model.eval()
        triples = self.dataset.validation.mapped_triples
        with torch.inference_mode():
            alignment = -self.model.predict_hrt(triples).mean()
            scores = self.model.predict_t(triples[:, :2])
            uniformity = (scores.logsumexp(dim=-1) - math.log(scores.shape[-1])).mean()
        table = rank_triples(self.model, self.dataset.validation, known=[self.dataset.training], targets=["tail"])
        self.model.train()
        mrr = table["reciprocal_rank"].mean()
        self.curve.append([round(float(value), 4) for value in (alignment, uniformity, mrr)])


def main() -> None:
    """Train each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--dataset", default="kinships", help="PyKEEN's name of the dataset (default: %(default)s)")
    add("--model", default="RotE", help="a model by squared distance (default: %(default)s)")
    add("--dim", type=int, default=32)
    add("--epochs", type=int, default=20)
    add("--seed", type=int, default=0)
    add("--out", type=Path, default=Path("results/alignment_uniformity.jsonl"))
    arguments = parser.parse_args()
    dataset = dataset_resolver.make(arguments.dataset, create_inverse_triples=True)
    for name, (loss, loss_kwargs) in WAYS.items():
        measuring = Measuring(dataset)
        pipeline(
            dataset=dataset,
            model=arguments.model,
            model_kwargs=dict(embedding_dim=arguments.dim),
            loss=loss,
            loss_kwargs=loss_kwargs,
            training_loop="QuerySampling",
            optimizer_kwargs=dict(lr=0.01),
            training_kwargs=dict(num_epochs=arguments.epochs, batch_size=512, callbacks=measuring),
            evaluator="IndexedRankBased",
            random_seed=arguments.seed,
        )
        facts = dict(way=name, loss=loss, loss_kwargs=loss_kwargs, curve=measuring.curve)
        facts |= {key: getattr(arguments, key) for key in ("dataset", "model", "dim", "epochs", "seed")}
        sys.stdout.write(recording.write_line(arguments.out, **facts))


if __name__ == "__main__":
    main()
