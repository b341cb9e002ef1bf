"""Train a small, good model in a minute, through PyKEEN alone: installing this package is what taught it the names.

    python examples/demo.py                      PyKEEN's Kinships
    python examples/demo.py --data DIR           your own train.txt, valid.txt and test.txt (head, relation, tail)

The picture needs the extra ``plot``: ``pip install 'pykeen-conj-hale[plot]'``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from matplotlib.figure import Figure
from pykeen.datasets import Dataset, dataset_resolver
from pykeen.pipeline import PipelineResult, pipeline
from tabulate import tabulate

#: Shown name: PyKEEN's name, digits after the point
METRICS = {
    "MRR": ("inverse_harmonic_mean_rank", 3),
    "Hits@1": ("hits_at_1", 3),
    "Hits@3": ("hits_at_3", 3),
    "Hits@10": ("hits_at_10", 3),
    "mean rank": ("arithmetic_mean_rank", 1),
}
SIDES = ("head", "tail", "both")

Number = TypeVar("Number", int, float)


def positive(kind: Callable[[str], Number]) -> Callable[[str], Number]:
    """Make an argument type that takes positive numbers only.

    :param kind: ``int`` or ``float``
    :returns: what argparse calls with the argument's text
    """

    def parse(text: str) -> Number:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not a positive number")
        return value

    parse.__name__ = kind.__name__  # for argparse's "invalid int value"
    return parse


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Train ConjComplEx with the HaLE loss for a minute, evaluate it, and draw a picture."
    )
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help="folder with train.txt, valid.txt, test.txt (default: Kinships)")
    add("--seconds", type=positive(float), default=60.0, help="time budget of the training (default: %(default)g)")
    add("--dim", type=positive(int), default=32, help="complex numbers per entity, even (default: %(default)s)")
    add("--seed", type=int, default=0, help="random seed (default: %(default)s)")
    add("--out", type=Path, metavar="DIR", default=Path("results/demo"), help="for the results (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.dim % 2:
        parser.error(f"--dim must be even, as half of each relation is the conjugate of the other, not {arguments.dim}")
    return arguments


def load(folder: Path | None) -> Dataset:
    """Load the data, with an inverse for each relation: head prediction then is tail prediction, and as fast.

    :param folder: a folder of triples, or none for PyKEEN's Kinships
    :returns: the dataset
    """
    if folder is None:
        return dataset_resolver.make("kinships", create_inverse_triples=True)
    from pykeen_conj_hale.datasets import FolderDataset

    return FolderDataset(path=folder, create_inverse_triples=True)


def train(dataset: Dataset, *, dim: int, seconds: float, seed: int) -> PipelineResult:
    """Train and evaluate: nothing but PyKEEN's pipeline, with names that this package added to it.

    :param dataset: what to train on
    :param dim: the embedding dimension
    :param seconds: the time budget of the training
    :param seed: the random seed
    :returns: PyKEEN's result
    """
    return pipeline(
        dataset=dataset,
        model="ConjComplEx",
        # HaLE's activation expects distances; on sparse graphs this is much better than ComplEx's dot product
        model_kwargs={"embedding_dim": dim, "similarity": "squared_distance", "relation_scale": True},
        loss="HaLE",
        training_loop="QuerySampling",
        training_loop_kwargs={"time_budget": seconds},
        training_kwargs={"batch_size": 1024},
        optimizer="Adam",
        optimizer_kwargs={"lr": 0.01},
        # PyKEEN's 32 on a CPU is slow
        evaluation_kwargs={"batch_size": 512},
        random_seed=seed,
    )


def metric(result: PipelineResult, name: str, side: str) -> float:
    """Return a filtered metric.

    :param result: PyKEEN's result
    :param name: a key of :data:`METRICS`
    :param side: which side of the triples was predicted
    :returns: the value over PyKEEN's realistic ranks: ties count as the mean of the best and the worst order
    """
    return result.get_metric(f"{side}.realistic.{METRICS[name][0]}")


def describe(title: str, dataset: Dataset, result: PipelineResult) -> str:
    """Put the result into words and a table.

    :param title: the dataset's name
    :param dataset: what the model was trained on
    :param result: PyKEEN's result
    :returns: some lines of text
    """
    splits = {"train": dataset.training, "valid": dataset.validation, "test": dataset.testing}
    counts = ", ".join(f"{factory.num_triples:,} {name}" for name, factory in splits.items() if factory is not None)
    rows = [
        [name, *(f"{metric(result, name, side):,.{digits}f}" for side in SIDES)]
        for name, (_, digits) in METRICS.items()
    ]
    return "\n".join(
        [
            f"dataset     {title}: {dataset.num_entities:,} entities, "
            f"{dataset.training.real_num_relations:,} relations; triples: {counts}",
            f"model       {type(result.model).__name__}, {result.model.num_parameters:,} parameters, "
            f"on {result.model.device}",
            f"training    {len(result.losses):,} epochs in {result.train_seconds:.1f} s",
            f"evaluation  {result.evaluate_seconds:.1f} s",
            "",
            tabulate(
                rows, headers=["filtered, test", *SIDES], disable_numparse=True, colalign=["left"] + 3 * ["right"]
            ),
        ]
    )


def draw(result: PipelineResult, path: Path) -> None:
    """Draw the loss of each epoch and the metrics between 0 and 1.

    :param result: PyKEEN's result
    :param path: the picture to write
    """
    figure = Figure(figsize=(10, 4), layout="constrained")  # without pyplot: needs no display
    left, right = figure.subplots(1, 2)
    left.plot(range(1, 1 + len(result.losses)), result.losses)
    left.set(title="Training", xlabel="epoch", ylabel="loss")
    left.grid(alpha=0.3)

    names = [name for name in METRICS if name != "mean rank"]
    width = 0.8 / len(SIDES)
    for index, side in enumerate(SIDES):
        positions = [group + (index - 1) * width for group in range(len(names))]
        bars = right.bar(positions, [metric(result, name, side) for name in names], width, label=side)
        right.bar_label(bars, fmt="%.2f", fontsize="x-small")
    right.set(title="Test, filtered", ylim=(0, 1.05))
    right.set_xticks(range(len(names)), names)
    right.legend(loc="upper left")
    figure.savefig(path, dpi=150)


def main() -> None:
    """Run the demo."""
    arguments = parse_arguments()
    try:
        dataset = load(arguments.data)
        _ = dataset.training  # PyKEEN's datasets read their files when first asked
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    result = train(dataset, dim=arguments.dim, seconds=arguments.seconds, seed=arguments.seed)
    result.save_to_directory(arguments.out)
    draw(result, arguments.out / "demo.png")
    title = str(arguments.data or "Kinships")
    print(f"\n{describe(title, dataset, result)}\n\nResults, model and picture (demo.png) are in {arguments.out}")


if __name__ == "__main__":
    main()
